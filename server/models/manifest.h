/// A manifest: what `models/<name>/<version>.json` says. Small JSON, written once; a delete puts a tombstone in its
/// place. Threads: [any]; plain values.
#ifndef OCTET_SERVER_MODELS_MANIFEST_H
#define OCTET_SERVER_MODELS_MANIFEST_H

#include "octet/buffer.h"
#include "server/models/names.h"

#define OCT_SHA256_TEXT_BYTES 65 ///< 64 hexadecimal digits and the terminator

struct oct_manifest {
    char model[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t version;
    bool deleted;                       ///< a tombstone: the fields below are empty
    char sha256[OCT_SHA256_TEXT_BYTES]; ///< of the blob, lower case
    uint64_t bytes;                     ///< of the blob
    int64_t created_s;                  ///< Unix time
};

/// Appends the JSON text. OCT_ERR_NOMEM, OCT_ERR_LIMIT of the buffer.
OCT_NODISCARD enum oct_status oct_manifest_write(const struct oct_manifest *manifest, struct oct_buffer *out);
/// OCT_ERR_CORRUPT when it is no manifest, or not the one of `model` and `version`; OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_manifest_read(const char *text,
                                                size_t n_bytes,
                                                const char *model,
                                                uint64_t version,
                                                struct oct_manifest *manifest,
                                                struct oct_error *error);
/// Lower-case hexadecimal of 32 bytes.
void oct_sha256_text(const uint8_t *digest, char text[OCT_SHA256_TEXT_BYTES]);

#endif
