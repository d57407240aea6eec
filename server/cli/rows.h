/// All rows of some inputs through a model: in slices of the plan's largest batch when rows are independent, else in
/// one run. Threads: [one].
#ifndef OCTET_SERVER_CLI_ROWS_H
#define OCTET_SERVER_CLI_ROWS_H

#include "octet/buffer.h"
#include "octet/session.h"

struct oct_cli_rows {
    size_t n_outputs;
    struct oct_buffer *outputs; ///< one per output of the plan: dense bytes of all rows
    int64_t rows;
    double seconds; ///< spent in runs
};

/// @param inputs  one per input of the plan: dense bytes of `rows` rows (of one tensor, where an input has no batch)
/// @param rows    1 or more; more than the plan's largest batch only when rows are independent
/// Errors: OCT_ERR_LIMIT, OCT_ERR_NOMEM. On failure nothing is left behind.
OCT_NODISCARD enum oct_status oct_cli_rows_run(struct oct_plan *plan,
                                               const uint8_t *const *inputs,
                                               int64_t rows,
                                               struct oct_cli_rows *out,
                                               struct oct_error *error);
void oct_cli_rows_deinit(struct oct_cli_rows *rows);

#endif
