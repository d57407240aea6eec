// 16 channels of a pixel, tap by tap: bytes widened to 16 bits, multiplied and added to 32 in one instruction (smlal).
#include "engine/kernels/qdwconv/finish_neon.h"

#define INLINE static inline __attribute__((always_inline))

struct words {
    int16x8_t low, high;
};

INLINE struct words widen(uint8x16_t x)
{
    return (struct words){vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x))),
                          vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(x)))};
}

INLINE struct octi_channels_neon multiply(struct octi_channels_neon sum, struct words x, const int8_t *w)
{
    const int16x8_t low = vmovl_s8(vld1_s8(w));
    const int16x8_t high = vmovl_s8(vld1_s8(w + 8));
    sum.v0 = vmlal_s16(sum.v0, vget_low_s16(x.low), vget_low_s16(low));
    sum.v1 = vmlal_high_s16(sum.v1, x.low, low);
    sum.v2 = vmlal_s16(sum.v2, vget_low_s16(x.high), vget_low_s16(high));
    sum.v3 = vmlal_high_s16(sum.v3, x.high, high);
    return sum;
}

INLINE struct octi_channels_neon add(struct octi_channels_neon sum, struct words x)
{
    sum.v0 = vaddw_s16(sum.v0, vget_low_s16(x.low));
    sum.v1 = vaddw_high_s16(sum.v1, x.low);
    sum.v2 = vaddw_s16(sum.v2, vget_low_s16(x.high));
    sum.v3 = vaddw_high_s16(sum.v3, x.high);
    return sum;
}

INLINE void pixel(const struct octi_qgemm_call *call,
                  const struct octi_panels *weights,
                  const struct octi_panel *panel,
                  size_t m,
                  const struct octi_requant_neon *requant,
                  const bool sums)
{
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(16);
    struct octi_channels_neon sum = octi_load_channels_neon(panel->bytes);
    struct octi_channels_neon x_sum = octi_zero_channels_neon();
    for (size_t t = 0; t < weights->k; t++) {
        const struct words x = widen(vld1q_u8(octi_qdwconv_tap(call, t, m) + panel->first));
        sum = multiply(sum, x, w);
        w += 16;
        if (sums) {
            x_sum = add(x_sum, x);
        }
    }
    if (sums) {
        sum = octi_weight_zero_channels_neon(sum, x_sum, panel->bytes);
    }
    octi_store_channels_neon(call, panel, m, sum, requant);
}

OCTI_PIXEL_KERNEL_NEON(octi_qdwconv_1x16k1__neon)
