#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/elementwise/qmul.h"

static inline __attribute__((always_inline)) int32x4_t
multiply_four(int16x4_t a, int16x4_t b, float32x4_t multiplier, const struct octi_requant_neon *requant)
{
    return octi_round_neon(vmulq_f32(vcvtq_f32_s32(vmull_s16(a, b)), multiplier), requant);
}

void octi_qmul_16__neon(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    const struct octi_requant_neon requant = octi_requant_neon(params->output);
    const int16x8_t a_zero = vdupq_n_s16((int16_t)params->a_zero_point);
    const int16x8_t b_zero = vdupq_n_s16((int16_t)params->b_zero_point);
    const float32x4_t multiplier = vdupq_n_f32(params->multiplier);
    for (size_t i = 0; i < n; i += 16) {
        const int16x8x2_t xa = octi_centre_neon(octi_load_bytes_neon(a + i, n - i), a_zero);
        const int16x8x2_t xb = octi_centre_neon(octi_load_bytes_neon(b + i, n - i), b_zero);
#define MULTIPLY(half, part)                                                                                           \
    multiply_four(vget_##part##_s16(xa.val[half]), vget_##part##_s16(xb.val[half]), multiplier, &requant)
        const uint8x16_t bytes =
            octi_pack_neon(MULTIPLY(0, low), MULTIPLY(0, high), MULTIPLY(1, low), MULTIPLY(1, high), &requant);
#undef MULTIPLY
        octi_store_bytes_neon(y + i, bytes, n - i);
    }
}
