/// Output lines of a depthwise convolution in AVX-512, for windows of any height over a copy of the image's rows.
///
/// On Zen 4 dot products (one vector a cycle), all vector instructions together (two) and loads of 64 bytes (0.88)
/// bound a window; to come close to the first, weights must serve several outputs. So sums are of half a panel's
/// channels: a step takes four outputs further, eight bytes of each 128-bit lane of four (stride 2: eight) columns are
/// unpacked, each vector of weights is read once for the four, and the sums of all outputs that the columns belong to
/// stay in registers. The other half comes in a second walk along the line, over rows in the first-level cache.
///
/// The rows that a line's windows see are copied beforehand, with their padding, 64 bytes a column: there no load
/// crosses a cache line, no column is a special case, and narrow panels look like wide ones (parts of the line side by
/// side). A row is copied once for all lines that see it.
///
/// Steps begin 4 * x_stride columns apart, where the first four of their sums end: those are finished, the others
/// become the first ones of the next step. Sums of outputs that the line does not have are left out at either end.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_BANDS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_BANDS_AVX512_H

#include "engine/kernels/qdwconv/lines_avx512.h"

/// Most rows of a window. Higher ones are computed pixel by pixel.
#define OCTI_BAND_ROWS 32
/// Of copied rows: about a first-level cache. Shorter pieces of a line cost more than rows from the second level.
#define OCTI_BAND_BYTES 40960
/// Most outputs of a part.
#define OCTI_BAND_OUTPUTS 64
/// Outputs of a step.
#define OCTI_BAND_STEP 4

/// Vectors of half a panel, repeated for narrow ones: header, a row of the window that goes across (four quads of its
/// taps), the others.
#define OCTI_BAND_START                 0
#define OCTI_BAND_BIAS                  2
#define OCTI_BAND_MULTIPLIER            4
#define OCTI_BAND_ACROSS                6
#define OCTI_BAND_WEIGHTS               14
#define OCTI_BAND_VECTORS(quads, width) (OCTI_BAND_WEIGHTS + 2 * (quads) * (width))

/// A window's rows are quads; where one is left, it goes across, if the kernel has a way.
struct octi_band_shape_512 {
    size_t height, quads;
    bool across;
};

/// A row of the image, NULL: padding, or two that are copied as a pair: of each column, 64 bytes of the lower and 64 of
/// the upper halves of lanes.
struct octi_band_key_512 {
    const uint8_t *first, *second;
};

/// Neighbouring outputs of lines, the rows that they see, and where these lie.
struct octi_band_512 {
    const struct octi_qgemm_call *call;
    const struct octi_panel *panel;
    size_t lanes; ///< of a pixel; 4 / lanes parts of a line lie side by side
    struct octi_band_shape_512 shape;

    size_t c_stride;
    __mmask64 mask;
    bool whole; ///< 64 channels: no mask
    struct octi_requant_512 requant;
    bool bounded; ///< the output's bounds are not those of a byte
    bool factor;  ///< biases have one

    struct octi_columns_512 columns; ///< of the current lines
    size_t outputs;                  ///< of a line
    size_t length;                   ///< of a part
    size_t behind[4];                ///< outputs from part 0 to the others
    size_t columns_behind[4];        ///< the same in columns
    size_t n_columns;                ///< that the windows of a part see
    size_t pitch;                    ///< BYTES of a copied row

    uint8_t *slots;     ///< copied rows or pairs, and behind them one that is padding
    bool padding_ready; ///< is it?
    size_t n_slots;     ///< others that have been used,
    size_t n_unused;    ///< and that hold nothing
    uint8_t *unused[OCTI_BAND_ROWS];
    uint8_t *rows[OCTI_BAND_ROWS + 3];             ///< where the window's rows are, or its pairs
    const uint8_t *across;                         ///< where the row is that goes across
    size_t held;                                   ///< rows or pairs of the line before:
    struct octi_band_key_512 keys[OCTI_BAND_ROWS]; ///< which they were, in the order of `rows`
    size_t moved;                                  ///< how many they were moved on from the line before that

