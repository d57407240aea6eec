// DESIGN: an output line at a time, by columns of the window, as the kernel of twice its width: the three bytes of a
// channel in one column of the image (and a zero) are a quad; unpacked once, they serve every output whose window holds
// that column. Three columns of 32 channels would take 12 of the 16 registers, so a line is done twice: first the lower
// eight channels of each 128-bit lane, then the upper eight.
// All 32 bytes of a pixel are stored, for a panel of fewer channels into a buffer: no branch is left in the loop.
#include <string.h>

#include "engine/kernels/qdwconv/pixels_avxvnni.h"

#define SIDE  3
#define LANES 2
#define WIDTH 32
#define PIECE 32 // pixels of the buffer

// `length` rows of the call from `m` on, which lie in one output line, and where their bytes go.
struct line {
    const struct octi_qgemm_call *call;
    const struct octi_panel *panel;
    size_t m, length;
    uint8_t *c;
    size_t c_stride;
};

// Vectors 2 * upper and 2 * upper + 1 of the quads of a column, or of their sums.
struct half {
    __m256i even, odd;
};

OCTI_INLINE struct half load_column(const struct line *line, size_t j, size_t kx, const int upper)
{
    const struct octi_pixels_256 at = {.m0 = line->m};
    const size_t first = line->panel->first;
    const __m256i a = octi_load_tap_256(line->call, kx, &at, j, first, LANES);
    const __m256i b = octi_load_tap_256(line->call, SIDE + kx, &at, j, first, LANES);
    const __m256i c = octi_load_tap_256(line->call, 2 * SIDE + kx, &at, j, first, LANES);
    const __m256i zero = _mm256_setzero_si256();
    const __m256i ab = upper ? _mm256_unpackhi_epi8(a, b) : _mm256_unpacklo_epi8(a, b);
    const __m256i cz = upper ? _mm256_unpackhi_epi8(c, zero) : _mm256_unpacklo_epi8(c, zero);
    return (struct half){_mm256_unpacklo_epi16(ab, cz), _mm256_unpackhi_epi16(ab, cz)};
}

OCTI_INLINE struct half dot(struct half sum, const struct half *x, const char *w)
{
    sum.even = octi_dot_u8s8_memory_256(sum.even, x->even, w);
    sum.odd = octi_dot_u8s8_memory_256(sum.odd, x->odd, w + 32);
    return sum;
}

OCTI_INLINE struct half add_bytes(struct half sum, const struct half *x)
{
    const __m256i ones = _mm256_set1_epi8(1);
    sum.even = octi_dot_u8s8_256(sum.even, x->even, ones);
    sum.odd = octi_dot_u8s8_256(sum.odd, x->odd, ones);
    return sum;
}

// Output j of the line, from its three columns.
OCTI_INLINE void output(const struct line *line,
                        size_t j,
                        const struct half *left,
                        const struct half *middle,
                        const struct half *right,
                        const struct octi_requant_256 *requant,
                        const int upper,
                        const bool sums)
{
    const char *header = (const char *)line->panel->bytes;
    OCTI_FORGET(header);
    if (sums) {
        OCTI_FORGET(requant); // these registers are needed
    }
    const char *w = header + octi_panel_header_bytes(16 * LANES) + 64 * upper;
    struct half sum = {octi_load_positions_256(header, 2 * upper, LANES),
                       octi_load_positions_256(header, 2 * upper + 1, LANES)};
    sum = dot(sum, left, w);
    sum = dot(sum, middle, w + 64 * LANES);
    sum = dot(sum, right, w + 128 * LANES);
    if (sums) {
        const __m256i zero = _mm256_setzero_si256();
        const struct half x_sum = add_bytes(add_bytes(add_bytes((struct half){zero, zero}, left), middle), right);
        const char *zero_point = header + 12 * 16 * LANES;
        sum.even = _mm256_sub_epi32(
            sum.even, _mm256_mullo_epi32(x_sum.even, octi_load_positions_256(zero_point, 2 * upper, LANES)));
        sum.odd = _mm256_sub_epi32(
            sum.odd, _mm256_mullo_epi32(x_sum.odd, octi_load_positions_256(zero_point, 2 * upper + 1, LANES)));
    }
    const float *bias = (const float *)(const void *)header + 16 * LANES;
    sum.even = octi_finish_vector_256(sum.even, bias, requant, 2 * upper, LANES);
    sum.odd = octi_finish_vector_256(sum.odd, bias, requant, 2 * upper + 1, LANES);
    const __m256i words = _mm256_add_epi16(_mm256_packs_epi32(sum.even, sum.odd), requant->zero_point16);
    const __m256i bytes = _mm256_packus_epi16(words, words); // eight of each lane
    uint8_t *c = line->c + j * line->c_stride + 8 * upper;
    _mm_storel_epi64((__m128i *)(void *)c, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)(void *)(c + 16), _mm256_extracti128_si256(bytes, 1));
}

