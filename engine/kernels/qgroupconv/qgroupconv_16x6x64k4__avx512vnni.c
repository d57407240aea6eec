// DESIGN: groups of four quads, a 128-bit lane: each quad of a pixel is spread over its lane and multiplied by the 16
// outputs of its group, which lie in panels as those of products do: 6 pixels by 4 vectors of outputs (24 accumulators,
// 4 weight vectors, 1 of activations). Nothing is left to add up at the end. Quads are spread in assembly, out of
// memory: a compiler would keep what lies there in registers, and accumulators then on the stack.
#include "engine/kernels/qgroupconv/groups_avx512.h"

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// `rows` pixels from m, a constant.
OCTI_INLINE void
tile(const struct octi_groups_512 *groups, size_t m, const int rows, const bool special, const bool zoned)
{
    __m512i x_sums[OCTI_MOST_PIXELS];
    octi_tile_sums_512(groups, m, rows, 4, special, x_sums);
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
            w = octi_group_weights_512(groups, t, 4);
        }
#define ADDRESS(r) const uint8_t *x##r = r < rows ? octi_group_tap_512(groups, offsets, r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
#define DOT(r, q)                                                                                                      \
    if (r < rows) {                                                                                                    \
        __m512i x;                                                                                                     \
        __asm__("vpshufd %2, %1, %0" : "=v"(x) : "m"(*(const char(*)[64])x##r), "i"(0x55 * (q)));                      \
        s##r.v0 = octi_dot_u8s8_512(s##r.v0, x, w0);                                                                   \
        s##r.v1 = octi_dot_u8s8_512(s##r.v1, x, w1);                                                                   \
        s##r.v2 = octi_dot_u8s8_512(s##r.v2, x, w2);                                                                   \
        s##r.v3 = octi_dot_u8s8_512(s##r.v3, x, w3);                                                                   \
    }
#define QUAD(q)                                                                                                        \
    {                                                                                                                  \
        const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w + 256 * (q) + 0));                                       \
        const __m512i w1 = octi_keep_512(_mm512_loadu_si512(w + 256 * (q) + 64));                                      \
        const __m512i w2 = octi_keep_512(_mm512_loadu_si512(w + 256 * (q) + 128));                                     \
        const __m512i w3 = octi_keep_512(_mm512_loadu_si512(w + 256 * (q) + 192));                                     \
        DOT(0, q) DOT(1, q) DOT(2, q) DOT(3, q) DOT(4, q) DOT(5, q)                                                    \
    }
        QUAD(0)
        QUAD(1)
        QUAD(2)
        QUAD(3)
#undef QUAD
#undef DOT
        w += 1024;
        offsets += groups->call.offset_stride;
    }
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        octi_store_groups_512(groups, m + r, &s##r, &x_sum[r], 4, special, zoned);                                     \
    }
    EACH_ROW(STORE)
#undef STORE
}

OCTI_GROUPS_KERNEL(octi_qgroupconv_16x6x64k4__avx512vnni)