    char *words; ///< of the first halves of a line's outputs
};

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

/// Functions with registers of their own.
#define OCTI_APART static __attribute__((noinline))

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

/// An output of each part, part 0's at `c`.
OCTI_APART void octi_band_put_512(const struct octi_band_512 *band, uint8_t *c, __m512i bytes)
{
    const __mmask64 mask = band->mask;
    const size_t stride = band->c_stride;
    if (band->lanes == 4) {
        _mm512_mask_storeu_epi8(c, mask, bytes);
    } else if (band->lanes == 2) {
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
    if ((o) + OCTI_BAND_STEP < live) {                                                                                 \
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

/// Columns of a copied row: those of all steps.
static inline size_t octi_band_columns_512(size_t length, size_t width, size_t x_stride)
{
    return (length + OCTI_BAND_STEP - 1) / OCTI_BAND_STEP * OCTI_BAND_STEP * x_stride + width - 1;
}

/// The longest part of lines of `line` outputs in `parts` parts, the pieces of a line being of equal length.
static inline size_t octi_band_piece_512(size_t line, size_t parts, size_t height, size_t width, size_t x_stride)
{
    const size_t rows = x_stride == 1 ? height + 1 : (height + 3) / 4 * 4 + 2;
    size_t most = OCTI_BAND_OUTPUTS;
    while (most > OCTI_BAND_STEP && 64 * rows * (octi_band_columns_512(most, width, x_stride) | 1) > OCTI_BAND_BYTES) {
        most -= OCTI_BAND_STEP;
    }
    const size_t pieces = (line + most * parts - 1) / (most * parts);
    return (line + pieces - 1) / pieces;
}

/// A whole panel's halves, one behind the other.
OCTI_APART void octi_widen_band_512(
    const void *panel, char *wide, const struct octi_band_shape_512 *shape, const size_t width, const int lanes)
{
    for (int half = 0; half < 2; half++) {
        for (int j = 0; j < 2; j++) {
            const int from = 2 * half + j;
            char *to = wide + 64 * j;
            _mm512_store_si512(to + 64 * OCTI_BAND_START, octi_load_positions_512(panel, OCTI_START_512 + from, lanes));
            _mm512_store_si512(to + 64 * OCTI_BAND_BIAS, octi_load_positions_512(panel, OCTI_BIAS_512 + from, lanes));
            _mm512_store_si512(to + 64 * OCTI_BAND_MULTIPLIER,
                               octi_load_positions_512(panel, OCTI_MULTIPLIER_512 + from, lanes));
            const size_t packed_quads = (shape->height + 3) / 4; // of a column
            for (size_t kx = 0; kx < width; kx++) {
                for (size_t q = 0; q < shape->quads; q++) {
                    const int vector = OCTI_WEIGHTS_512 + 4 * (int)(packed_quads * kx + q) + from;
                    _mm512_store_si512(to + 64 * OCTI_BAND_WEIGHTS + 128 * (width * q + kx),
                                       octi_load_positions_512(panel, vector, lanes));
                }
            }
            if (!shape->across) {
                continue;
            }
            __m512i w[5]; // the last quad of a column is one weight and three zeros
            for (size_t kx = 0; kx < 5; kx++) {
                const int vector = OCTI_WEIGHTS_512 + 4 * (int)(packed_quads * kx + shape->quads) + from;
                w[kx] = kx < width ? octi_load_positions_512(panel, vector, lanes) : _mm512_setzero_si512();
            }
            const __m512i four =
                _mm512_or_si512(_mm512_or_si512(w[0], _mm512_slli_epi32(w[1], 8)),
                                _mm512_or_si512(_mm512_slli_epi32(w[2], 16), _mm512_slli_epi32(w[3], 24)));
            const __m512i fifth = _mm512_slli_epi32(w[4], 16);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS, four);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 128, fifth);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 256, _mm512_slli_epi32(four, 8));
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 384,
                               _mm512_or_si512(_mm512_slli_epi32(w[3], 16), _mm512_slli_epi32(fifth, 8)));
        }
        wide += 64 * OCTI_BAND_VECTORS(shape->quads, width);
    }
}

