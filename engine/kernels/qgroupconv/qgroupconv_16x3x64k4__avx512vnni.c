// DESIGN: groups of four quads, a 128-bit lane: 3 pixels by 8 of the 16 vectors of outputs at a time (24 accumulators,
// 3 vectors of activations, 1 of weights). The first half waits as packed words for the second, with which it is
// stored.
#include "engine/kernels/qgroupconv/groups_avx512.h"

// Vector j of a pixel from the sums of four outputs.
OCTI_INLINE __m512i join(const struct octi_groups_512 *groups, const struct octi_outputs_512 *s, const int j)
{
    const __m512i sum = octi_add_pairs_512(octi_add_pairs_512(s->v0, s->v1), octi_add_pairs_512(s->v2, s->v3));
    return octi_start_group_512(groups, sum, j);
}

OCTI_INLINE __m512i words(const struct octi_groups_512 *groups,
                          const struct octi_outputs_512 *a,
                          const struct octi_outputs_512 *b,
                          const __m512i *x_sum,
                          const int j,
                          const bool special)
{
    return octi_finish_words_512(groups, join(groups, a, j), join(groups, b, j + 1), x_sum, j, special);
}

// `rows` pixels from m, a constant.
OCTI_INLINE void tile(const struct octi_groups_512 *groups, size_t m, const int rows, const bool special)
{
    __m512i x_sums[OCTI_MOST_PIXELS];
    octi_tile_sums_512(groups, m, rows, 4, special, x_sums);
    const struct octi_eight_512 low = octi_sum_eight_512(groups, m, rows, 4, 0);
    const __m512i ab0 = words(groups, &low.a0, &low.b0, &x_sums[0], 0, special);
    const __m512i ab1 = rows > 1 ? words(groups, &low.a1, &low.b1, &x_sums[1], 0, special) : ab0;
    const __m512i ab2 = rows > 2 ? words(groups, &low.a2, &low.b2, &x_sums[2], 0, special) : ab0;
    const struct octi_eight_512 high = octi_sum_eight_512(groups, m, rows, 4, 1);
    octi_store_groups_512(groups, m, ab0, words(groups, &high.a0, &high.b0, &x_sums[0], 2, special), 4);
    if (rows > 1) {
        octi_store_groups_512(groups, m + 1, ab1, words(groups, &high.a1, &high.b1, &x_sums[1], 2, special), 4);
    }
    if (rows > 2) {
        octi_store_groups_512(groups, m + 2, ab2, words(groups, &high.a2, &high.b2, &x_sums[2], 2, special), 4);
    }
}

#define CASES OCTI_GROUPS_CASE(1) OCTI_GROUPS_CASE(2) OCTI_GROUPS_CASE(3)
OCTI_GROUPS_KERNEL(octi_qgroupconv_16x3x64k4__avx512vnni, 3, CASES)
