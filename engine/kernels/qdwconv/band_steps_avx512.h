/// Steps along a line of copied rows (bands_avx512.h): four outputs further for half a panel's channels, and the
/// results that end with a step.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_BAND_STEPS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_BAND_STEPS_AVX512_H

#include "engine/kernels/qdwconv/band_avx512.h"

/// Quads of half the channels.
struct octi_half_512 {
    __m512i v0, v1;
};

/// Bytes of a and b side by side, of the lower or upper half of each lane.
OCTI_INLINE __m512i octi_bytes_beside_512(__m512i a, __m512i b, const int half)
{
    return half == 0 ? _mm512_unpacklo_epi8(a, b) : _mm512_unpackhi_epi8(a, b);
}

OCTI_INLINE struct octi_half_512 octi_words_beside_512(__m512i a, __m512i b)
{
    return (struct octi_half_512){_mm512_unpacklo_epi16(a, b), _mm512_unpackhi_epi16(a, b)};
}

/// Sums of the outputs of a step.
struct octi_sums_512 {
    __m512i v[10][2];
};

/// Sums o of a step with first <= o < end are of outputs that exist; constants.
struct octi_alive_512 {
    int first, end;
};

OCTI_INLINE bool octi_is_alive_512(const struct octi_alive_512 alive, const int o)
{
    return o >= alive.first && o < alive.end;
}

OCTI_INLINE void octi_feed_512(struct octi_sums_512 *sums,
                               const int o,
                               const struct octi_half_512 x,
                               const __m512i w0,
                               const __m512i w1,
                               const struct octi_alive_512 alive)
{
    if (octi_is_alive_512(alive, o)) {
        sums->v[o][0] = octi_dot_u8s8_512(sums->v[o][0], x.v0, w0);
        sums->v[o][1] = octi_dot_u8s8_512(sums->v[o][1], x.v1, w1);
    }
}

/// Weights, not to be looked at before `sum` is there: where nearly all registers are sums, gcc would keep some of
/// these on the stack for weights that it loads early.
OCTI_INLINE const char *octi_after_512(const char *w, __m512i sum)
{
    __asm__("" : "+r"(w) : "v"(sum));
    return w;
}

/// Four neighbouring sums from o on by neighbouring quads, with the weights at `w`.
OCTI_INLINE const char *octi_feed_four_512(struct octi_sums_512 *sums,
                                           const int o,
                                           const struct octi_half_512 x[4],
                                           const char *w,
                                           const struct octi_alive_512 alive)
{
    if (o + 3 < alive.first || o >= alive.end) {
        return w;
    }
    const __m512i w0 = octi_panel_vector_512(w, 0);
    const __m512i w1 = octi_panel_vector_512(w, 1);
    octi_feed_512(sums, o, x[0], w0, w1, alive);
    octi_feed_512(sums, o + 1, x[1], w0, w1, alive);
    octi_feed_512(sums, o + 2, x[2], w0, w1, alive);
    octi_feed_512(sums, o + 3, x[3], w0, w1, alive);
    return octi_after_512(w, sums->v[o + 3 < alive.end ? o + 3 : o][1]);
}

/// Two sums by two quads, or one.
OCTI_INLINE void octi_feed_two_512(struct octi_sums_512 *sums,
                                   const int o,
                                   const struct octi_half_512 x,
                                   const int p,
                                   const struct octi_half_512 y,
                                   const char *w,
                                   const struct octi_alive_512 alive)
{
    if (octi_is_alive_512(alive, o) || octi_is_alive_512(alive, p)) {
        const __m512i w0 = octi_panel_vector_512(w, 0);
        const __m512i w1 = octi_panel_vector_512(w, 1);
        octi_feed_512(sums, o, x, w0, w1, alive);
        octi_feed_512(sums, p, y, w0, w1, alive);
    }
}

/// Where a walk along a line is.
struct octi_stride_512 {
    ptrdiff_t at; ///< BYTES from a row's beginning to the step's first column
    __m512i pair; ///< the last two columns of the step before, in the row that goes across
    char *words;  ///< of the first output that ends
    uint8_t *c;   ///< where it goes
};

/// The bytes `at` of a row. Compilers are not told that rows share it: they would keep a register for each column.
OCTI_INLINE const uint8_t *octi_reach_512(const uint8_t *row, ptrdiff_t at)
{
    row += at;
    OCTI_FORGET(row);
    return row;
}

