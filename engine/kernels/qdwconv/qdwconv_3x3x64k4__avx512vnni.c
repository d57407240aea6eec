// DESIGN: an output line at a time, by columns of the window. The three bytes of a channel in one column of the image
// (and a zero) are a quad; unpacked once, they serve every output whose window holds that column: three at stride 1,
// every other one two at stride 2. The columns that the next output needs too stay in registers, which change roles
// instead of places: the loop is unrolled until roles repeat. At stride 1 two neighbouring outputs are computed at a
// time, and what is read of the panel serves both; at stride 2 their columns would not fit the registers.
// Some vectors of an output are multiplied while others are requantized, in the order in which it is written.
// Narrow panels compute two or four parts of the line side by side.
#include "engine/kernels/qdwconv/lines_avx512.h"

#define SIDE    3
#define VECTORS (4 * (4 + SIDE)) // of a wide panel: header and weights

OCTI_INLINE struct octi_quads_512
load_column(const struct octi_line_512 *line, struct octi_walk_512 *walk, const int lanes)
{
    octi_arrive_512(line, walk, lanes);
    const __m512i a = octi_load_512(line, walk, 0, lanes);
    const __m512i b = octi_load_512(line, walk, 1, lanes);
    const __m512i c = octi_load_512(line, walk, 2, lanes);
    octi_leave_512(walk);
    return octi_interleave_512(a, b, c, c); // what is fourth has no weight
}

OCTI_INLINE struct octi_both_512
dot_both(struct octi_both_512 sum, __m512i first, __m512i second, const char *panel, const int kx, const int j)
{
    return octi_dot_both_512(sum, first, second, panel, OCTI_WEIGHTS_512 + 4 * kx + j);
}

