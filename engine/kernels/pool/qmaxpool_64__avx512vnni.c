// DESIGN: 64 channels of all windows of the line, then the next 64. Windows of three columns at stride 1 or 2 share
// columns: the maximum over the rows of a column is computed once.
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

// `width` is a constant 16, 32 or 64: no more is read than that, so that few channels do not cross cache lines.
INLINE __m512i load(const uint8_t *x, const int width)
{
    if (width == 64) {
        return _mm512_loadu_si512(x);
    }
    return width == 32 ? _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)x))
                       : _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)x));
}

INLINE void store(uint8_t *y, const __mmask64 mask, __m512i x, const int width)
{
    if (width == 64) {
        _mm512_mask_storeu_epi8(y, mask, x);
    } else {
        _mm256_mask_storeu_epi8(y, (__mmask32)mask, _mm512_castsi512_si256(x));
    }
}

// Over `n_rows` rows of one column; a constant where it matters.
INLINE __m512i column_of(const struct octi_pool_window *line, const uint8_t *x, const size_t n_rows, const int width)
{
    __m512i most = load(x, width);
    for (size_t r = 1; r < n_rows; r++) {
        most = _mm512_max_epu8(most, load(x + r * line->row_stride, width));
    }
    return most;
}

INLINE __m512i window_of(
    const struct octi_pool_window *line, const uint8_t *x, const size_t n_rows, const size_t n_columns, const int width)
{
    __m512i most = column_of(line, x, n_rows, width);
    for (size_t i = 1; i < n_columns; i++) {
        most = _mm512_max_epu8(most, column_of(line, x + i * line->column_stride, n_rows, width));
    }
    return most;
}

INLINE void apart(const struct octi_pool_window *line,
                  const uint8_t *x,
                  uint8_t *y,
                  const __mmask64 mask,
                  const size_t n_rows,
                  const size_t n_columns,
                  const int width)
{
    for (size_t w = 0; w < line->n_windows; w++, x += line->window_stride, y += line->n_channels) {
        store(y, mask, window_of(line, x, n_rows, n_columns, width), width);
    }
}

// Three columns, each window beginning one column behind the one before.
INLINE void sharing_two(const struct octi_pool_window *line,
                        const uint8_t *x,
                        uint8_t *y,
                        const __mmask64 mask,
                        const size_t n_rows,
                        const int width)
{
    const size_t stride = line->column_stride;
    __m512i left = column_of(line, x, n_rows, width);
    __m512i middle = column_of(line, x + stride, n_rows, width);
    x += 2 * stride;
    for (size_t w = 0; w < line->n_windows; w++, x += stride, y += line->n_channels) {
        const __m512i right = column_of(line, x, n_rows, width);
        store(y, mask, _mm512_max_epu8(_mm512_max_epu8(left, middle), right), width);
        left = middle;
        middle = right;
    }
}

// The same, two columns behind.
INLINE void sharing_one(const struct octi_pool_window *line,
                        const uint8_t *x,
                        uint8_t *y,
                        const __mmask64 mask,
                        const size_t n_rows,
                        const int width)
{
    const size_t stride = line->column_stride;
    __m512i left = column_of(line, x, n_rows, width);
    x += stride;
    for (size_t w = 0; w < line->n_windows; w++, x += 2 * stride, y += line->n_channels) {
        const __m512i middle = column_of(line, x, n_rows, width);
        const __m512i right = column_of(line, x + stride, n_rows, width);
        store(y, mask, _mm512_max_epu8(_mm512_max_epu8(left, middle), right), width);
        left = right;
    }
}

// Up to `width` channels, those that `mask` has.
INLINE void
channels(const struct octi_pool_window *line, const uint8_t *x, uint8_t *y, const __mmask64 mask, const int width)
{
    const bool three = line->n_rows == 3 && line->n_columns == 3;
    if (three && line->window_stride == line->column_stride) {
        sharing_two(line, x, y, mask, 3, width);
    } else if (three && line->window_stride == 2 * line->column_stride) {
        sharing_one(line, x, y, mask, 3, width);
    } else if (line->n_columns == 3 && line->window_stride == line->column_stride) {
        sharing_two(line, x, y, mask, line->n_rows, width);
    } else if (line->n_rows == 2 && line->n_columns == 2) {
        apart(line, x, y, mask, 2, 2, width);
    } else {
        apart(line, x, y, mask, line->n_rows, line->n_columns, width);
    }
}

void octi_qmaxpool_64__avx512vnni(const struct octi_pool_window *window, uint8_t *y)
{
    // Fewer channels than a vector holds: those of neighbouring windows together fill it.
    const struct octi_pool_window line = window->n_channels < 64 ? octi_pool_widened(window) : *window;
    size_t c = 0;
    for (; c + 64 <= line.n_channels; c += 64) {
        channels(&line, line.x + c, y + c, ~(__mmask64)0, 64);
    }
    const size_t left = line.n_channels - c;
    if (left > 32) {
        channels(&line, line.x + c, y + c, octi_mask_64(left), 64);
    } else if (left > 16) {
        channels(&line, line.x + c, y + c, octi_mask_64(left), 32);
    } else if (left > 0) {
        channels(&line, line.x + c, y + c, octi_mask_64(left), 16);
    }
}
