// DESIGN: an output line at a time, by columns of the window, as the 3x3 kernel. Five columns of data and their weights
// do not fit the registers, but the sums of all outputs that a column belongs to do: five at stride 1 (20 registers),
// three at stride 2. A column's rows 0 to 3 are unpacked once and go into all of them; the loop is unrolled until an
// output's sum has the same registers as its successor's. Row 4 goes across: a quad of four neighbouring columns is
// four taps of one output and the last tap of another, two dot products instead of five with three quarters of nothing.
// The sums of activations that weight zero points need would not fit: they are computed apart, output by output.
#include "engine/kernels/qdwconv/pixels_avx512.h"

#define SIDE 5
#define TAPS (SIDE * SIDE)

// A wide panel: header, columns of rows 0 to 3, four taps of row 4, its last tap where the quad of another output has
// it.
#define HEADER_VECTORS 16
#define COLUMN_VECTOR  HEADER_VECTORS
#define ACROSS_VECTOR  (COLUMN_VECTOR + 4 * SIDE)
#define LAST_VECTOR    (ACROSS_VECTOR + 4)
#define VECTORS        (LAST_VECTOR + 4)

OCTI_INLINE __m512i load_tap(const struct octi_stretch_512 *line, size_t t, size_t j, const int lanes)
{
    return octi_load_tap_512(line->call, t, &line->at, j, line->panel->first, lanes);
}

// Sums of the activations under the window of output j.
OCTI_INLINE struct octi_quads_512 window_sums(const struct octi_stretch_512 *line, size_t j, const int lanes)
{
    struct octi_quads_512 x_sum = octi_zero_quads_512();
    for (size_t t = 0; t < TAPS; t++) {
        x_sum = octi_sum_quads_512(x_sum, octi_widen_512(load_tap(line, t, j, lanes)));
    }
    return x_sum;
}

OCTI_INLINE void finish(const struct octi_stretch_512 *line,
                        size_t j,
                        struct octi_quads_512 sum,
                        const struct octi_requant_512 *requant,
                        const int lanes,
                        const bool special)
{
    const char *header = line->panel->bytes;
    OCTI_FORGET(header);
    OCTI_FORGET(requant);
    if (special) {
        sum = octi_weight_zero_quads_512(sum, window_sums(line, j, lanes), header, OCTI_WIDE);
    }
    octi_store_pixels_512(line->call, line->panel, &line->at, j,
                          octi_finish_quads_512(sum, header, requant, OCTI_WIDE, !special), lanes);
}

// Column `c` of a line at stride s belongs to output j as its column kx = c - s * j.
struct column {
    size_t j, kx; // of one output that sees it
};

OCTI_INLINE struct column column_at(const struct octi_stretch_512 *line, size_t c, const size_t x_stride)
{
    const size_t last = line->length - 1;
    struct column column = {.j = c / x_stride < last ? c / x_stride : last};
    column.kx = c - column.j * x_stride;
    return column;
}

// Rows 0 to 3.
OCTI_INLINE struct octi_quads_512 load_four(const struct octi_stretch_512 *line, struct column at, const int lanes)
{
    return octi_interleave_512(load_tap(line, at.kx, at.j, lanes), load_tap(line, SIDE + at.kx, at.j, lanes),
                               load_tap(line, 2 * SIDE + at.kx, at.j, lanes),
                               load_tap(line, 3 * SIDE + at.kx, at.j, lanes));
}

OCTI_INLINE __m512i load_fifth(const struct octi_stretch_512 *line, struct column at, const int lanes)
{
    return load_tap(line, 4 * SIDE + at.kx, at.j, lanes);
}

// Bytes of two neighbouring columns of row 4 side by side.
struct pairs {
    __m512i low, high;
};

OCTI_INLINE struct pairs pair(__m512i left, __m512i right)
{
    return (struct pairs){_mm512_unpacklo_epi8(left, right), _mm512_unpackhi_epi8(left, right)};
}

OCTI_INLINE struct octi_quads_512 quads_across(struct pairs left, struct pairs right)
{
    struct octi_quads_512 quads;
    quads.v0 = _mm512_unpacklo_epi16(left.low, right.low);
    quads.v1 = _mm512_unpackhi_epi16(left.low, right.low);
    quads.v2 = _mm512_unpacklo_epi16(left.high, right.high);
    quads.v3 = _mm512_unpackhi_epi16(left.high, right.high);
    return quads;
}

OCTI_INLINE struct octi_quads_512
feed(struct octi_quads_512 sum, struct octi_quads_512 x, const struct octi_stretch_512 *line, const int vector)
{
    const char *weights = line->panel->bytes;
    OCTI_FORGET(weights);
    return octi_dot_quads_512(sum, x, weights + 64 * vector, OCTI_WIDE);
}

// The line, not to be looked at before `vector` is there: clang would load the next quads while the last ones take
// their registers.
OCTI_INLINE const struct octi_stretch_512 *after(const struct octi_stretch_512 *line, __m512i vector)
{
#if defined(__clang__)
    __asm__("" : "+r"(line) : "v"(vector));
#else
    (void)vector;
#endif
    return line;
}

#define FEED(sum, kx) sum = feed(sum, x, line, COLUMN_VECTOR + 4 * (kx))

