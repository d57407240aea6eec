/// The binary tensor extension: a JSON header followed by raw little-endian tensors in the order of the inputs.
///
/// Not for what the header says (proto/infer); only for where the bytes lie. Every size is held against what is there:
/// missing and left-over bytes are both refused. Threads: [one] per splitter. Spans point into the body.
#ifndef OCTET_PROTO_BINARY_BINARY_H
#define OCTET_PROTO_BINARY_BINARY_H

#include "octet/status.h"

struct octi_binary_splitter {
    const uint8_t *body;
    size_t n_bytes;
    size_t at; ///< where the next tensor begins
};

/// @param header_length  bytes of JSON at the beginning of the body
/// Errors: OCT_ERR_INVALID when the header is longer than the body.
OCT_NODISCARD enum oct_status octi_binary_begin(struct octi_binary_splitter *splitter,
                                                const uint8_t *body,
                                                size_t n_bytes,
                                                size_t header_length,
                                                struct oct_error *error);
/// The next `n_bytes` of the body.
/// Errors: OCT_ERR_INVALID when fewer are left.
OCT_NODISCARD enum oct_status
octi_binary_take(struct octi_binary_splitter *splitter, size_t n_bytes, const uint8_t **data, struct oct_error *error);
/// Errors: OCT_ERR_INVALID when bytes are left.
OCT_NODISCARD enum oct_status octi_binary_end(const struct octi_binary_splitter *splitter, struct oct_error *error);

#endif
