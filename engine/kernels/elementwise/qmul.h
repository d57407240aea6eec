/// Product of two uint8 tensors with parameters of their own, requantized:
///
///   y[i] = zero_point + rne(clamp(f32(f32((a[i] - za) * (b[i] - zb)) * multiplier), lo, hi))
///
/// ReLU is lo = 0. `y` may be `a` or `b`; otherwise no overlap. Exactly n bytes are read and written.
/// Threads: [any]. Cannot fail. Reference: qmul_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_ELEMENTWISE_QMUL_H
#define OCTET_ENGINE_KERNELS_ELEMENTWISE_QMUL_H

#include "engine/kernels/family.h"
#include "engine/quant/affine.h"

struct octi_qmul_params {
    int32_t a_zero_point, b_zero_point; ///< 0..255
    float multiplier;                   ///< f32(f32(sa * sb) * f32(1 / sy))
    struct octi_output output;
};

typedef void (*octi_qmul_fn)(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params);

struct octi_qmul {
    struct octi_kernel kernel;
    octi_qmul_fn run;
};

OCTI_FAMILY_DECLARE(qmul);

#define OCT_QMUL(function, isa)                                                                                        \
    void octi_##function(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y,                                     \
                         const struct octi_qmul_params *params);
#include "engine/kernels/elementwise/elementwise.def"

#endif
