/// Overflow-checked arithmetic on sizes that come from outside. Each returns false on overflow and leaves `out` alone.
#ifndef OCTET_ENGINE_BASE_CHECKED_H
#define OCTET_ENGINE_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool octi_mul_size(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

static inline bool octi_add_size(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

static inline bool octi_mul_int64(int64_t a, int64_t b, int64_t *out)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

static inline bool octi_add_int64(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

/// Rounds up to a multiple of `step` (a power of two).
static inline bool octi_round_up(size_t value, size_t step, size_t *out)
{
    size_t sum;
    if (!octi_add_size(value, step - 1, &sum)) {
        return false;
    }
    *out = sum & ~(step - 1);
    return true;
}

#endif
