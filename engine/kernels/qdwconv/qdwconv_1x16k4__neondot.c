// Four taps at a time: zipped twice, four taps of 16 channels are four vectors of (t0 t1 t2 t3) quads in the order of
// the channels. The sign bits are flipped for sdot; the panel's start has the 128 back (x_offset of its geometry).
#include "engine/kernels/qdwconv/finish_neon.h"

#define INLINE static inline __attribute__((always_inline))

struct quads {
    uint8x16_t v0, v1, v2, v3;
};

// Zeros beyond the last tap, so that sums of activations stay right too.
INLINE uint8x16_t load_tap(const struct octi_qgemm_call *call, size_t taps, size_t t, size_t m, size_t first)
{
    return t < taps ? vld1q_u8(octi_qdwconv_tap(call, t, m) + first) : vdupq_n_u8(0);
}

INLINE struct quads interleave(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint16x8_t ab_low = vreinterpretq_u16_u8(vzip1q_u8(a, b));
    const uint16x8_t ab_high = vreinterpretq_u16_u8(vzip2q_u8(a, b));
    const uint16x8_t cd_low = vreinterpretq_u16_u8(vzip1q_u8(c, d));
    const uint16x8_t cd_high = vreinterpretq_u16_u8(vzip2q_u8(c, d));
    struct quads quads;
    quads.v0 = vreinterpretq_u8_u16(vzip1q_u16(ab_low, cd_low));
    quads.v1 = vreinterpretq_u8_u16(vzip2q_u16(ab_low, cd_low));
    quads.v2 = vreinterpretq_u8_u16(vzip1q_u16(ab_high, cd_high));
    quads.v3 = vreinterpretq_u8_u16(vzip2q_u16(ab_high, cd_high));
    return quads;
}

INLINE int32x4_t dot(int32x4_t sum, uint8x16_t x, const int8_t *w)
{
    return vdotq_s32(sum, vreinterpretq_s8_u8(veorq_u8(x, vdupq_n_u8(0x80))), vld1q_s8(w));
}

INLINE int32x4_t add(int32x4_t sum, uint8x16_t x)
{
    return vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(sum), x, vdupq_n_u8(1)));
}

INLINE void pixel(const struct octi_qgemm_call *call,
                  const struct octi_panels *weights,
                  const struct octi_panel *panel,
                  size_t m,
                  const struct octi_requant_neon *requant,
                  const bool sums)
{
    const size_t taps = weights->k;
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(16);
    struct octi_channels_neon sum = octi_load_channels_neon(panel->bytes);
    struct octi_channels_neon x_sum = octi_zero_channels_neon();
    for (size_t t = 0; t < taps; t += 4) {
        const uint8x16_t a = load_tap(call, taps, t, m, panel->first);
        const uint8x16_t b = load_tap(call, taps, t + 1, m, panel->first);
        const uint8x16_t c = load_tap(call, taps, t + 2, m, panel->first);
        const uint8x16_t d = load_tap(call, taps, t + 3, m, panel->first);
        const struct quads x = interleave(a, b, c, d);
        sum.v0 = dot(sum.v0, x.v0, w);
        sum.v1 = dot(sum.v1, x.v1, w + 16);
        sum.v2 = dot(sum.v2, x.v2, w + 32);
        sum.v3 = dot(sum.v3, x.v3, w + 48);
        w += 64;
        if (sums) {
            x_sum.v0 = add(x_sum.v0, x.v0);
            x_sum.v1 = add(x_sum.v1, x.v1);
            x_sum.v2 = add(x_sum.v2, x.v2);
            x_sum.v3 = add(x_sum.v3, x.v3);
        }
    }
    if (sums) {
        sum = octi_weight_zero_channels_neon(sum, x_sum, panel->bytes);
    }
    octi_store_channels_neon(call, panel, m, sum, requant);
}

OCTI_PIXEL_KERNEL_NEON(octi_qdwconv_1x16k4__neondot)
