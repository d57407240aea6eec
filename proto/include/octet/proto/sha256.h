/// SHA-256: digests of files, uploads, outputs and tokens. The only module that sees OpenSSL is proto/octet/sha256.c.
/// Threads: a running digest is [one]; oct_sha256 is [any].
#ifndef OCTET_PROTO_SHA256_H
#define OCTET_PROTO_SHA256_H

#include "octet/model.h"

/// The digest of some bytes. Errors: OCT_ERR_NOMEM (the library could not get memory).
OCT_API OCT_NODISCARD enum oct_status oct_sha256(const void *bytes, size_t n_bytes, uint8_t digest[OCT_SHA256_BYTES]);

/// A digest of bytes that come in pieces.
struct oct_sha256_stream;
/// Errors: OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_sha256_stream_create(struct oct_sha256_stream **stream);
OCT_API void oct_sha256_stream_add(struct oct_sha256_stream *stream, const void *bytes, size_t n_bytes);
/// Once, after the last piece. OCT_ERR_INTERNAL when any step failed.
OCT_API OCT_NODISCARD enum oct_status oct_sha256_stream_finish(struct oct_sha256_stream *stream,
                                                               uint8_t digest[OCT_SHA256_BYTES]);
OCT_API void oct_sha256_stream_destroy(struct oct_sha256_stream *stream); ///< NULL is allowed

#endif