// Vector A of two outputs is multiplied, columns p, q, r and q, r, s; meanwhile x, vector X of the two before or vector
// X of these, becomes numbers.
#define QUARTER(A, p, q, r, s, X)                                                                                      \
    a = dot_both(octi_start_both_512(panel, A), p.v##A, q.v##A, panel, 0, A);                                          \
    x = octi_convert_both_512(x);                                                                                      \
    a = dot_both(a, q.v##A, r.v##A, panel, 1, A);                                                                      \
    x = octi_bias_both_512(x, panel, X, requant);                                                                      \
    a = dot_both(a, r.v##A, s.v##A, panel, 2, A);                                                                      \
    x = octi_round_both_512(octi_multiply_both_512(x, panel, X));

// Two outputs; what is left of the two before is done meanwhile and stored.
#define OUTPUTS(p, q, r, s)                                                                                            \
    {                                                                                                                  \
        OCTI_FORGET(panel);                                                                                            \
        OCTI_FORGET(requant);                                                                                          \
        struct octi_both_512 a;                                                                                        \
        QUARTER(0, p, q, r, s, 3)                                                                                      \
        if (j > 0) {                                                                                                   \
            c = octi_put_both_512(line, c, low, octi_words_both_512(y, x, requant), requant, lanes);                   \
        }                                                                                                              \
        x = a;                                                                                                         \
        QUARTER(1, p, q, r, s, 0)                                                                                      \
        low = x;                                                                                                       \
        x = a;                                                                                                         \
        QUARTER(2, p, q, r, s, 1)                                                                                      \
        low = octi_words_both_512(low, x, requant);                                                                    \
        x = a;                                                                                                         \
        QUARTER(3, p, q, r, s, 2)                                                                                      \
        y = x;                                                                                                         \
        x = a;                                                                                                         \
    }                                                                                                                  \
    if ((j += 2) >= line->length) {                                                                                    \
        break;                                                                                                         \
    }

OCTI_INLINE void line_of_stride_1(const struct octi_line_512 *line,
                                  struct octi_walk_512 *walk,
                                  const char *panel,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
{
    struct octi_quads_512 p = load_column(line, walk, lanes);
    struct octi_quads_512 q = load_column(line, walk, lanes);
    struct octi_quads_512 r;
    struct octi_quads_512 s;
    struct octi_both_512 x = octi_start_both_512(panel, 3);
    struct octi_both_512 y = x;
    struct octi_both_512 low = x;
    uint8_t *c = line->c;
    for (size_t j = 0;;) {
        r = load_column(line, walk, lanes);
        s = load_column(line, walk, lanes);
        OUTPUTS(p, q, r, s)
        p = load_column(line, walk, lanes);
        q = load_column(line, walk, lanes);
        OUTPUTS(r, s, p, q)
    }
    x = octi_bias_both_512(octi_convert_both_512(x), panel, 3, requant);
    x = octi_round_both_512(octi_multiply_both_512(x, panel, 3));
    octi_put_last_512(line, c, low, octi_words_both_512(y, x, requant), requant, lanes);
}

// Vectors A and B of one output.
OCTI_INLINE struct octi_both_512
dot_pair(struct octi_both_512 sum, __m512i a, __m512i b, const char *panel, const int kx, const int A)
{
    const char *w = panel + 64 * (OCTI_WEIGHTS_512 + 4 * kx + A);
    sum.first = octi_dot_u8s8_memory_512(sum.first, a, w);
    sum.second = octi_dot_u8s8_memory_512(sum.second, b, w + 64);
    return octi_here_512(sum);
}

OCTI_INLINE struct octi_both_512
requant_pair(struct octi_both_512 x, const char *panel, const int A, const struct octi_requant_512 *requant)
{
    const float *bias = (const float *)(const void *)(panel + 64 * (OCTI_BIAS_512 + A));
    const float *multiplier = (const float *)(const void *)(panel + 64 * (OCTI_MULTIPLIER_512 + A));
    __m512 t = _mm512_fmadd_ps(_mm512_loadu_ps(bias), requant->bias_factor, _mm512_castsi512_ps(x.first));
    __m512 u = _mm512_fmadd_ps(_mm512_loadu_ps(bias + 16), requant->bias_factor, _mm512_castsi512_ps(x.second));
    t = _mm512_mul_ps(t, _mm512_loadu_ps(multiplier));
    u = _mm512_mul_ps(u, _mm512_loadu_ps(multiplier + 16));
    return octi_round_both_512((struct octi_both_512){_mm512_castps_si512(t), _mm512_castps_si512(u)});
}

// Vectors A and B of an output are multiplied, while x, two of the output before or the first two of this one, become
// the words `words`.
#define HALF(A, B, p, q, r, X, words)                                                                                  \
    a.first = octi_panel_vector_512(panel, OCTI_START_512 + A);                                                        \
    a.second = octi_panel_vector_512(panel, OCTI_START_512 + B);                                                       \
    a = dot_pair(a, p.v##A, p.v##B, panel, 0, A);                                                                      \
    x = octi_convert_both_512(x);                                                                                      \
    a = dot_pair(a, q.v##A, q.v##B, panel, 1, A);                                                                      \
    x = requant_pair(x, panel, X, requant);                                                                            \
    a = dot_pair(a, r.v##A, r.v##B, panel, 2, A);                                                                      \
    words = octi_words_512(x.first, x.second, requant);                                                                \
    x = a;

#define OUTPUT(p, q, r)                                                                                                \
    {                                                                                                                  \
        OCTI_FORGET(panel);                                                                                            \
        struct octi_both_512 a;                                                                                        \
        __m512i high;                                                                                                  \
        HALF(0, 1, p, q, r, 2, high)                                                                                   \
        if (j > 0) {                                                                                                   \
            octi_put_512(line, c, octi_bytes_512(low, high, requant), lanes);                                          \
            c += line->c_stride;                                                                                       \
        }                                                                                                              \
        HALF(2, 3, p, q, r, 0, low)                                                                                    \
    }                                                                                                                  \
    if (++j == line->length) {                                                                                         \
        break;                                                                                                         \
    }

OCTI_INLINE void line_of_stride_2(const struct octi_line_512 *line,
                                  struct octi_walk_512 *walk,
                                  const char *panel,
                                  const struct octi_requant_512 *requant,
                                  const int lanes)
{
    struct octi_quads_512 p = load_column(line, walk, lanes);
    struct octi_quads_512 q;
    struct octi_quads_512 r;
    struct octi_both_512 x = octi_start_both_512(panel, 2);
    __m512i low = x.first;
    uint8_t *c = line->c;
    for (size_t j = 0;;) {
        q = load_column(line, walk, lanes);
        r = load_column(line, walk, lanes);
        OUTPUT(p, q, r)
        q = load_column(line, walk, lanes);
        p = load_column(line, walk, lanes);
        OUTPUT(r, q, p)
    }
    x = requant_pair(octi_convert_both_512(x), panel, 2, requant);
    octi_put_512(line, c, octi_bytes_512(low, octi_words_512(x.first, x.second, requant), requant), lanes);
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

OCTI_INLINE const void *widen(const void *panel, void *room, size_t x_stride, const int lanes)
{
    (void)x_stride;
    if (lanes == 4) {
        return panel;
    }
    octi_repeat_panel_512(panel, room, VECTORS, lanes);
    return room;
}

OCTI_LINE_KERNEL_512(octi_qdwconv_3x3x64k4__avx512vnni, SIDE, VECTORS)