OCTI_INLINE __m512i octi_column_512(const uint8_t *row, const int column)
{
    return _mm512_loadu_si512(row + 64 * column);
}

/// Two neighbouring columns of a row side by side. At stride 2 it is the first of a pair.
OCTI_INLINE __m512i octi_pair_512(const uint8_t *row, const int column, const int x_stride, const int half)
{
    if (x_stride == 2) {
        const __m512i left = octi_column_512(row, 2 * column + half);
        const __m512i right = octi_column_512(row, 2 * column + 2 + half);
        const __m512i low = _mm512_set1_epi16(0xff);
        return _mm512_ternarylogic_epi32(left, low, _mm512_slli_epi16(right, 8), 0xea); // left & low | right
    }
    return octi_bytes_beside_512(octi_column_512(row, column), octi_column_512(row, column + 1), half);
}

/// A column of four rows as quads. At stride 2 rows lie in pairs, which two lines see.
OCTI_INLINE struct octi_half_512
octi_quads_512(const uint8_t *const rows[4], const int column, const int x_stride, const int half)
{
    if (x_stride == 2) {
        return octi_words_beside_512(octi_column_512(rows[0], 2 * column + half),
                                     octi_column_512(rows[1], 2 * column + half));
    }
    const __m512i low = octi_bytes_beside_512(octi_column_512(rows[0], column), octi_column_512(rows[1], column), half);
    const __m512i high =
        octi_bytes_beside_512(octi_column_512(rows[2], column), octi_column_512(rows[3], column), half);
    return octi_words_beside_512(low, high);
}

/// The row that goes across. A quad is four columns from an even one on, and serves outputs that begin there or one
/// before: (w0 w1 w2 w3) and (0 w0 w1 w2); with five taps, those two columns earlier too: (0 0 w4 0) and (0 0 w3 w4).
OCTI_INLINE void octi_step_across_512(struct octi_sums_512 *sums,
                                      const uint8_t *row,
                                      struct octi_stride_512 *walk,
                                      const char *panel,
                                      const int width,
                                      const int x_stride,
                                      const int half,
                                      const struct octi_alive_512 alive)
{
    const char *w = panel + 64 * OCTI_BAND_ACROSS;
    row = octi_reach_512(row, walk->at * x_stride);
    const __m512i p0 = octi_pair_512(row, 0, x_stride, half);
    const __m512i p1 = octi_pair_512(row, 2, x_stride, half);
    const struct octi_half_512 before = octi_words_beside_512(walk->pair, p0);
    const struct octi_half_512 x0 = octi_words_beside_512(p0, p1);
    if (x_stride == 1) {
        walk->pair = octi_keep_512(p1);
        if (width == 5) {
            octi_feed_two_512(sums, 0, before, 2, x0, w + 128, alive);
            octi_feed_two_512(sums, 1, before, 3, x0, w + 384, alive);
            octi_feed_two_512(sums, 2, before, 4, x0, w, alive);
            octi_feed_two_512(sums, 3, before, 5, x0, w + 256, alive);
        } else {
            octi_feed_two_512(sums, 0, before, 2, x0, w, alive);
            octi_feed_two_512(sums, 1, before, 3, x0, w + 256, alive);
        }
    } else {
        const __m512i p2 = octi_pair_512(row, 4, x_stride, half);
        const __m512i p3 = octi_pair_512(row, 6, x_stride, half);
        walk->pair = octi_keep_512(p3);
        const struct octi_half_512 x[4] = {before, x0, octi_words_beside_512(p1, p2), octi_words_beside_512(p2, p3)};
        if (width == 5) {
            octi_feed_four_512(sums, 0, x, w + 128, alive);
            octi_feed_four_512(sums, 1, x, w, alive);
        } else {
            octi_feed_four_512(sums, 0, x, w, alive);
        }
    }
}

