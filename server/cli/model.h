/// Opening a model file for a command: the flags that several commands share, and an open with them. Threads: [one].
#ifndef OCTET_SERVER_CLI_MODEL_H
#define OCTET_SERVER_CLI_MODEL_H

#include "octet/model.h"

struct oct_cli_model_options {
    const char *isa; ///< NULL: OCT_CPU_MASK or everything
    uint64_t max_rows;
    bool reference_only;
    bool no_rewrite;
};

/// Indices of the rows of model_flags.def, which stand first in the flag table of a command that opens a model.
enum oct_cli_model_flag {
#define OCT_CLI_MODEL_FLAG(id, name, value, doc) OCT_CLI_MODEL_##id,
#include "server/cli/model_flags.def"
#undef OCT_CLI_MODEL_FLAG
    OCT_CLI_MODEL_FLAG_COUNT
};
/// For a `set` function: `flag` < OCT_CLI_MODEL_FLAG_COUNT. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status
oct_cli_model_set(struct oct_cli_model_options *options, size_t flag, const char *value, struct oct_error *error);
/// Errors: those of oct_model_open, prefixed with the path, and OCT_ERR_INVALID for the instruction set.
OCT_NODISCARD enum oct_status oct_cli_model_open(const char *path,
                                                 const struct oct_cli_model_options *options,
                                                 struct oct_model **model,
                                                 struct oct_error *error);
/// The features that oct_cli_model_open uses. Errors: OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status
oct_cli_model_features(const struct oct_cli_model_options *options, uint64_t *features, struct oct_error *error);

#endif
