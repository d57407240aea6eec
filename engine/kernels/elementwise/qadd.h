/// Sum of two uint8 tensors with parameters of their own, requantized:
///
///   y[i] = zero_point + rne(clamp(f32(f32(sa * f32(a[i] - za)) + f32(sb * f32(b[i] - zb))) * inverse_scale), lo, hi))
///
/// each operation rounded to float32 (no fused multiply-add). ReLU is lo = 0. `y` may be `a` or `b`; otherwise no
/// overlap. Exactly n bytes are read and written. Threads: [any]. Cannot fail. Reference: qadd_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_ELEMENTWISE_QADD_H
#define OCTET_ENGINE_KERNELS_ELEMENTWISE_QADD_H

#include "engine/kernels/family.h"
#include "engine/quant/affine.h"

struct octi_qadd_params {
    float a_scale, b_scale;
    int32_t a_zero_point, b_zero_point; ///< 0..255
    float inverse_scale;                ///< octi_inverse_scale() of the output
    struct octi_output output;
};

typedef void (*octi_qadd_fn)(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params);

struct octi_qadd {
    struct octi_kernel kernel;
    octi_qadd_fn run;
};

OCTI_FAMILY_DECLARE(qadd);

#define OCT_QADD(function, isa)                                                                                        \
    void octi_##function(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y,                                     \
                         const struct octi_qadd_params *params);
#include "engine/kernels/elementwise/elementwise.def"

#endif
