#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/elementwise/qadd.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float32x4_t real(int16x4_t centred, float32x4_t scale)
{
    return vmulq_f32(scale, vcvtq_f32_s32(vmovl_s16(centred)));
}

INLINE int32x4_t add_four(int16x4_t a,
                          int16x4_t b,
                          float32x4_t a_scale,
                          float32x4_t b_scale,
                          float32x4_t inverse,
                          const struct octi_requant_neon *requant)
{
    return octi_round_neon(vmulq_f32(vaddq_f32(real(a, a_scale), real(b, b_scale)), inverse), requant);
}

void octi_qadd_16__neon(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    const struct octi_requant_neon requant = octi_requant_neon(params->output);
    const int16x8_t a_zero = vdupq_n_s16((int16_t)params->a_zero_point);
    const int16x8_t b_zero = vdupq_n_s16((int16_t)params->b_zero_point);
    const float32x4_t a_scale = vdupq_n_f32(params->a_scale);
    const float32x4_t b_scale = vdupq_n_f32(params->b_scale);
    const float32x4_t inverse = vdupq_n_f32(params->inverse_scale);
    for (size_t i = 0; i < n; i += 16) {
        const int16x8x2_t xa = octi_centre_neon(octi_load_bytes_neon(a + i, n - i), a_zero);
        const int16x8x2_t xb = octi_centre_neon(octi_load_bytes_neon(b + i, n - i), b_zero);
#define ADD(half, part)                                                                                                \
    add_four(vget_##part##_s16(xa.val[half]), vget_##part##_s16(xb.val[half]), a_scale, b_scale, inverse, &requant)
        const uint8x16_t bytes = octi_pack_neon(ADD(0, low), ADD(0, high), ADD(1, low), ADD(1, high), &requant);
#undef ADD
        octi_store_bytes_neon(y + i, bytes, n - i);
    }
}
