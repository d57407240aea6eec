// DESIGN: an output line at a time, by columns of the window, as the 3x3 kernel. Five columns of data and their weights
// do not fit the registers, but the sums of all outputs that a column belongs to do: five at stride 1 (20 registers),
// three at stride 2. A column's rows 0 to 3 are unpacked once and go into all of them; the loop is unrolled until an
// output's sum has the same registers as its successor's. Row 4 goes across: a quad of four neighbouring columns is
// four taps of one output and the last tap of another, two dot products instead of five with three quarters of nothing.
#include "engine/kernels/qdwconv/lines_avx512.h"

#define SIDE 5

// A wide panel: header, columns of rows 0 to 3, four taps of row 4, its last tap where the quad of another output has
// it.
#define HEADER_VECTORS 16
#define COLUMN_VECTOR  HEADER_VECTORS
#define ACROSS_VECTOR  (COLUMN_VECTOR + 4 * SIDE)
#define LAST_VECTOR    (ACROSS_VECTOR + 4)
#define VECTORS        (LAST_VECTOR + 4)

// The steps of requantization. Each is written between two columns of products, whose results take longer than one
// instruction, and stays there.
OCTI_INLINE struct octi_quads_512 here(struct octi_quads_512 x)
{
    __asm__ volatile("" : "+v"(x.v0), "+v"(x.v1), "+v"(x.v2), "+v"(x.v3));
    return x;
}

#define F(x) _mm512_castsi512_ps(x)
#define I(x) _mm512_castps_si512(x)

OCTI_INLINE struct octi_quads_512 converted(struct octi_quads_512 x)
{
    x.v0 = I(_mm512_cvtepi32_ps(x.v0));
    x.v1 = I(_mm512_cvtepi32_ps(x.v1));
    x.v2 = I(_mm512_cvtepi32_ps(x.v2));
    x.v3 = I(_mm512_cvtepi32_ps(x.v3));
    return here(x);
}

OCTI_INLINE struct octi_quads_512
biased(struct octi_quads_512 x, const char *panel, const struct octi_requant_512 *requant, const int lanes)
{
    OCTI_FORGET(panel);
    if (lanes < 4) { // loading narrow columns takes registers
        OCTI_FORGET(requant);
    }
    const float *bias = (const float *)(const void *)(panel + 64 * OCTI_BIAS_512);
    x.v0 = I(_mm512_fmadd_ps(_mm512_loadu_ps(bias), requant->bias_factor, F(x.v0)));
    x.v1 = I(_mm512_fmadd_ps(_mm512_loadu_ps(bias + 16), requant->bias_factor, F(x.v1)));
    x.v2 = I(_mm512_fmadd_ps(_mm512_loadu_ps(bias + 32), requant->bias_factor, F(x.v2)));
    x.v3 = I(_mm512_fmadd_ps(_mm512_loadu_ps(bias + 48), requant->bias_factor, F(x.v3)));
    return here(x);
}

OCTI_INLINE struct octi_quads_512 multiplied(struct octi_quads_512 x, const char *panel)
{
    OCTI_FORGET(panel);
    const float *multiplier = (const float *)(const void *)(panel + 64 * OCTI_MULTIPLIER_512);
    x.v0 = I(_mm512_mul_ps(F(x.v0), _mm512_loadu_ps(multiplier)));
    x.v1 = I(_mm512_mul_ps(F(x.v1), _mm512_loadu_ps(multiplier + 16)));
    x.v2 = I(_mm512_mul_ps(F(x.v2), _mm512_loadu_ps(multiplier + 32)));
    x.v3 = I(_mm512_mul_ps(F(x.v3), _mm512_loadu_ps(multiplier + 48)));
    return here(x);
}