/// A row of the image as a line sees it.
struct octi_image_row_512 {
    const uint8_t *padding;
    const uint8_t *row;               ///< its first column of those that exist
    size_t step;                      ///< BYTES between them; 0: all are padding
    size_t first, n;                  ///< which columns they are
    size_t behind1, behind2, behind3; ///< columns from part 0 to the others
};

OCTI_INLINE struct octi_image_row_512 octi_image_row_512(const struct octi_band_512 *band, const uint8_t *row)
{
    struct octi_image_row_512 image = {.padding = band->call->padding + band->panel->first};
    image.row = row != NULL ? row : image.padding;
    image.step = row != NULL ? band->call->a_stride : 0;
    image.first = band->columns.first;
    image.n = band->columns.end - band->columns.first;
    image.behind1 = band->columns_behind[1];
    image.behind2 = band->columns_behind[2];
    image.behind3 = band->columns_behind[3];
    return image;
}

OCTI_INLINE const uint8_t *octi_image_place_512(const struct octi_image_row_512 *image, size_t behind)
{
    return behind < image->n ? image->row + behind * image->step : image->padding;
}

/// A column in each part.
OCTI_INLINE __m512i octi_image_column_512(const struct octi_image_row_512 *image, size_t column, const int lanes)
{
    const size_t behind = column - image->first; // wraps
    if (lanes == 4) {
        return _mm512_loadu_si512(octi_image_place_512(image, behind));
    }
    if (behind < image->n && behind + image->behind3 < image->n) {
        const uint8_t *p = image->row + behind * image->step;
        return octi_gather_parts_512(p, p + image->behind1 * image->step, p + image->behind2 * image->step,
                                     p + image->behind3 * image->step, lanes);
    }
    return octi_gather_parts_512(octi_image_place_512(image, behind),
                                 octi_image_place_512(image, behind + image->behind1),
                                 octi_image_place_512(image, behind + image->behind2),
                                 octi_image_place_512(image, behind + image->behind3), lanes);
}

OCTI_INLINE void octi_copy_row_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *row, const int lanes)
{
    const struct octi_image_row_512 image = octi_image_row_512(band, row);
    const size_t columns = band->n_columns;
    for (size_t column = 0; column < columns; column++) {
        _mm512_store_si512(to + 64 * column, octi_image_column_512(&image, column, lanes));
    }
}

OCTI_INLINE void octi_copy_pair_512(
    const struct octi_band_512 *band, uint8_t *to, const uint8_t *first, const uint8_t *second, const int lanes)
{
    const struct octi_image_row_512 image1 = octi_image_row_512(band, first);
    const struct octi_image_row_512 image2 = octi_image_row_512(band, second);
    const size_t columns = band->n_columns;
    for (size_t column = 0; column < columns; column++) {
        const __m512i a = octi_image_column_512(&image1, column, lanes);
        const __m512i b = octi_image_column_512(&image2, column, lanes);
        _mm512_store_si512(to + 128 * column, _mm512_unpacklo_epi8(a, b));
        _mm512_store_si512(to + 128 * column + 64, _mm512_unpackhi_epi8(a, b));
    }
}

OCTI_APART void octi_fill_row_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *row)
{
    if (band->lanes == 4) {
        octi_copy_row_512(band, to, row, 4);
    } else if (band->lanes == 2) {
        octi_copy_row_512(band, to, row, 2);
    } else {
        octi_copy_row_512(band, to, row, 1);
    }
}

