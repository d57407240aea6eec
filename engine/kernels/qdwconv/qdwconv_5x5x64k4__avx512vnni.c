// DESIGN: an output line at a time, by columns of the window, as the 3x3 kernel. Five columns of data and their weights
// do not fit the registers, but the sums of all outputs that a column belongs to do: five at stride 1 (20 registers),
// three at stride 2. A column is unpacked once, in quads of rows 0 to 3 and of row 4 alone, and goes into all of them;
// the loop is unrolled until an output's sum has the same registers as its successor's.
// The sums of activations that weight zero points need would not fit: they are computed apart, output by output.
#include "engine/kernels/qdwconv/pixels_avx512.h"

#define SIDE      5
#define TAPS      (SIDE * SIDE)
#define TAP_QUADS 2 // of a column: five rows rounded up to fours
#define QUADS     (SIDE * TAP_QUADS)

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
                        const bool sums)
{
    const char *header = line->panel->bytes;
    OCTI_FORGET(header);
    OCTI_FORGET(requant);
    if (sums) {
        sum = octi_weight_zero_quads_512(sum, window_sums(line, j, lanes), header, OCTI_WIDE);
    }
    octi_store_pixels_512(line->call, line->panel, &line->at, j, octi_finish_quads_512(sum, header, requant, OCTI_WIDE),
                          lanes);
}

// Column `c` of a line at stride s belongs to output j as its column kx = c - s * j.
struct column {
    size_t j, kx;        // of one output that sees it
    const char *weights; // of kx 0, in fours of rows
};

OCTI_INLINE struct column column_at(const struct octi_stretch_512 *line, size_t c, const size_t x_stride)
{
    const size_t last = line->length - 1;
    struct column column = {.j = c / x_stride < last ? c / x_stride : last};
    column.kx = c - column.j * x_stride;
    column.weights = (const char *)line->panel->bytes + octi_panel_header_bytes(16 * OCTI_WIDE);
    OCTI_FORGET(column.weights);
    return column;
}

// Rows 0 to 3.
OCTI_INLINE struct octi_quads_512
load_four(const struct octi_stretch_512 *line, const struct column *at, const int lanes)
{
    return octi_interleave_512(load_tap(line, at->kx, at->j, lanes), load_tap(line, SIDE + at->kx, at->j, lanes),
                               load_tap(line, 2 * SIDE + at->kx, at->j, lanes),
                               load_tap(line, 3 * SIDE + at->kx, at->j, lanes));
}

// Row 4, to be loaded when the first four have been used.
OCTI_INLINE struct octi_quads_512 load_fifth(const struct octi_stretch_512 *line, struct column *at, const int lanes)
{
    at->weights += 64 * OCTI_WIDE;
    OCTI_FORGET(at->weights);
    return octi_widen_512(load_tap(line, 4 * SIDE + at->kx, at->j, lanes));
}

#define FEED(sum, kx) sum = octi_dot_quads_512(sum, x, at.weights + 64 * OCTI_WIDE * TAP_QUADS * (kx), OCTI_WIDE)

// One column at stride 1: `first` is the sum of the output that begins here, `last` of the one that ends. Beyond either
// end of the line there are none, and what is summed up for them is never stored.
#define COLUMN_1(first, second, third, fourth, last)                                                                   \
    {                                                                                                                  \
        struct column at = column_at(line, c, 1);                                                                      \
        struct octi_quads_512 x = load_four(line, &at, lanes);                                                         \
        first = octi_start_quads_512(line->panel->bytes, OCTI_WIDE);                                                   \
        FEED(first, 0);                                                                                                \
        FEED(second, 1);                                                                                               \
        FEED(third, 2);                                                                                                \
        FEED(fourth, 3);                                                                                               \
        FEED(last, 4);                                                                                                 \
        x = load_fifth(line, &at, lanes);                                                                              \
        FEED(first, 0);                                                                                                \
        FEED(second, 1);                                                                                               \
        FEED(third, 2);                                                                                                \
        FEED(fourth, 3);                                                                                               \
        FEED(last, 4);                                                                                                 \
        if (c >= SIDE - 1) {                                                                                           \
            finish(line, c - (SIDE - 1), last, requant, lanes, sums);                                                  \
        }                                                                                                              \
        if (++c == columns) {                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
    }

OCTI_INLINE void line_of_stride_1(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool sums)
{
    const size_t columns = line->length + SIDE - 1;
    struct octi_quads_512 p = octi_zero_quads_512();
    struct octi_quads_512 q = p;
    struct octi_quads_512 r = p;
    struct octi_quads_512 s = p;
    struct octi_quads_512 t = p;
    for (size_t c = 0;;) {
        COLUMN_1(p, t, s, r, q)
        COLUMN_1(q, p, t, s, r)
        COLUMN_1(r, q, p, t, s)
        COLUMN_1(s, r, q, p, t)
        COLUMN_1(t, s, r, q, p)
    }
}

// Two columns at stride 2: the first begins an output and ends another, the second belongs to two.
#define COLUMNS_2(first, second, last)                                                                                 \
    {                                                                                                                  \
        struct column at = column_at(line, c, 2);                                                                      \
        struct octi_quads_512 x = load_four(line, &at, lanes);                                                         \
        first = octi_start_quads_512(line->panel->bytes, OCTI_WIDE);                                                   \
        FEED(first, 0);                                                                                                \
        FEED(second, 2);                                                                                               \
        FEED(last, 4);                                                                                                 \
        x = load_fifth(line, &at, lanes);                                                                              \
        FEED(first, 0);                                                                                                \
        FEED(second, 2);                                                                                               \
        FEED(last, 4);                                                                                                 \
        if (c >= SIDE - 1) {                                                                                           \
            finish(line, (c - (SIDE - 1)) / 2, last, requant, lanes, sums);                                            \
        }                                                                                                              \
        if (c + 1 == columns) {                                                                                        \
            return;                                                                                                    \
        }                                                                                                              \
        at = column_at(line, c + 1, 2);                                                                                \
        x = load_four(line, &at, lanes);                                                                               \
        FEED(first, 1);                                                                                                \
        FEED(second, 3);                                                                                               \
        x = load_fifth(line, &at, lanes);                                                                              \
        FEED(first, 1);                                                                                                \
        FEED(second, 3);                                                                                               \
        c += 2;                                                                                                        \
    }

OCTI_INLINE void line_of_stride_2(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool sums)
{
    const size_t columns = 2 * (line->length - 1) + SIDE; // odd: an even column ends the last output
    struct octi_quads_512 p = octi_zero_quads_512();
    struct octi_quads_512 q = p;
    struct octi_quads_512 r = p;
    for (size_t c = 0;;) {
        COLUMNS_2(p, r, q)
        COLUMNS_2(q, p, r)
        COLUMNS_2(r, q, p)
    }
}

OCTI_LINE_KERNEL(octi_qdwconv_5x5x64k4__avx512vnni, QUADS)