OCTI_INLINE struct octi_quads_512 rounded(struct octi_quads_512 x)
{
    x.v0 = _mm512_cvtps_epi32(F(x.v0));
    x.v1 = _mm512_cvtps_epi32(F(x.v1));
    x.v2 = _mm512_cvtps_epi32(F(x.v2));
    x.v3 = _mm512_cvtps_epi32(F(x.v3));
    return here(x);
}

OCTI_INLINE void put(const struct octi_line_512 *line,
                     uint8_t *c,
                     struct octi_quads_512 x,
                     const struct octi_requant_512 *requant,
                     const int lanes)
{
    if (lanes < 4) {
        OCTI_FORGET(requant);
    }
    octi_put_512(line, c, octi_pack_unbounded_512(x.v0, x.v1, x.v2, x.v3, requant), lanes);
}

// Rows 0 to 3 of the next column.
OCTI_INLINE struct octi_quads_512
load_four(const struct octi_line_512 *line, const struct octi_walk_512 *walk, const int lanes)
{
    return octi_interleave_512(octi_load_512(line, walk, 0, lanes), octi_load_512(line, walk, 1, lanes),
                               octi_load_512(line, walk, 2, lanes), octi_load_512(line, walk, 3, lanes));
}

OCTI_INLINE __m512i load_fifth(const struct octi_line_512 *line, const struct octi_walk_512 *walk, const int lanes)
{
    return octi_load_512(line, walk, 4, lanes);
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
feed(struct octi_quads_512 sum, struct octi_quads_512 x, const char *panel, const int vector)
{
    OCTI_FORGET(panel);
    return here(octi_dot_quads_512(sum, x, panel + 64 * vector, OCTI_WIDE));
}

// The walk, not to be looked at before `vector` is there: compilers would load the next quads while the last ones take
// their registers. gcc has enough of them for wide columns.
OCTI_INLINE const struct octi_line_512 *after(const struct octi_line_512 *line, __m512i vector, const int lanes)
{
#if defined(__clang__)
    const bool enough = false;
    (void)lanes;
#else
    const bool enough = lanes == 4;
#endif
    if (enough) {
        return line;
    }
    __asm__("" : "+r"(line) : "v"(vector));
    return line;
}

#define FEED(sum, kx) sum = feed(sum, x, panel, COLUMN_VECTOR + 4 * (kx))

// One column at stride 1: `first` is the sum of the output that begins here, `last` of the one that ends. Beyond either
// end of the line there are none, and what is summed up for them is never stored.
#define COLUMN_1(first, second, third, fourth, last)                                                                   \
    {                                                                                                                  \
        octi_arrive_512(line, walk, lanes);                                                                            \
        const __m512i fifth = load_fifth(line, walk, lanes);                                                           \
        struct octi_quads_512 x = octi_interleave_512(before3, before2, before1, fifth);                               \
        before3 = before2;                                                                                             \
        before2 = before1;                                                                                             \
        before1 = octi_keep_512(fifth);                                                                                \
        fourth = feed(fourth, x, panel, ACROSS_VECTOR);                                                                \
        last = feed(last, x, panel, LAST_VECTOR);                                                                      \
        const struct octi_line_512 *const rest = after(line, last.v3, lanes);                                          \
        x = load_four(rest, walk, lanes);                                                                              \
        octi_leave_512(walk);                                                                                          \
        FEED(last, 4);                                                                                                 \
        FEED(fourth, 3);                                                                                               \
        last = converted(last);                                                                                        \
        FEED(third, 2);                                                                                                \
        last = biased(last, panel, requant, lanes);                                                                    \
        FEED(second, 1);                                                                                               \
        last = multiplied(last, panel);                                                                                \
        first = octi_start_quads_512(panel, OCTI_WIDE);                                                                \
        FEED(first, 0);                                                                                                \
        last = rounded(last);                                                                                          \
        if (column >= SIDE - 1) {                                                                                      \
            put(line, c, last, requant, lanes);                                                                        \
            c += line->c_stride;                                                                                       \
        }                                                                                                              \
        if (++column == columns) {                                                                                     \
            return;                                                                                                    \
        }                                                                                                              \
    }

OCTI_INLINE void line_of_stride_1(const struct octi_line_512 *line,
                                  struct octi_walk_512 *walk,
                                  const char *panel,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
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
    uint8_t *c = line->c;
    for (size_t column = 0;;) {
        COLUMN_1(p, t, s, r, q)
        COLUMN_1(q, p, t, s, r)
        COLUMN_1(r, q, p, t, s)
        COLUMN_1(s, r, q, p, t)
        COLUMN_1(t, s, r, q, p)
    }
}

// Two columns at stride 2: the first begins an output and ends another, the second belongs to two. What stands for a
// second one behind the last column has no weight in the output that ends.
#define COLUMNS_2(first, second, last)                                                                                 \
    {                                                                                                                  \
        octi_arrive_512(line, walk, lanes);                                                                            \
        struct octi_quads_512 x = load_four(line, walk, lanes);                                                        \
        const __m512i fifth = octi_keep_512(load_fifth(line, walk, lanes));                                            \
        octi_leave_512(walk);                                                                                          \
        first = octi_start_quads_512(panel, OCTI_WIDE);                                                                \
        FEED(first, 0);                                                                                                \
        FEED(second, 2);                                                                                               \
        FEED(last, 4);                                                                                                 \
        octi_arrive_512(line, walk, lanes);                                                                            \
        const struct pairs newest = pair(fifth, load_fifth(line, walk, lanes));                                        \
        x = quads_across(before, newest);                                                                              \
        before = newest;                                                                                               \
        second = feed(second, x, panel, ACROSS_VECTOR);                                                                \
        last = feed(last, x, panel, LAST_VECTOR);                                                                      \
        last = converted(last);                                                                                        \
        x = load_four(line, walk, lanes);                                                                              \
        octi_leave_512(walk);                                                                                          \
        last = biased(last, panel, requant, lanes);                                                                    \
        FEED(first, 1);                                                                                                \
        last = multiplied(last, panel);                                                                                \
        FEED(second, 3);                                                                                               \
        last = rounded(last);                                                                                          \
        if (column >= SIDE - 1) {                                                                                      \
            put(line, c, last, requant, lanes);                                                                        \
            c += line->c_stride;                                                                                       \
        }                                                                                                              \
        if (column + 1 == columns) {                                                                                   \
            return;                                                                                                    \
        }                                                                                                              \
        column += 2;                                                                                                   \
    }

OCTI_INLINE void line_of_stride_2(const struct octi_line_512 *line,
                                  struct octi_walk_512 *walk,
                                  const char *panel,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
{
    const size_t columns = 2 * (line->length - 1) + SIDE; // odd: an even column ends the last output
    struct octi_quads_512 p = octi_zero_quads_512();
    struct octi_quads_512 q = p;
    struct octi_quads_512 r = p;
    struct pairs before = {p.v0, p.v0}; // of row 4, two columns earlier
    uint8_t *c = line->c;
    for (size_t column = 0;;) {
        COLUMNS_2(p, r, q)
        COLUMNS_2(q, p, r)
        COLUMNS_2(r, q, p)
    }
}

OCTI_INLINE void run_line(const struct octi_line_512 *line,
                          struct octi_walk_512 *walk,
                          const char *panel,
                          const struct octi_requant_512 *requant,
                          const size_t x_stride,
                          const int lanes)
{
    if (x_stride == 1) {
        line_of_stride_1(line, walk, panel, requant, lanes);
    } else {
        line_of_stride_2(line, walk, panel, requant, lanes);
    }
}

// A packed panel has row 4 of each column as a quad of one weight and three zeros.
OCTI_INLINE const void *widen(const void *panel, void *wide, const size_t x_stride, const int lanes)
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

OCTI_LINE_KERNEL_512(octi_qdwconv_5x5x64k4__avx512vnni, SIDE, VECTORS)
