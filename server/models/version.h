/// A model version that is ready: loaded, planned and warmed. Immutable and shared; a request holds a reference (its
/// lease) from lookup to answer, so a version that was replaced or deleted lives until its last answer. Threads: load
/// [one]; the rest [any].
#ifndef OCTET_SERVER_MODELS_VERSION_H
#define OCTET_SERVER_MODELS_VERSION_H

#include <stdatomic.h>

#include "octet/model.h"
#include "server/models/manifest.h"

struct oct_model_version;

/// What the layer above attaches to each version before it is shown (its queue) and takes back after its last lease.
struct oct_model_hooks {
    void *context;
    /// [loader]; an error fails the load.
    enum oct_status (*attach)(void *context,
                              const struct oct_model_version *version,
                              void **attachment,
                              struct oct_error *error);
    void (*detach)(void *context, void *attachment); ///< [any]
};

struct oct_model_version {
    atomic_size_t references;
    struct oct_model_hooks hooks;
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number;
    char text[OCT_MODEL_VERSION_TEXT_BYTES]; ///< `number` in digits
    char sha256[OCT_SHA256_TEXT_BYTES];
    uint64_t bytes;    ///< of the file
    int64_t created_s; ///< Unix time
    bool shipped;      ///< comes with the server, not from the store
    struct oct_model *model;
    struct oct_plan *plan; ///< the model's
    uint64_t row_ns;       ///< what one row took when it was warmed
    uint64_t load_us;      ///< reading, checking, planning, warming
    void *attachment;
};

struct oct_model_load_options {
    struct oct_model_options model;
    struct oct_model_hooks hooks; ///< both functions NULL: nothing is attached
};

/// Opens the file at `path`, warms it with a row of zeros on a session of its own, attaches. The new version has one
/// reference. Errors: those of oct_model_open and of `attach`.
OCT_NODISCARD enum oct_status oct_model_version_load(const struct oct_model_load_options *options,
                                                     const char *path,
                                                     const char *name,
                                                     uint64_t number,
                                                     struct oct_model_version **version,
                                                     struct oct_error *error);
struct oct_model_version *oct_model_version_retain(struct oct_model_version *version);
/// NULL is allowed.
void oct_model_version_release(struct oct_model_version *version);
/// Digits of a version number.
void oct_model_version_format(uint64_t number, char text[OCT_MODEL_VERSION_TEXT_BYTES]);

#endif
