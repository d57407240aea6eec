/// Output lines of a depthwise convolution in AVX-512.
///
/// Zen 5 loads twice a cycle, whatever the width; with the products of small windows that is what is shortest, and an
/// address that comes from memory costs as much as a vector of weights. So addresses are taken from the table once a
/// line and stepped in registers, and what is read of the panel serves two outputs.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_LINES_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_LINES_AVX512_H

#include "engine/kernels/qdwconv/pixels_avx512.h"

/// Rows of a window that are walked along.
#define OCTI_ROWS_512 5

/// Vectors of a wide panel.
#define OCTI_START_512      0
#define OCTI_BIAS_512       4
#define OCTI_MULTIPLIER_512 8
#define OCTI_WEIGHTS_512    16

/// One output line, in 4 / lanes parts of one length side by side; the last ones overlap their neighbours.
struct octi_line_512 {
    const uint8_t *padding;
    size_t step;                        ///< BYTES between columns
    size_t first, end;                  ///< columns of the line's windows that lie in the image
    const uint8_t *rows[OCTI_ROWS_512]; ///< where the first of them is
    size_t d1, d2, d3;                  ///< outputs from part 0 to the others
    size_t column1, column2, column3;   ///< columns from part 0 to the others
    size_t at1, at2, at3;               ///< the same in BYTES
    size_t length;                      ///< outputs of a part
    uint8_t *c;
    size_t c_stride;
    __mmask64 mask;
};

/// Where a walk along the columns of a line is: `at` BYTES behind an address in each row, for `left` columns more.
/// Where all parts lie in the image (`whole`), the others are as far behind part 0 in every row; where not, addresses
/// are computed each time.
struct octi_walk_512 {
    const uint8_t *p0, *p1, *p2, *p3, *p4;
    size_t at, step;
    size_t left;
    size_t column;
    size_t next; ///< column behind those left
    bool whole;
};

/// To be called before a column is loaded.
OCTI_INLINE void octi_arrive_512(const struct octi_line_512 *line, struct octi_walk_512 *walk, const int lanes)
{
    if (__builtin_expect(walk->left != 0, 1)) {
        return;
    }
    const size_t column = walk->next;
    const size_t others = lanes == 4 ? 0 : line->column3;
    const bool inside = column >= line->first && column + others < line->end;
    walk->left = inside ? line->end - others - column : column < line->first ? line->first - column : SIZE_MAX;
    walk->next += walk->left;
    walk->whole = inside;
    walk->step = inside ? line->step : 0;
    walk->at = inside ? (column - line->first) * line->step : 0;
    walk->p0 = inside ? line->rows[0] : line->padding;
    walk->p1 = inside ? line->rows[1] : line->padding;
    walk->p2 = inside ? line->rows[2] : line->padding;
    walk->p3 = inside ? line->rows[3] : line->padding;
    walk->p4 = inside ? line->rows[4] : line->padding;
}

/// To be called behind it.
OCTI_INLINE void octi_leave_512(struct octi_walk_512 *walk)
{
    walk->at += walk->step;
    walk->column++;
    walk->left--;
}

OCTI_INLINE const uint8_t *octi_place_512(const struct octi_line_512 *line, size_t column, const int k)
{
    const size_t behind = column - line->first;
    return behind < line->end - line->first ? line->rows[k] + behind * line->step : line->padding;
}

/// 32 bytes of two parts, or 16 of four.
OCTI_INLINE __m512i
octi_gather_parts_512(const void *p0, const void *p1, const void *p2, const void *p3, const int lanes)
{
    if (lanes == 2) {
        return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256(p0)), _mm256_loadu_si256(p1), 1);
    }
    __m512i x = _mm512_castsi128_si512(_mm_loadu_si128(p0)); // one register: there are kernels that have no more
    x = _mm512_inserti32x4(x, _mm_loadu_si128(p1), 1);
    x = _mm512_inserti32x4(x, _mm_loadu_si128(p2), 2);
    return _mm512_inserti32x4(x, _mm_loadu_si128(p3), 3);
}

/// The column in row k, which is a constant.
OCTI_INLINE __m512i octi_load_512(const struct octi_line_512 *line,
                                  const struct octi_walk_512 *walk,
                                  const int k,
                                  const int lanes)
{
    const uint8_t *row = k == 0 ? walk->p0 : k == 1 ? walk->p1 : k == 2 ? walk->p2 : k == 3 ? walk->p3 : walk->p4;
    const uint8_t *p = row + walk->at;
    if (lanes == 4) {
        return _mm512_loadu_si512(p);
    }
    if (__builtin_expect(walk->whole, 1)) {
        return octi_gather_parts_512(p, p + line->at1, p + line->at2, p + line->at3, lanes);
    }
    return octi_gather_parts_512(octi_place_512(line, walk->column, k),
                                 octi_place_512(line, walk->column + line->column1, k),
                                 octi_place_512(line, walk->column + line->column2, k),
                                 octi_place_512(line, walk->column + line->column3, k), lanes);
}

