#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/elementwise/quantize.h"

void octi_quantize_16__neon(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    const struct octi_requant_neon requant = octi_requant_neon(quantizer->output);
    const float32x4_t z = vdupq_n_f32(quantizer->zero_point);
    const float32x4_t inverse = vdupq_n_f32(quantizer->inverse_scale);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const int32x4_t a = octi_round_neon(vfmaq_f32(z, vld1q_f32(x + i), inverse), &requant);
        const int32x4_t b = octi_round_neon(vfmaq_f32(z, vld1q_f32(x + i + 4), inverse), &requant);
        const int32x4_t c = octi_round_neon(vfmaq_f32(z, vld1q_f32(x + i + 8), inverse), &requant);
        const int32x4_t d = octi_round_neon(vfmaq_f32(z, vld1q_f32(x + i + 12), inverse), &requant);
        vst1q_u8(y + i, octi_pack_neon(a, b, c, d, &requant));
    }
    for (; i < n; i++) {
        y[i] = (uint8_t)octi_quantize_tensor(x[i], quantizer);
    }
}
