/// uint8 to float32: y[i] = scale * f32(x[i] - zero_point).
///
/// Exactly n elements are read and written; no overlap. Threads: [any]. Cannot fail. Reference: dequantize_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_ELEMENTWISE_DEQUANTIZE_H
#define OCTET_ENGINE_KERNELS_ELEMENTWISE_DEQUANTIZE_H

#include "engine/kernels/family.h"
#include "engine/kernels/transpose/transpose.h"

typedef void (*octi_dequantize_fn)(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point);

struct octi_dequantize {
    struct octi_kernel kernel;
    octi_dequantize_fn run;
};

OCTI_FAMILY_DECLARE(dequantize);

/// Dequantizes a matrix into its transpose: y[c][r] = x[r][c] as a number. One image from (H*W, C) bytes to (C, H*W)
/// floats, so that a channels-last result becomes contiguous without a copy in between.
/// @param x          [n_rows][n_columns], dense
/// @param[out] y     [n_columns][n_rows], rows `y_stride` elements apart: rows of x may be done in parts
void octi_dequantize_transposed(const struct octi_dequantize *dequantize,
                                const struct octi_transpose *transpose,
                                size_t n_rows,
                                size_t n_columns,
                                const uint8_t *x,
                                float *y,
                                size_t y_stride,
                                float scale,
                                int32_t zero_point);

#define OCT_DEQUANTIZE(function, isa)                                                                                  \
    void octi_##function(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point);
#include "engine/kernels/elementwise/elementwise.def"

#endif
