/// float32 to uint8: y[i] = octi_quantize_tensor(x[i]). NaN becomes the lowest.
///
/// Exactly n elements are read and written; no overlap. Threads: [any]. Cannot fail. Reference: quantize_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_ELEMENTWISE_QUANTIZE_H
#define OCTET_ENGINE_KERNELS_ELEMENTWISE_QUANTIZE_H

#include "engine/kernels/family.h"
#include "engine/kernels/transpose/transpose.h"
#include "engine/quant/affine.h"

typedef void (*octi_quantize_fn)(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer);

struct octi_quantize {
    struct octi_kernel kernel;
    octi_quantize_fn run;
};

OCTI_FAMILY_DECLARE(quantize);

/// Quantizes a matrix into its transpose: y[c][r] = q(x[r][c]). One image from (C, H*W) floats to (H*W, C) bytes, so
/// that a contiguous input becomes channels-last without a copy in between.
/// @param x          [n_rows][n_columns], rows `x_stride` elements apart: columns of an image may be done in parts
/// @param[out] y     [n_columns][n_rows], dense
void octi_quantize_transposed(const struct octi_quantize *quantize,
                              const struct octi_transpose *transpose,
                              size_t n_rows,
                              size_t n_columns,
                              const float *x,
                              size_t x_stride,
                              uint8_t *y,
                              const struct octi_quantizer *quantizer);

#define OCT_QUANTIZE(function, isa)                                                                                    \
    void octi_##function(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer);
#include "engine/kernels/elementwise/elementwise.def"

#endif
