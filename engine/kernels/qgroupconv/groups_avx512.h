/// Groups of 1, 2 or 4 quads of channels in AVX-512. Activations are used as they lie in memory: a vector is 64
/// channels of a pixel, and a 128-bit lane of it has what 16 outputs are made of, those of 4, 2 or 1 groups. Here is
/// what the kernels share: what pixels see, and what becomes of their sums.
/// `quads` (of a group), `special` (weight zero points, biases with a factor, results that need bounds before
/// conversion) and `zoned` (a call for some of the taps, whose bookkeeping others need not pay for) are constants
/// everywhere.
#ifndef OCTET_ENGINE_KERNELS_QGROUPCONV_GROUPS_AVX512_H
#define OCTET_ENGINE_KERNELS_QGROUPCONV_GROUPS_AVX512_H

#include "engine/kernels/qgroupconv/qgroupconv.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define OCTI_INLINE static inline __attribute__((always_inline))

/// Hides from the compiler where a pointer comes from: it would keep what lies there in registers, and accumulators
/// then on the stack.
#define OCTI_FORGET(pointer) __asm__("" : "+r"(pointer))

/// Tiles are of up to so many pixels.
#define OCTI_MOST_PIXELS 6

/// The panel's sums for a pixel, in its order.
struct octi_outputs_512 {
    __m512i v0, v1, v2, v3;
};

/// What all pixels of a call need of it, from the panel's first channel on.
struct octi_groups_512 {
    struct octi_qgemm_call call;
    size_t taps;
    const int32_t *start;
    const int32_t *header;
    const char *weights;
    __mmask64 mask;
    struct octi_requant_512 requant;
    bool zero_points;
};

OCTI_INLINE struct octi_groups_512 octi_groups_512(const struct octi_qgemm_call *call,
                                                   const struct octi_panels *weights,
                                                   const struct octi_panel *panel,
                                                   const bool zoned)
{
    struct octi_groups_512 groups = {.call = *call, .header = panel->bytes};
    groups.taps = octi_qgemm_taps(call, weights, zoned);
    groups.start = octi_qgemm_start(call, panel, zoned);
    groups.call.a += panel->first;
    groups.call.c += panel->first;
    groups.call.padding += panel->first;
    groups.weights = (const char *)panel->bytes + octi_panel_header_bytes(64);
    groups.mask = octi_mask_64(panel->n);
    groups.requant = octi_requant_product_512(call->output, weights->bias_factor);
    groups.zero_points = weights->weight_zero_points;
    return groups;
}

OCTI_INLINE bool octi_groups_special(const struct octi_panels *weights)
{
    return weights->weight_zero_points || weights->bias_factor != 1.0f || !octi_panels_convertible(weights);
}

/// Sums of neighbouring pairs: those of a, then those of b, in each 128-bit lane.
OCTI_INLINE __m512i octi_add_pairs_512(__m512i a, __m512i b)
{
    const __m512 x = _mm512_castsi512_ps(a), y = _mm512_castsi512_ps(b);
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(x, y, 0x88)),
                            _mm512_castps_si512(_mm512_shuffle_ps(x, y, 0xdd)));
}

/// Address of the panel's channels that row r of those of `offsets` sees.
OCTI_INLINE const uint8_t *octi_group_tap_512(const struct octi_groups_512 *groups, const int32_t *offsets, size_t r)
{
    const uint8_t *inside = groups->call.a + offsets[r];
    OCTI_FORGET(inside);
    const uint8_t *x = offsets[r] == OCTI_QGEMM_PADDING ? groups->call.padding : inside;
    OCTI_FORGET(x);
    return x;
}

/// Weights of tap `t` of a call for some of them.
OCTI_INLINE const char *octi_group_weights_512(const struct octi_groups_512 *groups, size_t t, const int quads)
{
    return groups->weights + octi_qgemm_tap(&groups->call, t, true) * 256 * (size_t)quads;
}

/// Sum of the activations of each group at pixel `m`: group g of a lane in its dword g. Out of line: it would take
/// registers from those that have no weight zero points.
static __attribute__((noinline)) __m512i
octi_group_sums_512(const struct octi_groups_512 *groups, size_t m, const int quads)
{
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i sum = _mm512_setzero_si512();
    const int32_t *offsets = groups->call.offsets + m;
    for (size_t t = 0; t < groups->taps; t++, offsets += groups->call.offset_stride) {
        sum = octi_dot_u8s8_512(sum, _mm512_loadu_si512(octi_group_tap_512(groups, offsets, 0)), ones);
    }
    sum = quads > 1 ? octi_add_pairs_512(sum, sum) : sum;
    return quads > 2 ? octi_add_pairs_512(sum, sum) : sum;
}

/// The same for `rows` pixels, before there are accumulators; what none of them needs stays as it is.
OCTI_INLINE void octi_tile_sums_512(
    const struct octi_groups_512 *groups, size_t m, const int rows, const int quads, bool special, __m512i *x_sums)
{
    for (int r = 0; special && r < rows; r++) {
        x_sums[r] = groups->zero_points ? octi_group_sums_512(groups, m + (size_t)r, quads) : _mm512_setzero_si512();
    }
}

