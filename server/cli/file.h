/// Whole files in and out, for commands. Threads: [one].
#ifndef OCTET_SERVER_CLI_FILE_H
#define OCTET_SERVER_CLI_FILE_H

#include "octet/buffer.h"

/// Appends the content of `path` to `out`, whose maximum bounds it.
/// Errors: OCT_ERR_NOT_FOUND, OCT_ERR_IO, OCT_ERR_LIMIT, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_cli_file_read(const char *path, struct oct_buffer *out, struct oct_error *error);
/// Writes the pieces one after the other to a new file beside `path` and renames it, so that a failure leaves no half
/// file. Errors: OCT_ERR_IO, OCT_ERR_LIMIT (path too long).
OCT_NODISCARD enum oct_status oct_cli_file_write(const char *path,
                                                 const void *head,
                                                 size_t head_bytes,
                                                 const void *body,
                                                 size_t body_bytes,
                                                 struct oct_error *error);

#endif
