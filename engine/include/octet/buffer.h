/// Growing bytes with a declared maximum, so that no input decides how much memory is used.
/// Threads: [one]. Lifetime: caller's storage; `data` is owned by the buffer until it is taken or deinited.
#ifndef OCTET_BUFFER_H
#define OCTET_BUFFER_H

#include "octet/alloc.h"

struct oct_buffer {
    const struct oct_allocator *allocator;
    uint8_t *data; ///< NULL while nothing has been stored
    size_t length;
    size_t capacity;
    size_t max_bytes;
};

/// Allocates nothing. @param allocator  NULL: the default
OCT_API void oct_buffer_init(struct oct_buffer *buffer, const struct oct_allocator *allocator, size_t max_bytes);
/// Frees the storage; the buffer is empty and usable afterwards.
OCT_API void oct_buffer_deinit(struct oct_buffer *buffer);
/// Makes room for `more` bytes beyond `length`. OCT_ERR_LIMIT past the maximum, OCT_ERR_NOMEM; the content is kept.
OCT_API OCT_NODISCARD enum oct_status oct_buffer_reserve(struct oct_buffer *buffer, size_t more);
/// Appends a copy. Errors as reserve.
OCT_API OCT_NODISCARD enum oct_status oct_buffer_append(struct oct_buffer *buffer, const void *bytes, size_t n_bytes);
/// Appends formatted text without its terminator. Errors as reserve.
OCT_API OCT_NODISCARD enum oct_status oct_buffer_printf(struct oct_buffer *buffer, const char *format, ...)
    OCT_PRINTF(2, 3);

#endif
