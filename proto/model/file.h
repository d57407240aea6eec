/// A whole file in memory. Threads: [any].
#ifndef OCTET_PROTO_MODEL_FILE_H
#define OCTET_PROTO_MODEL_FILE_H

#include "octet/graph.h"

#define OCTI_FILE_TAIL_BYTES OCT_GRAPH_TAIL_BYTES

/// Reads all of `path`: a regular file that keeps its size while it is read.
/// @param[out] bytes  to be released with *n_bytes + OCTI_FILE_TAIL_BYTES; so many zeros follow the last
/// Errors: OCT_ERR_NOT_FOUND, OCT_ERR_LIMIT, OCT_ERR_IO, OCT_ERR_INVALID (no regular file), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_file_read(const char *path,
                                             uint64_t max_bytes,
                                             const struct oct_allocator *allocator,
                                             uint8_t **bytes,
                                             size_t *n_bytes,
                                             struct oct_error *error);

#endif
