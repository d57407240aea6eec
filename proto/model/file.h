/// A model file that is read where and when its bytes are needed, never mapped: one that somebody truncates is an error
/// then, and not the end of the process. Threads: opening and closing [one], reading [any].
#ifndef OCTET_PROTO_MODEL_FILE_H
#define OCTET_PROTO_MODEL_FILE_H

#include "octet/graph.h"

/// Caller's storage, which must not move while it is open.
struct octi_file {
    int fd; ///< -1: not open
    uint64_t n_bytes;
    struct oct_constant_source source;
};

/// Opens `path`, a regular file of at most `max_bytes`; those behind its present end are never read. On failure it is
/// not open. Errors: OCT_ERR_NOT_FOUND, OCT_ERR_LIMIT, OCT_ERR_IO, OCT_ERR_INVALID (no regular file).
OCT_NODISCARD enum oct_status
octi_file_open(struct octi_file *file, const char *path, uint64_t max_bytes, struct oct_error *error);
void octi_file_close(struct octi_file *file); ///< not open is allowed

#endif
