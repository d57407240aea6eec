/// Matrix transposition, the whole of converting between memory formats: one image of (C, H*W) to (H*W, C) and back.
///
///   y[c * y_stride + r] = x[r * x_stride + c]
///
/// Strides count elements. Exactly n_rows * n_columns elements are read and written; no overlap.
/// Threads: [any]. Cannot fail. Reference: transpose_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_TRANSPOSE_TRANSPOSE_H
#define OCTET_ENGINE_KERNELS_TRANSPOSE_TRANSPOSE_H

#include "engine/kernels/family.h"

typedef void (*octi_transpose_bytes_fn)(
    size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride);
/// 4-byte elements.
typedef void (*octi_transpose_words_fn)(
    size_t n_rows, size_t n_columns, const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride);

struct octi_transpose {
    struct octi_kernel kernel;
    octi_transpose_bytes_fn bytes;
    octi_transpose_words_fn words;
};

OCTI_FAMILY_DECLARE(transpose);

#define OCT_TRANSPOSE(function, isa)                                                                                   \
    void octi_##function##_bytes(size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y,       \
                                 size_t y_stride);                                                                     \
    void octi_##function##_words(size_t n_rows, size_t n_columns, const uint32_t *x, size_t x_stride, uint32_t *y,     \
                                 size_t y_stride);
#include "engine/kernels/transpose/transpose.def"
#undef OCT_TRANSPOSE

#endif
