// DESIGN: groups of one quad: 6 pixels by 4 vectors of outputs (24 accumulators, 4 weight vectors, 1 of activations).
// A vector is one output of 16 groups; the epilogue's shuffle brings the four outputs of a group together.
#include "engine/kernels/qgroupconv/groups_avx512.h"

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// `rows` pixels from m, a constant.
OCTI_INLINE void
tile(const struct octi_groups_512 *groups, size_t m, const int rows, const bool special, const bool zoned)
{
    __m512i x_sums[OCTI_MOST_PIXELS];
    octi_tile_sums_512(groups, m, rows, 1, special, x_sums);
    const int32_t *offsets = groups->call.offsets + m;
    const char *w = groups->weights;
    const struct octi_outputs_512 start = octi_start_groups_512(groups);
    struct octi_outputs_512 s0 = start, s1 = start, s2 = start, s3 = start, s4 = start, s5 = start;
    for (size_t t = 0; t < groups->taps; t++) {
        if (zoned) {
            w = octi_group_weights_512(groups, t, 1);
        }
        const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w));
        const __m512i w1 = octi_keep_512(_mm512_loadu_si512(w + 64));
        const __m512i w2 = octi_keep_512(_mm512_loadu_si512(w + 128));
        const __m512i w3 = octi_keep_512(_mm512_loadu_si512(w + 192));
#define DOT(r)                                                                                                         \
    if (r < rows) {                                                                                                    \
        const __m512i x = _mm512_loadu_si512(octi_group_tap_512(groups, offsets, r));                                  \
        s##r.v0 = octi_dot_u8s8_512(s##r.v0, x, w0);                                                                   \
        s##r.v1 = octi_dot_u8s8_512(s##r.v1, x, w1);                                                                   \
        s##r.v2 = octi_dot_u8s8_512(s##r.v2, x, w2);                                                                   \
        s##r.v3 = octi_dot_u8s8_512(s##r.v3, x, w3);                                                                   \
    }
        EACH_ROW(DOT)
#undef DOT
        w += 256;
        offsets += groups->call.offset_stride;
    }
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        octi_store_groups_512(groups, m + r, &s##r, &x_sums[r], 1, special, zoned);                                    \
    }
    EACH_ROW(STORE)
#undef STORE
}

OCTI_GROUPS_KERNEL(octi_qgroupconv_4x6x64k4__avx512vnni)
