/// Groups of 1, 2 or 4 quads of channels in AVX-512. Activations are used as they lie in memory: a vector is 64
/// channels of a pixel, 16 quads of as many, half or a quarter as many groups. What is spread is the weights: vector e
/// of a tap holds for each quad of channels the weights of its group's output e. So every product is of use, and none
/// needs a shuffle; at the end the quads of a group are added up and outputs come into their order.
/// `quads` (of a group) and `special` (weight zero points, or results that need bounds before conversion) are constants
/// everywhere.
#ifndef OCTET_ENGINE_KERNELS_QGROUPCONV_GROUPS_AVX512_H
#define OCTET_ENGINE_KERNELS_QGROUPCONV_GROUPS_AVX512_H

#include "engine/kernels/qgroupconv/qgroupconv.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define OCTI_INLINE static inline __attribute__((always_inline))

/// Hides from the compiler where a pointer comes from: it would keep what lies there in registers, and accumulators
/// then on the stack; and it would branch on which address it is, which at the borders of an image cannot be predicted.
#define OCTI_FORGET(pointer) __asm__("" : "+r"(pointer))

/// Tiles are of up to so many pixels.
#define OCTI_MOST_PIXELS 6

/// Per quad of channels, the sums for four outputs of its group.
struct octi_outputs_512 {
    __m512i v0, v1, v2, v3;
};

/// What all pixels of a call need of it, from the panel's first channel on.
struct octi_groups_512 {
    struct octi_qgemm_call call;
    size_t taps;
    const int32_t *header;
    const char *weights;
    __mmask64 mask;
    struct octi_requant_512 requant;
    bool zero_points;
};

OCTI_INLINE struct octi_groups_512
octi_groups_512(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    struct octi_groups_512 groups = {.call = *call, .taps = weights->taps, .header = panel->bytes};
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
    return weights->weight_zero_points || !octi_panels_convertible(weights);
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

/// Sum of the activations of each group at pixel `m`, in the order of sums. Out of line: it would take registers from
/// those that have no weight zero points.
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
OCTI_INLINE __m512i octi_finish_group_512(
    const struct octi_groups_512 *groups, __m512i sum, const __m512i *x_sum, const int j, const bool special)
{
    const int32_t *header = groups->header + 16 * j;
    if (special) {
        sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(*x_sum, _mm512_loadu_si512(header + 192)));
    }
    __m512 t = _mm512_fmadd_ps(_mm512_loadu_ps(header + 64), groups->requant.bias_factor, _mm512_cvtepi32_ps(sum));
    t = _mm512_mul_ps(t, _mm512_loadu_ps(header + 128));
    return special ? octi_round_open_512(t, &groups->requant) : _mm512_cvtps_epi32(t);
}

/// Vectors j and j + 1 with their zero point, as words.
OCTI_INLINE __m512i octi_finish_words_512(
    const struct octi_groups_512 *groups, __m512i a, __m512i b, const __m512i *x_sum, const int j, const bool special)
{
    a = octi_finish_group_512(groups, a, x_sum, j, special);
    b = octi_finish_group_512(groups, b, x_sum, j + 1, special);
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), groups->requant.zero_point16);
}

/// The panel's outputs of pixel `m`. In each lane, byte 4*i + d of the packed words is that of dword d of vector i.
OCTI_INLINE void
octi_store_groups_512(const struct octi_groups_512 *groups, size_t m, __m512i ab, __m512i cd, const int quads)
{
    __m512i bytes = _mm512_packus_epi16(ab, cd);
    bytes = _mm512_min_epu8(_mm512_max_epu8(bytes, groups->requant.floor8), groups->requant.ceiling8);
    if (quads == 1) {
        const __m128i order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        bytes = _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order));
    } else if (quads == 2) {
        const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        bytes = _mm512_shuffle_epi8(bytes, _mm512_broadcast_i32x4(order));
    }
    _mm512_mask_storeu_epi8(groups->call.c + m * groups->call.c_stride, groups->mask, bytes);
}

/// Eight outputs of three pixels: four in `a`, four in `b`.
struct octi_eight_512 {
    struct octi_outputs_512 a0, a1, a2, b0, b1, b2;
};

