// DESIGN: an output line at a time, by columns of the window. The three bytes of a channel in one column of the image
// (and a zero) are a quad; unpacked once, they serve every output whose window holds that column: three at stride 1,
// every other one two at stride 2. The columns that the next output needs too stay in registers, which change roles
// instead of places: the loop is unrolled until roles repeat. Weights, bias and multipliers are read from the panel
// each time, they are in the first cache and the load ports have nothing else to do.
// Narrow panels compute two or four parts of the line side by side.
#include "engine/kernels/qdwconv/pixels_avx512.h"

#define SIDE    3
#define VECTORS (4 * (4 + SIDE)) // of a wide panel: header and weights

OCTI_INLINE struct octi_quads_512 load_column(const struct octi_stretch_512 *line, size_t j, size_t kx, const int lanes)
{
    const size_t first = line->panel->first;
    const __m512i a = octi_load_tap_512(line->call, kx, &line->at, j, first, lanes);
    const __m512i b = octi_load_tap_512(line->call, SIDE + kx, &line->at, j, first, lanes);
    const __m512i c = octi_load_tap_512(line->call, 2 * SIDE + kx, &line->at, j, first, lanes);
    return octi_interleave_512(a, b, c, _mm512_setzero_si512());
}

// Output j of each part, from its three columns.
OCTI_INLINE void output(const struct octi_stretch_512 *line,
                        size_t j,
                        const struct octi_quads_512 *left,
                        const struct octi_quads_512 *middle,
                        const struct octi_quads_512 *right,
                        const struct octi_requant_512 *requant,
                        const int lanes,
                        const bool special)
{
    const char *header = line->panel->bytes;
    OCTI_FORGET(header);
    const char *w = header + octi_panel_header_bytes(16 * OCTI_WIDE);
    struct octi_quads_512 sum = octi_start_quads_512(header, OCTI_WIDE);
    sum = octi_dot_quads_512(sum, *left, w, OCTI_WIDE);
    sum = octi_dot_quads_512(sum, *middle, w + 64 * OCTI_WIDE, OCTI_WIDE);
    sum = octi_dot_quads_512(sum, *right, w + 128 * OCTI_WIDE, OCTI_WIDE);
    if (special) {
        struct octi_quads_512 x_sum = octi_sum_quads_512(octi_zero_quads_512(), *left);
        x_sum = octi_sum_quads_512(octi_sum_quads_512(x_sum, *middle), *right);
        sum = octi_weight_zero_quads_512(sum, x_sum, header, OCTI_WIDE);
    }
    const __m512i bytes = octi_finish_quads_512(sum, header, requant, OCTI_WIDE, !special);
    octi_store_pixels_512(line->call, line->panel, &line->at, j, bytes, lanes);
}

OCTI_INLINE void line_of_stride_1(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool special)
{
    struct octi_quads_512 p = load_column(line, 0, 0, lanes);
    struct octi_quads_512 q = load_column(line, 0, 1, lanes);
    struct octi_quads_512 r;
    for (size_t j = 0;;) {
        r = load_column(line, j, 2, lanes);
        output(line, j, &p, &q, &r, requant, lanes, special);
        if (++j == line->length) {
            return;
        }
        p = load_column(line, j, 2, lanes);
        output(line, j, &q, &r, &p, requant, lanes, special);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 2, lanes);
        output(line, j, &r, &p, &q, requant, lanes, special);
        if (++j == line->length) {
            return;
        }
    }
}

OCTI_INLINE void line_of_stride_2(const struct octi_stretch_512 *line,
                                  const struct octi_requant_512 *requant,
                                  const int lanes,
                                  const bool special)
{
    struct octi_quads_512 p = load_column(line, 0, 0, lanes);
    struct octi_quads_512 q;
    struct octi_quads_512 r;
    for (size_t j = 0;;) {
        q = load_column(line, j, 1, lanes);
        r = load_column(line, j, 2, lanes);
        output(line, j, &p, &q, &r, requant, lanes, special);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 1, lanes);
        p = load_column(line, j, 2, lanes);
        output(line, j, &r, &q, &p, requant, lanes, special);
        if (++j == line->length) {
            return;
        }
    }
}

OCTI_INLINE const void *widen_panel(const void *panel, void *wide, size_t x_stride, const int lanes)
{
    (void)x_stride;
    if (lanes == OCTI_WIDE) {
        return panel;
    }
    octi_repeat_panel_512(panel, wide, VECTORS, lanes);
    return wide;
}

OCTI_LINE_KERNEL(octi_qdwconv_3x3x64k4__avx512vnni, VECTORS)
