// DESIGN: groups of two quads: 3 pixels by 8 vectors of outputs (24 accumulators, 3 vectors of activations, 1 of
// weights). The two quads of a group are neighbours, added in pairs at the end.
#include "engine/kernels/qgroupconv/groups_avx512.h"

// Vector j of a pixel from the sums of two outputs.
OCTI_INLINE __m512i join(const struct octi_groups_512 *groups, __m512i a, __m512i b, const int j)
{
    return octi_start_group_512(groups, octi_add_pairs_512(a, b), j);
}

OCTI_INLINE void store(const struct octi_groups_512 *groups,
                       size_t m,
                       const struct octi_outputs_512 *a,
                       const struct octi_outputs_512 *b,
                       const __m512i *x_sum,
                       const bool special)
{
    const __m512i ab =
        octi_finish_words_512(groups, join(groups, a->v0, a->v1, 0), join(groups, a->v2, a->v3, 1), x_sum, 0, special);
    const __m512i cd =
        octi_finish_words_512(groups, join(groups, b->v0, b->v1, 2), join(groups, b->v2, b->v3, 3), x_sum, 2, special);
    octi_store_groups_512(groups, m, ab, cd, 2);
}

// `rows` pixels from m, a constant.
OCTI_INLINE void tile(const struct octi_groups_512 *groups, size_t m, const int rows, const bool special)
{
    __m512i x_sums[OCTI_MOST_PIXELS];
    octi_tile_sums_512(groups, m, rows, 2, special, x_sums);
    const struct octi_eight_512 s = octi_sum_eight_512(groups, m, rows, 2, 0);
    store(groups, m, &s.a0, &s.b0, &x_sums[0], special);
    if (rows > 1) {
        store(groups, m + 1, &s.a1, &s.b1, &x_sums[1], special);
    }
    if (rows > 2) {
        store(groups, m + 2, &s.a2, &s.b2, &x_sums[2], special);
    }
}

#define CASES OCTI_GROUPS_CASE(1) OCTI_GROUPS_CASE(2) OCTI_GROUPS_CASE(3)
OCTI_GROUPS_KERNEL(octi_qgroupconv_8x3x64k4__avx512vnni, 3, CASES)