/// Rows four by four: the even columns at stride 2, the odd ones, or at stride 1 all.
OCTI_INLINE void octi_step_down_512(struct octi_sums_512 *sums,
                                    const uint8_t *const rows[4],
                                    const char *w,
                                    const int width,
                                    const int x_stride,
                                    const int odd,
                                    const int half,
                                    const struct octi_alive_512 alive)
{
    const struct octi_half_512 x[4] = {octi_quads_512(rows, 0 * x_stride + odd, x_stride, half),
                                       octi_quads_512(rows, 1 * x_stride + odd, x_stride, half),
                                       octi_quads_512(rows, 2 * x_stride + odd, x_stride, half),
                                       octi_quads_512(rows, 3 * x_stride + odd, x_stride, half)};
#define OCTI_TAP(kx)                                                                                                   \
    if ((kx) < width && (kx) % x_stride == odd) {                                                                      \
        const int o = (width - 1 - (kx) + odd) / x_stride;                                                             \
        w = octi_feed_four_512(sums, o, x, w + 128 * (kx), alive) - 128 * (kx);                                        \
    }
    OCTI_TAP(6)
    OCTI_TAP(5)
    OCTI_TAP(4)
    OCTI_TAP(3)
    OCTI_TAP(2)
    OCTI_TAP(1)
    OCTI_TAP(0)
#undef OCTI_TAP
}

/// An output of each of several parts, part 0's at `c`.
OCTI_APART void octi_band_put_512(const struct octi_band_512 *band, uint8_t *c, __m512i bytes)
{
    const __mmask64 mask = band->mask;
    const size_t stride = band->c_stride;
    if (band->lanes == 2) {
        _mm256_mask_storeu_epi8(c, (__mmask32)mask, _mm512_castsi512_si256(bytes));
        _mm256_mask_storeu_epi8(c + band->behind[1] * stride, (__mmask32)mask, _mm512_extracti64x4_epi64(bytes, 1));
    } else {
        const __mmask16 few = (__mmask16)mask;
        _mm_mask_storeu_epi8(c, few, _mm512_castsi512_si128(bytes));
        _mm_mask_storeu_epi8(c + band->behind[1] * stride, few, _mm512_extracti32x4_epi32(bytes, 1));
        _mm_mask_storeu_epi8(c + band->behind[2] * stride, few, _mm512_extracti32x4_epi32(bytes, 2));
        _mm_mask_storeu_epi8(c + band->behind[3] * stride, few, _mm512_extracti32x4_epi32(bytes, 3));
    }
}

/// Half an output as words.
OCTI_INLINE __m512i
octi_band_words_512(const struct octi_band_512 *band, __m512i sum0, __m512i sum1, const char *panel, const bool factor)
{
    const __m512 bias0 = _mm512_castsi512_ps(octi_panel_vector_512(panel, OCTI_BAND_BIAS));
    const __m512 bias1 = _mm512_castsi512_ps(octi_panel_vector_512(panel, OCTI_BAND_BIAS + 1));
    const __m512 multiplier0 = _mm512_castsi512_ps(octi_panel_vector_512(panel, OCTI_BAND_MULTIPLIER));
    const __m512 multiplier1 = _mm512_castsi512_ps(octi_panel_vector_512(panel, OCTI_BAND_MULTIPLIER + 1));
    __m512 x0 = _mm512_cvtepi32_ps(sum0);
    __m512 x1 = _mm512_cvtepi32_ps(sum1);
    if (factor) {
        x0 = _mm512_fmadd_ps(bias0, band->requant.bias_factor, x0);
        x1 = _mm512_fmadd_ps(bias1, band->requant.bias_factor, x1);
    } else { // the same, bit by bit, in pipes that products leave alone
        x0 = _mm512_add_ps(x0, bias0);
        x1 = _mm512_add_ps(x1, bias1);
    }
    x0 = _mm512_mul_ps(x0, multiplier0);
    x1 = _mm512_mul_ps(x1, multiplier1);
    return octi_words_512(_mm512_cvtps_epi32(x0), _mm512_cvtps_epi32(x1), &band->requant);
}

/// Words of the first four outputs of a step, or the first two.
struct octi_band_words_512 {
    __m512i v0, v1, v2, v3;
};

OCTI_INLINE struct octi_band_words_512 octi_band_round_512(const struct octi_band_512 *band,
                                                           const struct octi_sums_512 *sums,
                                                           const char *panel,
                                                           const int most,
                                                           const bool factor)
{
    struct octi_band_words_512 words;
    words.v0 = octi_band_words_512(band, sums->v[0][0], sums->v[0][1], panel, factor);
    words.v1 = octi_band_words_512(band, sums->v[1][0], sums->v[1][1], panel, factor);
    words.v2 = most > 2 ? octi_band_words_512(band, sums->v[2][0], sums->v[2][1], panel, factor) : words.v0;
    words.v3 = most > 3 ? octi_band_words_512(band, sums->v[3][0], sums->v[3][1], panel, factor) : words.v1;
    return words;
}

