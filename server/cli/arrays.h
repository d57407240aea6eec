/// The `--input` arguments of `octet run`: .npy files held against a plan's inputs. Threads: [one].
#ifndef OCTET_SERVER_CLI_ARRAYS_H
#define OCTET_SERVER_CLI_ARRAYS_H

#include "octet/plan.h"
#include "server/cli/npy.h"

/// One argument: "x.npy", or "name=x.npy".
struct oct_cli_array {
    const char *argument; ///< borrowed
    const char *path;     ///< set by bind: the part after the name
    struct oct_buffer file;
    struct oct_npy array;
};

/// Reads and parses the file of each argument against the names of `plan`, and finds for each input of the plan its
/// bytes. An input is checked for type and shape; all batched inputs must have the same number of rows, at least 1.
/// @param[out] inputs  [oct_plan_input_count] dense bytes, borrowed from `arrays`
/// @param[out] rows    1 when no input is batched
/// Errors: OCT_ERR_INVALID (unknown, missing or doubled input, type, shape), those of oct_npy_parse and of reading a
/// file.
OCT_NODISCARD enum oct_status oct_cli_arrays_bind(struct oct_cli_array *arrays,
                                                  size_t n_arrays,
                                                  const struct oct_plan *plan,
                                                  const uint8_t **inputs,
                                                  int64_t *rows,
                                                  struct oct_error *error);
void oct_cli_arrays_deinit(struct oct_cli_array *arrays, size_t n_arrays);

#endif
