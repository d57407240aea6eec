/// y[i] = table[x[i]]: every function of one quantized number is 256 bytes, made with the scalar formula.
///
/// `y` may be `x`; otherwise they do not overlap. Exactly n bytes are read and written.
/// Threads: [any]. Cannot fail. Reference: lut_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_ELEMENTWISE_LUT_H
#define OCTET_ENGINE_KERNELS_ELEMENTWISE_LUT_H

#include "engine/kernels/family.h"

/// @param table  [256], any alignment
typedef void (*octi_lut_fn)(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table);

struct octi_lut {
    struct octi_kernel kernel;
    octi_lut_fn run;
};

OCTI_FAMILY_DECLARE(lut);

#define OCT_LUT(function, isa) void octi_##function(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table);
#include "engine/kernels/elementwise/elementwise.def"

#endif
