// DESIGN: groups of two quads, two in a 128-bit lane: each quad of a pixel is spread over its lane and multiplied by
// the two vectors of outputs that its group has in panels like those of products: 6 pixels by 4 vectors of outputs (24
// accumulators, 4 weight vectors, 3 of activations), one group of each lane after the other.
#include "engine/kernels/qgroupconv/groups_avx512.h"

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// `rows` pixels from m, a constant.
OCTI_INLINE void
tile(const struct octi_groups_512 *groups, size_t m, const int rows, const bool special, const bool zoned)
{
    __m512i x_sums[OCTI_MOST_PIXELS];
    octi_tile_sums_512(groups, m, rows, 2, special, x_sums);
    const __m512i *x_sum = x_sums;
    if (special) {
        __asm__("" : "+r"(x_sum) : : "memory"); // they stay in memory until sums are finished
    }
    const int32_t *offsets = groups->call.offsets + m;
    const char *w = groups->weights;
    const struct octi_outputs_512 start = octi_start_groups_512(groups);
    struct octi_outputs_512 s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start;
    for (size_t t = 0; t < groups->taps; t++) {
        if (zoned) {
            w = octi_group_weights_512(groups, t, 2);
        }
#define ADDRESS(r) const uint8_t *x##r = r < rows ? octi_group_tap_512(groups, offsets, r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
// Vectors a and b of outputs, of the group whose quads of a lane are q and q + 1.
#define DOT(r, a, b, q)                                                                                                \
    if (r < rows) {                                                                                                    \
        OCTI_FORGET(x##r);                                                                                             \
        const __m512i x = octi_keep_512(_mm512_loadu_si512(x##r));                                                     \
        const __m512i low = _mm512_shuffle_epi32(x, 0x55 * (q)), high = _mm512_shuffle_epi32(x, 0x55 * (q) + 0x55);    \
        s##r.v##a = octi_dot_u8s8_512(s##r.v##a, low, w0);                                                             \
        s##r.v##b = octi_dot_u8s8_512(s##r.v##b, low, w1);                                                             \
        s##r.v##a = octi_dot_u8s8_512(s##r.v##a, high, w2);                                                            \
        s##r.v##b = octi_dot_u8s8_512(s##r.v##b, high, w3);                                                            \
    }
#define GROUP(a, b, q)                                                                                                 \
    {                                                                                                                  \
        const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w + 0 + 64 * (a)));                                        \
        const __m512i w1 = octi_keep_512(_mm512_loadu_si512(w + 0 + 64 * (b)));                                        \
        const __m512i w2 = octi_keep_512(_mm512_loadu_si512(w + 256 + 64 * (a)));                                      \
        const __m512i w3 = octi_keep_512(_mm512_loadu_si512(w + 256 + 64 * (b)));                                      \
        DOT(0, a, b, q)                                                                                                \
        DOT(1, a, b, q) DOT(2, a, b, q) DOT(3, a, b, q) DOT(4, a, b, q) DOT(5, a, b, q)                                \
    }
        GROUP(0, 1, 0)
        GROUP(2, 3, 2)
#undef GROUP
#undef DOT
        w += 512;
        offsets += groups->call.offset_stride;
    }
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        octi_store_groups_512(groups, m + r, &s##r, &x_sum[r], 2, special, zoned);                                     \
    }
    EACH_ROW(STORE)
#undef STORE
}

OCTI_GROUPS_KERNEL(octi_qgroupconv_8x6x64k4__avx512vnni)
