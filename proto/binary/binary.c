#include "proto/binary/binary.h"

// The words of the messages are Triton's where it has some: people look for them.

enum oct_status octi_binary_begin(struct octi_binary_splitter *splitter,
                                  const uint8_t *body,
                                  size_t n_bytes,
                                  size_t header_length,
                                  struct oct_error *error)
{
    if (header_length > n_bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, "Inference-Header-Content-Length", OCT_POSITION_NONE,
                             "inference header size should be in range (0, %zu), got: %zu", n_bytes, header_length);
    }
    *splitter = (struct octi_binary_splitter){.body = body, .n_bytes = n_bytes, .at = header_length};
    return OCT_OK;
}

enum oct_status
octi_binary_take(struct octi_binary_splitter *splitter, size_t n_bytes, const uint8_t **data, struct oct_error *error)
{
    size_t left = splitter->n_bytes - splitter->at;
    if (n_bytes > left) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, (int64_t)splitter->at,
                             "unexpected size for input, expecting %zu bytes, the body has %zu more", n_bytes, left);
    }
    *data = splitter->body + splitter->at;
    splitter->at += n_bytes;
    return OCT_OK;
}

enum oct_status octi_binary_end(const struct octi_binary_splitter *splitter, struct oct_error *error)
{
    if (splitter->at != splitter->n_bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, (int64_t)splitter->at,
                             "unexpected additional input data: %zu bytes after the last input",
                             splitter->n_bytes - splitter->at);
    }
    return OCT_OK;
}
