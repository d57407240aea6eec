#include "octet/proto/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct oct_sha256_stream {
    EVP_MD_CTX *context;
    bool failed;
};

enum oct_status oct_sha256_stream_create(struct oct_sha256_stream **stream)
{
    struct oct_sha256_stream *made = malloc(sizeof *made);
    *stream = NULL;
    if (made == NULL) {
        return OCT_ERR_NOMEM;
    }
    made->failed = false;
    made->context = EVP_MD_CTX_new();
    if (made->context == NULL || EVP_DigestInit_ex(made->context, EVP_sha256(), NULL) != 1) {
        oct_sha256_stream_destroy(made);
        return OCT_ERR_NOMEM;
    }
    *stream = made;
    return OCT_OK;
}

void oct_sha256_stream_add(struct oct_sha256_stream *stream, const void *bytes, size_t n_bytes)
{
    stream->failed |= n_bytes > 0 && EVP_DigestUpdate(stream->context, bytes, n_bytes) != 1;
}

enum oct_status oct_sha256_stream_finish(struct oct_sha256_stream *stream, uint8_t digest[OCT_SHA256_BYTES])
{
    unsigned n_bytes = 0;
    if (stream->failed || EVP_DigestFinal_ex(stream->context, digest, &n_bytes) != 1 || n_bytes != OCT_SHA256_BYTES) {
        return OCT_ERR_INTERNAL;
    }
    return OCT_OK;
}

void oct_sha256_stream_destroy(struct oct_sha256_stream *stream)
{
    if (stream != NULL) {
        EVP_MD_CTX_free(stream->context);
        free(stream);
    }
}

enum oct_status oct_sha256(const void *bytes, size_t n_bytes, uint8_t digest[OCT_SHA256_BYTES])
{
    unsigned length = 0;
    if (EVP_Digest(bytes, n_bytes, digest, &length, EVP_sha256(), NULL) != 1 || length != OCT_SHA256_BYTES) {
        return OCT_ERR_NOMEM; // all else about it is constant
    }
    return OCT_OK;
}