OCTI_INLINE void
line_of_stride_1(const struct line *line, const struct octi_requant_256 *requant, const int upper, const bool sums)
{
    struct half p = load_column(line, 0, 0, upper);
    struct half q = load_column(line, 0, 1, upper);
    struct half r;
    for (size_t j = 0;;) {
        r = load_column(line, j, 2, upper);
        output(line, j, &p, &q, &r, requant, upper, sums);
        if (++j == line->length) {
            return;
        }
        p = load_column(line, j, 2, upper);
        output(line, j, &q, &r, &p, requant, upper, sums);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 2, upper);
        output(line, j, &r, &p, &q, requant, upper, sums);
        if (++j == line->length) {
            return;
        }
    }
}

OCTI_INLINE void
line_of_stride_2(const struct line *line, const struct octi_requant_256 *requant, const int upper, const bool sums)
{
    struct half p = load_column(line, 0, 0, upper);
    struct half q;
    struct half r;
    for (size_t j = 0;;) {
        q = load_column(line, j, 1, upper);
        r = load_column(line, j, 2, upper);
        output(line, j, &p, &q, &r, requant, upper, sums);
        if (++j == line->length) {
            return;
        }
        q = load_column(line, j, 1, upper);
        p = load_column(line, j, 2, upper);
        output(line, j, &r, &q, &p, requant, upper, sums);
        if (++j == line->length) {
            return;
        }
    }
}

static void copy_piece(const struct line *line)
{
    for (size_t j = 0; j < line->length; j++) {
        memcpy(line->call->c + (line->m + j) * line->call->c_stride + line->panel->first, line->c + j * line->c_stride,
               line->panel->n);
    }
}

// Works on copies: what it stores could, for all the compiler knows, be the call itself.
#define PANEL(name, sums)                                                                                              \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *given,                                    \
                                               const struct octi_panel *given_panel, const float bias_factor)          \
    {                                                                                                                  \
        const struct octi_qgemm_call call = *given;                                                                    \
        const struct octi_panel panel = *given_panel;                                                                  \
        const struct octi_requant_256 requant = octi_requant_product_256(call.output, bias_factor);                    \
        uint8_t buffer[PIECE * WIDTH];                                                                                 \
        struct line line = {.call = &call, .panel = &panel, .c = buffer, .c_stride = WIDTH};                           \
        for (; line.m < call.m; line.m += line.length) {                                                               \
            line.length = octi_qdwconv_line_rest(&call, line.m);                                                       \
            if (panel.n == WIDTH) {                                                                                    \
                line.c = call.c + line.m * call.c_stride + panel.first;                                                \
                line.c_stride = call.c_stride;                                                                         \
            } else if (line.length > PIECE) {                                                                          \
                line.length = PIECE;                                                                                   \
            }                                                                                                          \
            if (call.x_stride == 1) {                                                                                  \
                line_of_stride_1(&line, &requant, 0, sums);                                                            \
                line_of_stride_1(&line, &requant, 1, sums);                                                            \
            } else {                                                                                                   \
                line_of_stride_2(&line, &requant, 0, sums);                                                            \
                line_of_stride_2(&line, &requant, 1, sums);                                                            \
            }                                                                                                          \
            if (panel.n != WIDTH) {                                                                                    \
                copy_piece(&line);                                                                                     \
            }                                                                                                          \
        }                                                                                                              \
    }

PANEL(run, false)
PANEL(run_asymmetric, true)

void octi_qdwconv_3x3x32k4__avxvnni(const struct octi_qgemm_call *call,
                                    const struct octi_panels *weights,
                                    const struct octi_panel *panel)
{
    (weights->weight_zero_points ? run_asymmetric : run)(call, panel, weights->bias_factor);
}
