#include "octet/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY 256

void oct_buffer_init(struct oct_buffer *buffer, const struct oct_allocator *allocator, size_t max_bytes)
{
    *buffer = (struct oct_buffer){
        .allocator = allocator != NULL ? allocator : oct_allocator_default(),
        .max_bytes = max_bytes,
    };
}

void oct_buffer_deinit(struct oct_buffer *buffer)
{
    if (buffer->data != NULL) {
        buffer->allocator->release(buffer->allocator->context, buffer->data, buffer->capacity);
    }
    buffer->data = NULL;
    buffer->length = 0;
    buffer->capacity = 0;
}

enum oct_status oct_buffer_reserve(struct oct_buffer *buffer, size_t more)
{
    if (more > buffer->max_bytes || buffer->length > buffer->max_bytes - more) {
        return OCT_ERR_LIMIT;
    }
    size_t needed = buffer->length + more;
    if (needed <= buffer->capacity) {
        return OCT_OK;
    }
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    if (capacity > buffer->max_bytes) {
        capacity = buffer->max_bytes;
    }
    uint8_t *data = buffer->allocator->allocate(buffer->allocator->context, capacity, OCT_ALIGN);
    if (data == NULL) {
        return OCT_ERR_NOMEM;
    }
    if (buffer->data != NULL) {
        memcpy(data, buffer->data, buffer->length);
        buffer->allocator->release(buffer->allocator->context, buffer->data, buffer->capacity);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return OCT_OK;
}

enum oct_status oct_buffer_append(struct oct_buffer *buffer, const void *bytes, size_t n_bytes)
{
    enum oct_status status = oct_buffer_reserve(buffer, n_bytes);
    if (status == OCT_OK && n_bytes > 0) {
        memcpy(buffer->data + buffer->length, bytes, n_bytes);
        buffer->length += n_bytes;
    }
    return status;
}

enum oct_status oct_buffer_printf(struct oct_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    char small[FIRST_CAPACITY];
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    enum oct_status status = OCT_ERR_INTERNAL;
    if (length >= 0 && (size_t)length < sizeof small) {
        status = oct_buffer_append(buffer, small, (size_t)length);
    } else if (length >= 0) {
        // vsnprintf wants room for its terminator, which is not kept.
        status = oct_buffer_reserve(buffer, (size_t)length + 1);
        if (status == OCT_OK) {
            (void)vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format, again);
            buffer->length += (size_t)length;
        }
    }
    va_end(again);
    return status;
}
