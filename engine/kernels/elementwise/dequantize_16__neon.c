#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/elementwise/dequantize.h"
#include "engine/quant/affine.h"

static inline __attribute__((always_inline)) void store_four(float *y, int16x4_t centred, float32x4_t scale)
{
    vst1q_f32(y, vmulq_f32(scale, vcvtq_f32_s32(vmovl_s16(centred))));
}

void octi_dequantize_16__neon(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    const float32x4_t scales = vdupq_n_f32(scale);
    const int16x8_t zero_points = vdupq_n_s16((int16_t)zero_point);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int16x8x2_t centred = octi_centre_neon(vld1q_u8(x + i), zero_points);
        store_four(y + i, vget_low_s16(centred.val[0]), scales);
        store_four(y + i + 4, vget_high_s16(centred.val[0]), scales);
        store_four(y + i + 8, vget_low_s16(centred.val[1]), scales);
        store_four(y + i + 12, vget_high_s16(centred.val[1]), scales);
    }
    for (; i < n; i++) {
        y[i] = octi_dequantize(x[i], scale, zero_point);
    }
}
