/// The epilogue of the int8 kernels in NEON: octi_round_clamp() lane by lane, same operations in the same order.
/// fmaxnm takes the number of a number and NaN, as the comparison of the definition does.
#ifndef OCTET_ENGINE_KERNELS_ARM_REQUANT_NEON_H
#define OCTET_ENGINE_KERNELS_ARM_REQUANT_NEON_H

#include <arm_neon.h>

#include "engine/quant/affine.h"

struct octi_requant_neon {
    float32x4_t lo, hi;
    float32x4_t bias_factor;
    int16x8_t zero_point16;
};

static inline __attribute__((always_inline)) struct octi_requant_neon octi_requant_neon(struct octi_output output)
{
    struct octi_requant_neon r;
    r.lo = vdupq_n_f32(output.lo);
    r.hi = vdupq_n_f32(output.hi);
    r.bias_factor = vdupq_n_f32(1.0f);
    r.zero_point16 = vdupq_n_s16((int16_t)output.zero_point);
    return r;
}

/// For sums of a packed product, whose biases have a factor.
static inline __attribute__((always_inline)) struct octi_requant_neon
octi_requant_product_neon(struct octi_output output, float bias_factor)
{
    struct octi_requant_neon r = octi_requant_neon(output);
    r.bias_factor = vdupq_n_f32(bias_factor);
    return r;
}

/// rne(clamp(t)); the zero point is added by octi_pack_neon().
static inline __attribute__((always_inline)) int32x4_t octi_round_neon(float32x4_t t, const struct octi_requant_neon *r)
{
    return vcvtnq_s32_f32(vminnmq_f32(vmaxnmq_f32(t, r->lo), r->hi));
}

/// rne(clamp(fma(bias, bias_factor, f32(sum)) * multiplier)) with vectors read from a panel's header.
static inline __attribute__((always_inline)) int32x4_t
octi_requant_panel_neon(int32x4_t sum, const float *bias, const float *multiplier, const struct octi_requant_neon *r)
{
    const float32x4_t t = vfmaq_f32(vcvtq_f32_s32(sum), vld1q_f32(bias), r->bias_factor);
    return octi_round_neon(vmulq_f32(t, vld1q_f32(multiplier)), r);
}

/// 8 rounded values to bytes.
static inline __attribute__((always_inline)) uint8x8_t
octi_pack_half_neon(int32x4_t a, int32x4_t b, const struct octi_requant_neon *r)
{
    const int16x8_t words = vcombine_s16(vqmovn_s32(a), vqmovn_s32(b));
    return vqmovun_s16(vaddq_s16(words, r->zero_point16));
}

/// 16 rounded values to bytes in order.
static inline __attribute__((always_inline)) uint8x16_t
octi_pack_neon(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, const struct octi_requant_neon *r)
{
    return vcombine_u8(octi_pack_half_neon(a, b, r), octi_pack_half_neon(c, d, r));
}

#endif
