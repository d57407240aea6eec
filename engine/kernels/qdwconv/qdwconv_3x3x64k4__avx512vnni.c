// DESIGN: an output line at a time, by columns of the window. The three bytes of a channel in one column of the image
// (and a zero) are a quad; unpacked once, they serve every output whose window holds that column: three at stride 1,
// every other one two at stride 2. The columns that the next output needs too stay in registers, which change roles
// instead of places: the loop is unrolled until roles repeat. Weights, bias and multipliers are read from the panel
// each time, they are in the first cache and the load ports have nothing else to do.
// Narrow panels compute two or four parts of the line side by side.
#include "engine/kernels/qdwconv/pixels_avx512.h"

#define SIDE 3

// Hides from the compiler that the panel is the same as before: it would keep all of it in registers, and these then on
// the stack.
#define FORGET(pointer) __asm__("" : "+r"(pointer))

// A stretch of one output line.
struct stretch {
    const struct octi_qgemm_call *call;
    const struct octi_panel *panel;
    struct octi_pixels_512 at; // where each part begins
    size_t length;             // of a part
};

OCTI_INLINE struct octi_quads_512 load_column(const struct stretch *line, size_t j, size_t kx, const int lanes)
{
    const size_t first = line->panel->first;
    const __m512i a = octi_load_tap_512(line->call, kx, &line->at, j, first, lanes);
    const __m512i b = octi_load_tap_512(line->call, SIDE + kx, &line->at, j, first, lanes);
    const __m512i c = octi_load_tap_512(line->call, 2 * SIDE + kx, &line->at, j, first, lanes);
    return octi_interleave_512(a, b, c, _mm512_setzero_si512());
}

// Output j of each part, from its three columns.
OCTI_INLINE void output(const struct stretch *line,
                        size_t j,
                        const struct octi_quads_512 *left,
                        const struct octi_quads_512 *middle,
                        const struct octi_quads_512 *right,
                        const struct octi_requant_512 *requant,
                        const int lanes,
                        const bool sums)
{
    const char *header = line->panel->bytes;
    FORGET(header);
    const char *w = header + octi_panel_header_bytes((size_t)(16 * lanes));
    struct octi_quads_512 sum = octi_start_quads_512(header, lanes);
    sum = octi_dot_quads_512(sum, *left, w, lanes);
    sum = octi_dot_quads_512(sum, *middle, w + 64 * lanes, lanes);
    sum = octi_dot_quads_512(sum, *right, w + 128 * lanes, lanes);
    if (sums) {
        struct octi_quads_512 x_sum = octi_sum_quads_512(octi_zero_quads_512(), *left);
        x_sum = octi_sum_quads_512(octi_sum_quads_512(x_sum, *middle), *right);
        sum = octi_weight_zero_quads_512(sum, x_sum, header, lanes);
    }
    const __m512i bytes = octi_finish_quads_512(sum, header, requant, lanes);
    octi_store_pixels_512(line->call, line->panel, &line->at, j, bytes, lanes);
}

OCTI_INLINE void
line_of_stride_1(const struct stretch *line, const struct octi_requant_512 *requant, const int lanes, const bool sums)
{
    struct octi_quads_512 p = load_column(line, 0, 0, lanes);
    struct octi_quads_512 q = load_column(line, 0, 1, lanes);
    struct octi_quads_512 r;
    for (size_t j = 0;;) {
        r = load_column(line, j, 2, lanes);
        output(line, j, &p, &q, &r, requant, lanes, sums);
        if (++j == line->length) {
            return;
        }
        p = load_column(line, j, 2, lanes);
        output(line, j, &q, &r, &p, requant, lanes, sums);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 2, lanes);
        output(line, j, &r, &p, &q, requant, lanes, sums);
        if (++j == line->length) {
            return;
        }
    }
}

OCTI_INLINE void
line_of_stride_2(const struct stretch *line, const struct octi_requant_512 *requant, const int lanes, const bool sums)
{
    struct octi_quads_512 p = load_column(line, 0, 0, lanes);
    struct octi_quads_512 q;
    struct octi_quads_512 r;
    for (size_t j = 0;;) {
        q = load_column(line, j, 1, lanes);
        r = load_column(line, j, 2, lanes);
        output(line, j, &p, &q, &r, requant, lanes, sums);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 1, lanes);
        p = load_column(line, j, 2, lanes);
        output(line, j, &r, &q, &p, requant, lanes, sums);
        if (++j == line->length) {
            return;
        }
    }
}

// Part `i` of a stretch of n rows from m: all have one length, the last ones overlap their neighbours for it.
OCTI_INLINE size_t part_begin(size_t m, size_t n, size_t length, size_t i)
{
    return m + (i * length < n - length ? i * length : n - length);
}

#define PANEL(name, lanes, sums)                                                                                       \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panel *panel)     \
    {                                                                                                                  \
        const struct octi_requant_512 requant = octi_requant_512(call->output);                                        \
        size_t n;                                                                                                      \
        for (size_t m = 0; m < call->m; m += n) {                                                                      \
            n = octi_qdwconv_line_rest(call, m);                                                                       \
            struct stretch line = {.call = call, .panel = panel};                                                      \
            line.length = (n + 4 / (lanes) - 1) / (4 / (lanes));                                                       \
            line.at = (struct octi_pixels_512){m, part_begin(m, n, line.length, 1),                                    \
                                               part_begin(m, n, line.length, 2), part_begin(m, n, line.length, 3)};    \
            if (call->x_stride == 1) {                                                                                 \
                line_of_stride_1(&line, &requant, lanes, sums);                                                        \
            } else {                                                                                                   \
                line_of_stride_2(&line, &requant, lanes, sums);                                                        \
            }                                                                                                          \
        }                                                                                                              \
    }

PANEL(run_64, 4, false)
PANEL(run_32, 2, false)
PANEL(run_16, 1, false)
PANEL(run_64_asymmetric, 4, true)
PANEL(run_32_asymmetric, 2, true)
PANEL(run_16_asymmetric, 1, true)

void octi_qdwconv_3x3x64k4__avx512vnni(const struct octi_qgemm_call *call,
                                       const struct octi_panels *weights,
                                       const struct octi_panel *panel)
{
    bool asymmetric = weights->weight_zero_points;
    if (panel->width == 64) {
        (asymmetric ? run_64_asymmetric : run_64)(call, panel);
    } else if (panel->width == 32) {
        (asymmetric ? run_32_asymmetric : run_32)(call, panel);
    } else {
        (asymmetric ? run_16_asymmetric : run_16)(call, panel);
    }
}