/// The outputs that end with a step: `left` exist, and no more than `most`, a constant 2, 3 or 4.
OCTI_INLINE void octi_band_finish_512(const struct octi_band_512 *band,
                                      const struct octi_sums_512 *sums,
                                      struct octi_stride_512 *walk,
                                      size_t left,
                                      const char *panel,
                                      const int most,
                                      const int half)
{
    struct octi_band_words_512 w;
    if (__builtin_expect(band->factor, 0)) {
        w = octi_band_round_512(band, sums, panel, most, true);
    } else {
        w = octi_band_round_512(band, sums, panel, most, false);
    }
    char *words = walk->words;
    walk->words += 64 * OCTI_BAND_STEP;
    if (half == 0) {
        _mm512_store_si512(words, w.v0);
        _mm512_store_si512(words + 64, w.v1);
        if (most > 2) {
            _mm512_store_si512(words + 128, w.v2);
        }
        if (most > 3) {
            _mm512_store_si512(words + 192, w.v3);
        }
        return;
    }
    w.v0 = _mm512_packus_epi16(_mm512_load_si512(words), w.v0);
    w.v1 = _mm512_packus_epi16(_mm512_load_si512(words + 64), w.v1);
    if (most > 2) {
        w.v2 = _mm512_packus_epi16(_mm512_load_si512(words + 128), w.v2);
    }
    if (most > 3) {
        w.v3 = _mm512_packus_epi16(_mm512_load_si512(words + 192), w.v3);
    }
    if (__builtin_expect(band->bounded, 0)) {
        w.v0 = octi_bound_bytes_512(w.v0, &band->requant);
        w.v1 = octi_bound_bytes_512(w.v1, &band->requant);
        w.v2 = octi_bound_bytes_512(w.v2, &band->requant);
        w.v3 = octi_bound_bytes_512(w.v3, &band->requant);
    }
    const size_t stride = band->c_stride;
    uint8_t *c = walk->c;
    walk->c += OCTI_BAND_STEP * stride;
    if (__builtin_expect(band->whole, 1)) { // masks cost time
#define OCTI_PUT(o) _mm512_storeu_si512(c + (o)*stride, w.v##o)
#define OCTI_PUT_EXISTING(PUT)                                                                                         \
    PUT(0);                                                                                                            \
    if (left > 1) {                                                                                                    \
        PUT(1);                                                                                                        \
    }                                                                                                                  \
    if (most > 2 && left > 2) {                                                                                        \
        PUT(2);                                                                                                        \
    }                                                                                                                  \
    if (most > 3 && left > 3) {                                                                                        \
        PUT(3);                                                                                                        \
    }
        OCTI_PUT_EXISTING(OCTI_PUT)
        return;
    }
    if (band->lanes == 4) { // here, or calls would put all sums away
        const __mmask64 mask = band->mask;
#define OCTI_PUT_SOME(o) _mm512_mask_storeu_epi8(c + (o)*stride, mask, w.v##o)
        OCTI_PUT_EXISTING(OCTI_PUT_SOME)
#undef OCTI_PUT_SOME
        return;
    }
#define OCTI_PUT_APART(o) octi_band_put_512(band, c + (o)*stride, w.v##o)
    OCTI_PUT_EXISTING(OCTI_PUT_APART)
#undef OCTI_PUT_APART
#undef OCTI_PUT_EXISTING
#undef OCTI_PUT
}