OCTI_APART void
octi_fill_pair_512(const struct octi_band_512 *band, uint8_t *to, const uint8_t *first, const uint8_t *second)
{
    if (band->lanes == 4) {
        octi_copy_pair_512(band, to, first, second, 4);
    } else if (band->lanes == 2) {
        octi_copy_pair_512(band, to, first, second, 2);
    } else {
        octi_copy_pair_512(band, to, first, second, 1);
    }
}

/// The row of the image that row ky of the windows of the line passes over that begins at row m of the call, NULL:
/// padding.
OCTI_INLINE const uint8_t *octi_band_image_row_512(const struct octi_band_512 *band, size_t m, size_t width, size_t ky)
{
    const struct octi_qgemm_call *call = band->call;
    const struct octi_columns_512 *columns = &band->columns;
    if (columns->outputs != band->outputs) {
        return NULL;
    }
    const int32_t offset = call->offsets[(ky * width + columns->kx) * call->offset_stride + m + columns->pixel];
    return offset == OCTI_QGEMM_PADDING ? NULL : call->a + offset + band->panel->first;
}

/// What lies beside the last row in a pair that the next line sees too, if it does.
static inline const uint8_t *
octi_band_next_row_512(const struct octi_band_512 *band, size_t m, size_t width, const uint8_t *last)
{
    const size_t height = band->shape.height;
    const size_t next = m + band->call->line;
    if (height >= 3 && next + band->outputs <= band->call->m &&
        octi_band_image_row_512(band, next, width, height - 3) == last) {
        return octi_band_image_row_512(band, next, width, height - 2);
    }
    return last;
}

OCTI_INLINE void
octi_fill_slot_512(const struct octi_band_512 *band, uint8_t *to, const struct octi_band_key_512 *key, const bool pairs)
{
    if (pairs) {
        octi_fill_pair_512(band, to, key->first, key->second);
    } else {
        octi_fill_row_512(band, to, key->first);
    }
}

OCTI_INLINE bool
octi_is_same_512(const struct octi_band_key_512 *a, const struct octi_band_key_512 *b, const bool pairs)
{
    return a->first == b->first && (!pairs || a->second == b->second);
}

OCTI_INLINE bool octi_is_padding_key_512(const struct octi_band_key_512 *key, const bool pairs)
{
    return key->first == NULL && (!pairs || key->second == NULL);
}

/// Brings n rows together, or pairs of them. What the line before saw stays where it is: windows move on by as many
/// rows as the first that is not padding, in each of their planes. Rows that are padding share a slot.
OCTI_INLINE void octi_band_slots_512(
    struct octi_band_512 *band, const struct octi_band_key_512 *wanted, size_t n, size_t pitch, const bool pairs)
{
    const size_t held = band->held; // n, or nothing
    size_t first = 0;
    while (first < n && octi_is_padding_key_512(&wanted[first], pairs)) {
        first++;
    }
    size_t moved = band->moved;
    if (first < n && !(first + moved < held && octi_is_same_512(&wanted[first], &band->keys[first + moved], pairs))) {
        moved = 0;
        while (first + moved < held && !octi_is_same_512(&wanted[first], &band->keys[first + moved], pairs)) {
            moved++;
        }
        band->moved = moved;
    }
    size_t n_unused = band->n_unused;
    for (size_t k = 0; k < held && k < moved; k++) {
        if (!octi_is_padding_key_512(&band->keys[k], pairs)) {
            band->unused[n_unused++] = band->rows[k];
        }
    }
    size_t missing[OCTI_BAND_ROWS];
    size_t n_missing = 0;
    for (size_t k = 0; k < n; k++) {
        const size_t before = k + moved; // not yet overwritten
        if (before < held && octi_is_same_512(&wanted[k], &band->keys[before], pairs)) {
            band->rows[k] = band->rows[before];
        } else {
            if (before < held && !octi_is_padding_key_512(&band->keys[before], pairs)) {
                band->unused[n_unused++] = band->rows[before];
            }
            missing[n_missing++] = k;
        }
        band->keys[k] = wanted[k];
    }
    for (size_t i = 0; i < n_missing; i++) {
        const size_t k = missing[i];
        const bool padding = octi_is_padding_key_512(&wanted[k], pairs);
        uint8_t *to = padding        ? band->slots + n * pitch
                      : n_unused > 0 ? band->unused[--n_unused]
                                     : band->slots + band->n_slots++ * pitch;
        if (!padding || !band->padding_ready) {
            octi_fill_slot_512(band, to, &wanted[k], pairs);
            band->padding_ready |= padding;
        }
        band->rows[k] = to;
    }
    band->n_unused = n_unused;
    band->held = n;
}