/// The same 16 positions of two neighbouring outputs.
struct octi_both_512 {
    __m512i first, second;
};

/// Instructions stay on their side of this: the order in which things are written is what the core's schedulers, which
/// see a fraction of an output's instructions, need.
OCTI_INLINE struct octi_both_512 octi_here_512(struct octi_both_512 x)
{
    __asm__ volatile("" : "+v"(x.first), "+v"(x.second));
    return x;
}

OCTI_INLINE __m512i octi_panel_vector_512(const char *panel, const int i)
{
    return octi_keep_512(_mm512_loadu_si512(panel + 64 * i));
}

OCTI_INLINE struct octi_both_512 octi_start_both_512(const char *panel, const int j)
{
    const __m512i start = octi_panel_vector_512(panel, OCTI_START_512 + j);
    return (struct octi_both_512){start, start};
}

OCTI_INLINE struct octi_both_512
octi_dot_both_512(struct octi_both_512 sum, __m512i first, __m512i second, const char *panel, const int i)
{
    const __m512i w = octi_panel_vector_512(panel, i);
    sum.first = octi_dot_u8s8_512(sum.first, first, w);
    sum.second = octi_dot_u8s8_512(sum.second, second, w);
    return octi_here_512(sum);
}

/// The steps of requantization; floats lie in integer vectors.
OCTI_INLINE struct octi_both_512 octi_convert_both_512(struct octi_both_512 x)
{
    x.first = _mm512_castps_si512(_mm512_cvtepi32_ps(x.first));
    x.second = _mm512_castps_si512(_mm512_cvtepi32_ps(x.second));
    return octi_here_512(x);
}

/// Two vectors as words with the zero point.
OCTI_INLINE __m512i octi_words_512(__m512i a, __m512i b, const struct octi_requant_512 *requant)
{
    return _mm512_adds_epi16(_mm512_packs_epi32(a, b), requant->zero_point16);
}

/// An output of each part, part 0's at `c`.
OCTI_INLINE void octi_put_512(const struct octi_line_512 *line, uint8_t *c, __m512i bytes, const int lanes)
{
    if (lanes == 4) {
        _mm512_mask_storeu_epi8(c, line->mask, bytes);
        return;
    }
    uint8_t *c1 = c + line->d1 * line->c_stride;
    if (lanes == 2) {
        const __mmask32 half = (__mmask32)line->mask;
        _mm256_mask_storeu_epi8(c, half, _mm512_castsi512_si256(bytes));
        _mm256_mask_storeu_epi8(c1, half, _mm512_extracti64x4_epi64(bytes, 1));
        return;
    }
    const __mmask16 few = (__mmask16)line->mask;
    _mm_mask_storeu_epi8(c, few, _mm512_castsi512_si128(bytes));
    _mm_mask_storeu_epi8(c1, few, _mm512_extracti32x4_epi32(bytes, 1));
    _mm_mask_storeu_epi8(c + line->d2 * line->c_stride, few, _mm512_extracti32x4_epi32(bytes, 2));
    _mm_mask_storeu_epi8(c + line->d3 * line->c_stride, few, _mm512_extracti32x4_epi32(bytes, 3));
}

/// Columns of the windows of a line that lie in the image, the same in every line of as many outputs from `begin` on.
struct octi_columns_512 {
    size_t outputs; ///< 0: nothing is known yet
    size_t begin;
    size_t first, end;
    size_t pixel; ///< output that sees the first one,
    size_t kx;    ///< as its column kx
};

/// Is column `column` of row `ky` of the windows of the n rows of the call from m padding?
OCTI_INLINE bool octi_is_padding_512(
    const struct octi_qgemm_call *call, size_t m, size_t n, size_t tap, size_t column, const size_t x_stride)
{
    const size_t first = x_stride == 2 ? column / 2 : column; // output that sees it first
    const size_t pixel = first < n - 1 ? first : n - 1;
    return call->offsets[(tap + column - pixel * x_stride) * call->offset_stride + m + pixel] == OCTI_QGEMM_PADDING;
}

/// Finds them for the n rows of the call from m, pixels of their line from `begin` on, in a row that lies in the image,
/// if one does: the one in the middle is the most likely.
OCTI_INLINE void octi_find_columns_512(const struct octi_qgemm_call *call,
                                       size_t m,
                                       size_t n,
                                       size_t begin,
                                       const size_t height,
                                       const size_t width,
                                       const size_t x_stride,
                                       struct octi_columns_512 *columns)
{
    if (columns->begin != begin) {
        columns->outputs = 0;
    }
    for (size_t i = 0; i < height && columns->outputs != n; i++) {
        const size_t ky = (i + height / 2) % height;
        const size_t tap = ky * width;
        size_t end = (n - 1) * x_stride + width;
        size_t first = 0;
        while (first < end && octi_is_padding_512(call, m, n, tap, first, x_stride)) {
            first++;
        }
        while (end > first && octi_is_padding_512(call, m, n, tap, end - 1, x_stride)) {
            end--;
        }
        if (first < end) {
            columns->outputs = n;
            columns->begin = begin;
            columns->first = first;
            columns->end = end;
            columns->pixel = first / x_stride < n - 1 ? first / x_stride : n - 1;
            columns->kx = first - columns->pixel * x_stride;
        }
    }
}