/// The sums of outputs 8*half .. + 8 of `rows` (1 to 3, a constant) pixels from m.
OCTI_INLINE struct octi_eight_512
octi_sum_eight_512(const struct octi_groups_512 *groups, size_t m, const int rows, const int quads, const int half)
{
    const int32_t *offsets = groups->call.offsets + m;
    const char *w = groups->weights + 512 * half;
    const __m512i zero = _mm512_setzero_si512();
    const struct octi_outputs_512 none = {zero, zero, zero, zero};
    struct octi_eight_512 s = {none, none, none, none, none, none};
    for (size_t t = 0; t < groups->taps; t++) {
        const __m512i x0 = octi_keep_512(_mm512_loadu_si512(octi_group_tap_512(groups, offsets, 0)));
        const __m512i x1 = rows > 1 ? octi_keep_512(_mm512_loadu_si512(octi_group_tap_512(groups, offsets, 1))) : zero;
        const __m512i x2 = rows > 2 ? octi_keep_512(_mm512_loadu_si512(octi_group_tap_512(groups, offsets, 2))) : zero;
#define DOT(at, sum0, sum1, sum2)                                                                                      \
    {                                                                                                                  \
        const __m512i weight = octi_keep_512(_mm512_loadu_si512(w + 64 * (at)));                                       \
        sum0 = octi_dot_u8s8_512(sum0, x0, weight);                                                                    \
        if (rows > 1) {                                                                                                \
            sum1 = octi_dot_u8s8_512(sum1, x1, weight);                                                                \
        }                                                                                                              \
        if (rows > 2) {                                                                                                \
            sum2 = octi_dot_u8s8_512(sum2, x2, weight);                                                                \
        }                                                                                                              \
    }
        DOT(0, s.a0.v0, s.a1.v0, s.a2.v0)
        DOT(1, s.a0.v1, s.a1.v1, s.a2.v1)
        DOT(2, s.a0.v2, s.a1.v2, s.a2.v2)
        DOT(3, s.a0.v3, s.a1.v3, s.a2.v3)
        DOT(4, s.b0.v0, s.b1.v0, s.b2.v0)
        DOT(5, s.b0.v1, s.b1.v1, s.b2.v1)
        DOT(6, s.b0.v2, s.b1.v2, s.b2.v2)
        DOT(7, s.b0.v3, s.b1.v3, s.b2.v3)
#undef DOT
        w += 256 * quads;
        offsets += groups->call.offset_stride;
    }
    return s;
}

/// Vector j of the panel's `start` and the sums.
OCTI_INLINE __m512i octi_start_group_512(const struct octi_groups_512 *groups, __m512i sum, const int j)
{
    return _mm512_add_epi32(sum, _mm512_loadu_si512(groups->header + 16 * j));
}

#define OCTI_GROUPS_CASE(n)                                                                                            \
    case n:                                                                                                            \
        tile(groups, m, n, special);                                                                                   \
        break;
#define OCTI_GROUPS_PANEL(name, most, is_special, cases)                                                               \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_groups_512 made = octi_groups_512(call, weights, panel);                                     \
        const struct octi_groups_512 *groups = &made;                                                                  \
        OCTI_FORGET(groups);                                                                                           \
        const size_t n_pixels = call->m;                                                                               \
        const bool special = is_special;                                                                               \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < n_pixels; m += rows) {                                                                  \
            rows = octi_qgemm_tile_rows(n_pixels - m, most);                                                           \
            switch (rows) {                                                                                            \
                cases default : break;                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }

/// Defines `kernel` over the caller's tile(groups, m, rows, special), rows 1 to `most`, which `cases` lists.
#define OCTI_GROUPS_KERNEL(kernel, most, cases)                                                                        \
    OCTI_GROUPS_PANEL(run_usual, most, false, cases)                                                                   \
    OCTI_GROUPS_PANEL(run_special, most, true, cases)                                                                  \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        (octi_groups_special(weights) ? run_special : run_usual)(call, weights, panel);                                \
    }

#endif