// One column at stride 1: `first` is the sum of the output that begins here, `last` of the one that ends. Beyond either
// end of the line there are none, and what is summed up for them is never stored.
#define COLUMN_1(first, second, third, fourth, last)                                                                   \
    {                                                                                                                  \
        const struct column at = column_at(line, c, 1);                                                                \
        const __m512i fifth = load_fifth(line, at, lanes);                                                             \
        struct octi_quads_512 x = octi_interleave_512(before3, before2, before1, fifth);                               \
        before3 = before2;                                                                                             \
        before2 = before1;                                                                                             \
        before1 = octi_keep_512(fifth);                                                                                \
        fourth = feed(fourth, x, line, ACROSS_VECTOR);                                                                 \
        last = feed(last, x, line, LAST_VECTOR);                                                                       \
        const struct octi_stretch_512 *const rest = after(line, last.v3);                                              \
        x = load_four(rest, at, lanes);                                                                                \
        FEED(second, 1);                                                                                               \
        FEED(third, 2);                                                                                                \
        FEED(fourth, 3);                                                                                               \
        FEED(last, 4);                                                                                                 \
        first = octi_start_quads_512(line->panel->bytes, OCTI_WIDE);                                                   \
        FEED(first, 0);                                                                                                \
        if (c >= SIDE - 1) {                                                                                           \
            finish(line, c - (SIDE - 1), last, requant, lanes, special);                                               \
        }                                                                                                              \
        if (++c == columns) {                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
    }

OCTI_INLINE void line_of_stride_1(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool special)
{
    const size_t columns = line->length + SIDE - 1;
    struct octi_quads_512 p = octi_zero_quads_512();
    struct octi_quads_512 q = p;
    struct octi_quads_512 r = p;
    struct octi_quads_512 s = p;
    struct octi_quads_512 t = p;
    __m512i before1 = p.v0; // row 4 of the columns before
    __m512i before2 = p.v0;
    __m512i before3 = p.v0;
    for (size_t c = 0;;) {
        COLUMN_1(p, t, s, r, q)
        COLUMN_1(q, p, t, s, r)
        COLUMN_1(r, q, p, t, s)
        COLUMN_1(s, r, q, p, t)
        COLUMN_1(t, s, r, q, p)
    }
}

// Two columns at stride 2: the first begins an output and ends another, the second belongs to two. Behind the last
// column there is none; what stands for it has no weight in the output that ends.
#define COLUMNS_2(first, second, last)                                                                                 \
    {                                                                                                                  \
        const struct column left = column_at(line, c, 2);                                                              \
        const struct column right = column_at(line, c + 1 < columns ? c + 1 : c, 2);                                   \
        struct octi_quads_512 x = load_four(line, left, lanes);                                                        \
        first = octi_start_quads_512(line->panel->bytes, OCTI_WIDE);                                                   \
        FEED(first, 0);                                                                                                \
        FEED(second, 2);                                                                                               \
        FEED(last, 4);                                                                                                 \
        const struct pairs newest = pair(load_fifth(line, left, lanes), load_fifth(line, right, lanes));               \
        x = quads_across(before, newest);                                                                              \
        before = newest;                                                                                               \
        second = feed(second, x, line, ACROSS_VECTOR);                                                                 \
        last = feed(last, x, line, LAST_VECTOR);                                                                       \
        if (c >= SIDE - 1) {                                                                                           \
            finish(line, (c - (SIDE - 1)) / 2, last, requant, lanes, special);                                         \
        }                                                                                                              \
        if (c + 1 == columns) {                                                                                        \
            return;                                                                                                    \
        }                                                                                                              \
        x = load_four(line, right, lanes);                                                                             \
        FEED(first, 1);                                                                                                \
        FEED(second, 3);                                                                                               \
        c += 2;                                                                                                        \
    }

OCTI_INLINE void line_of_stride_2(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool special)
{
    const size_t columns = 2 * (line->length - 1) + SIDE; // odd: an even column ends the last output
    struct octi_quads_512 p = octi_zero_quads_512();
    struct octi_quads_512 q = p;
    struct octi_quads_512 r = p;
    struct pairs before = {p.v0, p.v0}; // of row 4, two columns earlier
    for (size_t c = 0;;) {
        COLUMNS_2(p, r, q)
        COLUMNS_2(q, p, r)
        COLUMNS_2(r, q, p)
    }
}

// A packed panel has row 4 of each column as a quad of one weight and three zeros.
OCTI_INLINE const void *widen_panel(const void *panel, void *wide, size_t x_stride, const int lanes)
{
    octi_repeat_panel_512(panel, wide, HEADER_VECTORS, lanes);
    char *to = wide;
    for (int j = 0; j < 4; j++) {
        __m512i across = _mm512_setzero_si512();
        for (int kx = 0; kx < SIDE; kx++) {
            const int from = HEADER_VECTORS + 8 * kx + j;
            _mm512_store_si512(to + 64 * (COLUMN_VECTOR + 4 * kx + j), octi_load_positions_512(panel, from, lanes));
            const __m512i fifth = octi_load_positions_512(panel, from + 4, lanes);
            if (kx < SIDE - 1) {
                across = _mm512_or_si512(across, _mm512_sll_epi32(fifth, _mm_cvtsi32_si128(8 * kx)));
            } else { // byte 3 of the quad that begins one column later, byte 2 of that two columns later
                const __m512i last = _mm512_sll_epi32(fifth, _mm_cvtsi32_si128(x_stride == 1 ? 24 : 16));
                _mm512_store_si512(to + 64 * (LAST_VECTOR + j), last);
            }
        }
        _mm512_store_si512(to + 64 * (ACROSS_VECTOR + j), across);
    }
    return wide;
}

OCTI_LINE_KERNEL(octi_qdwconv_5x5x64k4__avx512vnni, VECTORS)