/// The n rows of the call from m, which are of one line, under windows of `height` rows and `width` columns.
OCTI_INLINE void octi_line_512(const struct octi_qgemm_call *call,
                               const struct octi_panel *panel,
                               size_t m,
                               size_t n,
                               size_t begin,
                               const size_t height,
                               const size_t width,
                               const size_t x_stride,
                               const int lanes,
                               struct octi_columns_512 *columns,
                               struct octi_line_512 *line)
{
    const size_t parts = (size_t)(4 / lanes);
    octi_find_columns_512(call, m, n, begin, height, width, x_stride, columns);
    const bool found = columns->outputs == n;
    line->padding = call->padding + panel->first;
    line->step = call->a_stride;
    line->first = found ? columns->first : 0;
    line->end = found ? columns->end : 0;
    const int32_t *offsets = call->offsets + columns->kx * call->offset_stride + m + columns->pixel;
    for (size_t ky = 0; ky < OCTI_ROWS_512; ky++) {
        const int32_t offset = ky < height && found ? offsets[ky * width * call->offset_stride] : OCTI_QGEMM_PADDING;
        line->rows[ky] = (offset == OCTI_QGEMM_PADDING ? call->padding : call->a + offset) + panel->first;
    }
    line->length = (n + parts - 1) / parts;
    const size_t last = n - line->length;
    line->d1 = line->length < last ? line->length : last;
    line->d2 = 2 * line->length < last ? 2 * line->length : last;
    line->d3 = last;
    line->column1 = line->d1 * x_stride;
    line->column2 = line->d2 * x_stride;
    line->column3 = line->d3 * x_stride;
    line->at1 = line->column1 * line->step;
    line->at2 = line->column2 * line->step;
    line->at3 = line->column3 * line->step;
    line->c = call->c + m * call->c_stride + panel->first;
    line->c_stride = call->c_stride;
    line->mask = octi_mask_64(panel->n);
}

/// A kernel that works along lines, for windows of side x side: `run_line` (line, walk, panel, requant, x_stride,
/// lanes) for every width of panel and stride, each with a register allocation of its own. They read a panel of four
/// lanes and `vectors` vectors that `widen` (panel, room for it, x_stride, lanes) gives.
#define OCTI_LINE_PANEL_512(name, side, vectors, lanes, x_stride)                                                      \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panel *panel,     \
                                               const float bias_factor)                                                \
    {                                                                                                                  \
        _Alignas(64) char room[64 * (vectors)];                                                                        \
        const char *wide = widen(panel->bytes, room, x_stride, lanes);                                                 \
        OCTI_FORGET(wide);                                                                                             \
        const struct octi_requant_512 requant = octi_requant_product_512(call->output, bias_factor);                   \
        struct octi_columns_512 columns = {0};                                                                         \
        size_t begin = call->line_first % call->line;                                                                  \
        size_t n;                                                                                                      \
        for (size_t m = 0; m < call->m; m += n) {                                                                      \
            n = call->line - begin < call->m - m ? call->line - begin : call->m - m;                                   \
            struct octi_line_512 line;                                                                                 \
            octi_line_512(call, panel, m, n, begin, side, side, x_stride, lanes, &columns, &line);                     \
            struct octi_walk_512 walk = {0};                                                                           \
            run_line(&line, &walk, wide, &requant, x_stride, lanes);                                                   \
            begin = 0;                                                                                                 \
        }                                                                                                              \
    }

#define OCTI_LINE_KERNEL_512(kernel, side, vectors)                                                                    \
    OCTI_LINE_PANEL_512(run_64_1, side, vectors, 4, 1)                                                                 \
    OCTI_LINE_PANEL_512(run_32_1, side, vectors, 2, 1)                                                                 \
    OCTI_LINE_PANEL_512(run_16_1, side, vectors, 1, 1)                                                                 \
    OCTI_LINE_PANEL_512(run_64_2, side, vectors, 4, 2)                                                                 \
    OCTI_LINE_PANEL_512(run_32_2, side, vectors, 2, 2)                                                                 \
    OCTI_LINE_PANEL_512(run_16_2, side, vectors, 1, 2)                                                                 \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        const float bias_factor = weights->bias_factor;                                                                \
        const bool one = call->x_stride == 1;                                                                          \
        if (octi_is_special_512(weights)) {                                                                            \
            octi_column_pixels_512(call, panel, bias_factor, side, side);                                              \
        } else if (panel->width == 64) {                                                                               \
            (one ? run_64_1 : run_64_2)(call, panel, bias_factor);                                                     \
        } else if (panel->width == 32) {                                                                               \
            (one ? run_32_1 : run_32_2)(call, panel, bias_factor);                                                     \
        } else {                                                                                                       \
            (one ? run_16_1 : run_16_2)(call, panel, bias_factor);                                                     \
        }                                                                                                              \
    }

#endif
