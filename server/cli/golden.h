/// Golden rows: a copy of a model file that carries inputs and the digests of their outputs, which are compared
/// whenever the file is opened. Threads: [one].
#ifndef OCTET_SERVER_CLI_GOLDEN_H
#define OCTET_SERVER_CLI_GOLDEN_H

#include "server/cli/rows.h"

/// More rows would make every opening slow and the file large.
#define OCT_CLI_GOLDEN_MAX_ROWS 32

/// Writes the file at `source` to `destination` with `inputs` of `result->rows` rows and the digests of `result`.
/// Errors: OCT_ERR_LIMIT (rows), OCT_ERR_IO, OCT_ERR_NOMEM, those of oct_octet_read and oct_octet_write.
OCT_NODISCARD enum oct_status oct_cli_golden_record(const char *source,
                                                    const char *destination,
                                                    const struct oct_plan *plan,
                                                    const uint8_t *const *inputs,
                                                    const struct oct_cli_rows *result,
                                                    struct oct_error *error);

#endif