/// Vector j of a pixel, requantized but for the zero point.
OCTI_INLINE __m512i octi_finish_group_512(const struct octi_groups_512 *groups,
                                          __m512i sum,
                                          const __m512i *x_sum,
                                          const int j,
                                          const int quads,
                                          const bool special)
{
    const int32_t *header = groups->header + 16 * j;
    if (special) {
        const __m512 group = _mm512_permutevar_ps(_mm512_castsi512_ps(*x_sum), _mm512_set1_epi32(j / quads));
        const __m512i x = quads > 1 ? _mm512_castps_si512(group) : *x_sum;
        sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(x, _mm512_loadu_si512(header + 192)));
    }
    __m512 t = octi_add_bias_512(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(header + 64), &groups->requant, !special);
    t = _mm512_mul_ps(t, _mm512_loadu_ps(header + 128));
    return special ? octi_round_open_512(t, &groups->requant) : _mm512_cvtps_epi32(t);
}

/// Vectors j and j + 1 with their zero point, as words.
OCTI_INLINE __m512i octi_finish_words_512(const struct octi_groups_512 *groups,
                                          __m512i a,
                                          __m512i b,
                                          const __m512i *x_sum,
                                          const int j,
                                          const int quads,
                                          const bool special)
{
    a = octi_finish_group_512(groups, a, x_sum, j, quads, special);
    b = octi_finish_group_512(groups, b, x_sum, j + 1, quads, special);
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), groups->requant.zero_point16);
}

/// The panel's outputs of pixel `m`. Groups of one quad have theirs in four vectors.
OCTI_INLINE void octi_store_groups_512(const struct octi_groups_512 *groups,
                                       size_t m,
                                       const struct octi_outputs_512 *sums,
                                       const __m512i *x_sum,
                                       const int quads,
                                       const bool special,
                                       const bool zoned)
{
    const __m512i ab = octi_finish_words_512(groups, sums->v0, sums->v1, x_sum, 0, quads, special);
    const __m512i cd = octi_finish_words_512(groups, sums->v2, sums->v3, x_sum, 2, quads, special);
    __m512i bytes = _mm512_packus_epi16(ab, cd);
    if (special || groups->requant.bounded) {
        bytes = octi_bound_bytes_512(bytes, &groups->requant);
    }
    if (quads == 1) {
        const __m128i order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        bytes = _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order));
    }
    _mm512_mask_storeu_epi8(octi_qgemm_result(&groups->call, m, zoned), groups->mask, bytes);
}

/// All of the panel's `start`.
OCTI_INLINE struct octi_outputs_512 octi_start_groups_512(const struct octi_groups_512 *groups)
{
    return (struct octi_outputs_512){_mm512_loadu_si512(groups->start), _mm512_loadu_si512(groups->start + 16),
                                     _mm512_loadu_si512(groups->start + 32), _mm512_loadu_si512(groups->start + 48)};
}

#define OCTI_GROUPS_CASE(n)                                                                                            \
    case n:                                                                                                            \
        tile(groups, m, n, special, zoned);                                                                            \
        break;
#define OCTI_GROUPS_PANEL(name, is_special, is_zoned)                                                                  \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const bool special = is_special, zoned = is_zoned;                                                             \
        const struct octi_groups_512 made = octi_groups_512(call, weights, panel, zoned);                              \
        const struct octi_groups_512 *groups = &made;                                                                  \
        OCTI_FORGET(groups);                                                                                           \
        const size_t n_pixels = call->m;                                                                               \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < n_pixels; m += rows) {                                                                  \
            rows = octi_qgemm_tile_rows(n_pixels - m, OCTI_MOST_PIXELS);                                               \
            switch (rows) {                                                                                            \
                OCTI_GROUPS_CASE(1)                                                                                    \
                OCTI_GROUPS_CASE(2)                                                                                    \
                OCTI_GROUPS_CASE(3)                                                                                    \
                OCTI_GROUPS_CASE(4)                                                                                    \
                OCTI_GROUPS_CASE(5)                                                                                    \
                OCTI_GROUPS_CASE(6)                                                                                    \
            default:                                                                                                   \
                break;                                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }

/// Defines `kernel` over the caller's tile(groups, m, rows, special, zoned), rows 1 to OCTI_MOST_PIXELS.
#define OCTI_GROUPS_KERNEL(kernel)                                                                                     \
    OCTI_GROUPS_PANEL(run_usual, false, false)                                                                         \
    OCTI_GROUPS_PANEL(run_zone, false, true)                                                                           \
    OCTI_GROUPS_PANEL(run_special, true, true)                                                                         \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        const bool special = octi_groups_special(weights), zoned = octi_qgemm_is_zoned(call);                          \
        (special ? run_special : zoned ? run_zone : run_usual)(call, weights, panel);                                  \
    }

#endif