OCTI_INLINE void octi_step_512(const struct octi_band_512 *band,
                               struct octi_sums_512 *sums,
                               struct octi_stride_512 *walk,
                               size_t left,
                               const char *panel,
                               const int width,
                               const int x_stride,
                               const int half,
                               const struct octi_alive_512 alive)
{
    const int live = (width - 1) / x_stride + OCTI_BAND_STEP;
    OCTI_FORGET(panel);
    const __m512i start0 = octi_panel_vector_512(panel, OCTI_BAND_START);
    const __m512i start1 = octi_panel_vector_512(panel, OCTI_BAND_START + 1);
#define OCTI_BEGIN(o)                                                                                                  \
    if ((o) >= live - OCTI_BAND_STEP && (o) < live && octi_is_alive_512(alive, o)) {                                   \
        sums->v[o][0] = start0;                                                                                        \
        sums->v[o][1] = start1;                                                                                        \
    }
    OCTI_BEGIN(1)
    OCTI_BEGIN(2)
    OCTI_BEGIN(3)
    OCTI_BEGIN(4)
    OCTI_BEGIN(5)
    OCTI_BEGIN(6)
    OCTI_BEGIN(7)
    OCTI_BEGIN(8)
    OCTI_BEGIN(9)
#undef OCTI_BEGIN
    uint8_t *const *rows = band->rows;
    const char *w = panel + 64 * OCTI_BAND_WEIGHTS;
    if (width < 7 && band->shape.across) {
        octi_step_across_512(sums, band->across, walk, panel, width, x_stride, half, alive);
    }
    for (size_t q = band->shape.quads; q > 0; q--) {
#define OCTI_STAY(o)                                                                                                   \
    if ((o) < live && octi_is_alive_512(alive, o)) {                                                                   \
        sums->v[o][0] = octi_stay_512(sums->v[o][0]);                                                                  \
        sums->v[o][1] = octi_stay_512(sums->v[o][1]);                                                                  \
    }
        OCTI_STAY(0)
        OCTI_STAY(1)
        OCTI_STAY(2)
        OCTI_STAY(3)
        OCTI_STAY(4)
        OCTI_STAY(5)
        OCTI_STAY(6)
        OCTI_STAY(7)
        OCTI_STAY(8)
        OCTI_STAY(9)
#undef OCTI_STAY
        const ptrdiff_t at = walk->at * x_stride;
        const uint8_t *four[4] = {octi_reach_512(rows[0], at), octi_reach_512(rows[1], at)};
        if (x_stride == 1) {
            four[2] = octi_reach_512(rows[2], at);
            four[3] = octi_reach_512(rows[3], at);
        }
        octi_step_down_512(sums, four, w, width, x_stride, 0, half, alive);
        if (x_stride == 2) {
            octi_step_down_512(sums, four, w, width, x_stride, 1, half, alive);
        }
        rows += 4 / x_stride;
        w += 128 * width;
    }
    if (alive.first == 0) {
        octi_band_finish_512(band, sums, walk, left, panel, alive.end < 4 ? alive.end : 4, half);
    }
#define OCTI_NEXT(o)                                                                                                   \
    if ((o) + OCTI_BAND_STEP < live && octi_is_alive_512(alive, (o) + OCTI_BAND_STEP)) {                               \
        sums->v[o][0] = sums->v[(o) + OCTI_BAND_STEP][0];                                                              \
        sums->v[o][1] = sums->v[(o) + OCTI_BAND_STEP][1];                                                              \
    }
    OCTI_NEXT(0)
    OCTI_NEXT(1)
    OCTI_NEXT(2)
    OCTI_NEXT(3)
    OCTI_NEXT(4)
    OCTI_NEXT(5)
#undef OCTI_NEXT
    walk->at += 64 * OCTI_BAND_STEP * x_stride;
}

/// Half the channels of a line.
OCTI_INLINE void octi_band_half_512(const struct octi_band_512 *band,
                                    uint8_t *c,
                                    const char *panel,
                                    const int width,
                                    const int x_stride,
                                    const int half)
{
    const int live = (width - 1) / x_stride + OCTI_BAND_STEP;
    const int step = OCTI_BAND_STEP * x_stride;
    const int steps_before = (width - 2 + step) / step; // until an output ends
    struct octi_stride_512 walk = {
        .at = 64 * (ptrdiff_t)(width - 1 - steps_before * step), .words = band->words, .c = c};
    walk.pair = _mm512_setzero_si512();
    struct octi_sums_512 sums;
    if (steps_before == 2) {
        octi_step_512(band, &sums, &walk, 0, panel, width, x_stride, half, (struct octi_alive_512){8, live});
    }
    octi_step_512(band, &sums, &walk, 0, panel, width, x_stride, half, (struct octi_alive_512){4, live});
    size_t left = band->length;
    for (; left > OCTI_BAND_STEP; left -= OCTI_BAND_STEP) {
        octi_step_512(band, &sums, &walk, OCTI_BAND_STEP, panel, width, x_stride, half,
                      (struct octi_alive_512){0, live});
    }
    if (left == 3) {
        octi_step_512(band, &sums, &walk, 3, panel, width, x_stride, half, (struct octi_alive_512){0, 3});
    } else if (left > 2) {
        octi_step_512(band, &sums, &walk, left, panel, width, x_stride, half,
                      (struct octi_alive_512){0, OCTI_BAND_STEP});
    } else {
        octi_step_512(band, &sums, &walk, left, panel, width, x_stride, half, (struct octi_alive_512){0, 2});
    }
}

#endif