/// The rows of the line that begins at row m of the call.
OCTI_APART void octi_band_rows_512(struct octi_band_512 *band, size_t m, size_t width, size_t x_stride)
{
    const uint8_t *rows[OCTI_BAND_ROWS + 3];
    const size_t height = band->shape.height;
    for (size_t ky = 0; ky < height; ky++) {
        rows[ky] = octi_band_image_row_512(band, m, width, ky);
    }
    const size_t full = 4 * band->shape.quads;
    for (size_t i = height; i < full; i++) { // have no weights
        rows[i] = rows[0];
    }
    struct octi_band_key_512 keys[OCTI_BAND_ROWS];
    if (x_stride == 1) {
        for (size_t i = 0; i < height; i++) {
            keys[i] = (struct octi_band_key_512){rows[i], NULL};
        }
        octi_band_slots_512(band, keys, height, band->pitch, false);
        band->across = band->rows[height - 1];
        for (size_t i = height; i < full; i++) {
            band->rows[i] = band->rows[0];
        }
        return;
    }
    for (size_t i = 0; i < full / 2; i++) {
        keys[i] = (struct octi_band_key_512){rows[2 * i], rows[2 * i + 1]};
    }
    if (band->shape.across) { // the first of a pair that the next line sees
        const uint8_t *last = octi_band_image_row_512(band, m, width, height - 1);
        keys[full / 2] = (struct octi_band_key_512){last, octi_band_next_row_512(band, m, width, last)};
    }
    octi_band_slots_512(band, keys, full / 2 + band->shape.across, 2 * band->pitch, true);
    band->across = band->rows[full / 2];
}

/// What is the same for all lines of a call; `slots` and `words` are room that the caller has.
static inline void octi_open_band_512(struct octi_band_512 *band,
                                      const struct octi_qgemm_call *call,
                                      const struct octi_panels *weights,
                                      const struct octi_panel *panel,
                                      size_t width)
{
    band->call = call;
    band->panel = panel;
    band->lanes = panel->width / 16;
    band->c_stride = call->c_stride;
    band->mask = octi_mask_64(panel->n);
    band->whole = panel->n == 64;
    band->shape.height = weights->k; // a column of the window
    band->shape.across = width < 7 && weights->k % 4 == 1;
    band->shape.quads = band->shape.across ? weights->k / 4 : (weights->k + 3) / 4;
    band->requant = octi_requant_product_512(call->output, weights->bias_factor);
    band->bounded = octi_output_bounded(call->output);
    band->factor = weights->bias_factor != 1.0f;
    band->columns.outputs = 0;
    band->outputs = 0;
    band->moved = 0;
}

/// Prepares for lines of n outputs from `begin` on, the first of them row m of the call.
static inline void
octi_begin_band_512(struct octi_band_512 *band, size_t m, size_t n, size_t begin, size_t width, size_t x_stride)
{
    if (band->outputs == n && band->columns.outputs == n && band->columns.begin == begin) {
        return;
    }
    octi_find_columns_512(band->call, m, n, begin, band->shape.height, width, x_stride, &band->columns);
    const size_t parts = 4 / band->lanes;
    band->outputs = n;
    band->length = (n + parts - 1) / parts;
    for (size_t part = 0; part < 4; part++) {
        const size_t last = n - band->length;
        band->behind[part] = part * band->length < last ? part * band->length : last;
        band->columns_behind[part] = band->behind[part] * x_stride;
    }
    band->n_columns = (band->length - 1) * x_stride + width;
    band->pitch = 64 * (octi_band_columns_512(band->length, width, x_stride) | 1); // rows in different sets
    band->padding_ready = false;
    band->held = 0;
    band->n_slots = 0;
    band->n_unused = 0;
}

/// A kernel for windows of `width` columns: a function for each stride.
#define OCTI_BAND_STRIDE_512(name, width, x_stride)                                                                    \
    OCTI_APART void name##_half_0(const struct octi_band_512 *band, uint8_t *c, const char *panel)                     \
    {                                                                                                                  \
        octi_band_half_512(band, c, panel, width, x_stride, 0);                                                        \
    }                                                                                                                  \
    OCTI_APART void name##_half_1(const struct octi_band_512 *band, uint8_t *c, const char *panel)                     \
    {                                                                                                                  \
        octi_band_half_512(band, c, panel, width, x_stride, 1);                                                        \
    }                                                                                                                  \
    OCTI_APART void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel)                                                               \
    {                                                                                                                  \
        _Alignas(64) char wide[2 * 64 * OCTI_BAND_VECTORS(OCTI_BAND_ROWS / 4, width)];                                 \
        _Alignas(64) uint8_t slots[OCTI_BAND_BYTES];                                                                   \
        _Alignas(64) char words[64 * OCTI_BAND_OUTPUTS];                                                               \
        struct octi_band_512 band;                                                                                     \
        octi_open_band_512(&band, call, weights, panel, width);                                                        \
        band.slots = slots;                                                                                            \
        band.words = words;                                                                                            \
        octi_widen_band_512(panel->bytes, wide, &band.shape, width, (int)band.lanes);                                  \
        const char *halves[2] = {wide, wide + 64 * OCTI_BAND_VECTORS(band.shape.quads, width)};                        \
        OCTI_FORGET(halves[0]);                                                                                        \
        OCTI_FORGET(halves[1]);                                                                                        \
        OCTI_FORGET(band.slots);                                                                                       \
        OCTI_FORGET(band.words);                                                                                       \
        const size_t piece = octi_band_piece_512(call->line, 4 / band.lanes, band.shape.height, width, x_stride);      \
        for (size_t x = 0; x < call->line; x += piece) {                                                               \
            size_t begin = call->line_first % call->line;                                                              \
            for (size_t m = 0, n; m < call->m; m += n) {                                                               \
                n = call->line - begin < call->m - m ? call->line - begin : call->m - m;                               \
                const size_t first = begin > x ? begin : x;                                                            \
                const size_t end = begin + n < x + piece ? begin + n : x + piece;                                      \
                if (first < end) {                                                                                     \
                    const size_t at = m + first - begin;                                                               \
                    octi_begin_band_512(&band, at, end - first, first, width, x_stride);                               \
                    octi_band_rows_512(&band, at, width, x_stride);                                                    \
                    uint8_t *c = call->c + at * call->c_stride + panel->first;                                         \
                    name##_half_0(&band, c, halves[0]);                                                                \
                    name##_half_1(&band, c, halves[1]);                                                                \
                }                                                                                                      \
                begin = 0;                                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }

#define OCTI_BAND_KERNEL_512(kernel, width)                                                                            \
    OCTI_BAND_STRIDE_512(run_1, width, 1)                                                                              \
    OCTI_BAND_STRIDE_512(run_2, width, 2)                                                                              \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        if (octi_is_special_512(weights) || weights->k > OCTI_BAND_ROWS) {                                             \
            octi_column_pixels_512(call, panel, weights->bias_factor, weights->k, width);                              \
        } else {                                                                                                       \
            (call->x_stride == 1 ? run_1 : run_2)(call, weights, panel);                                               \
        }                                                                                                              \
    }

#endif
