// DESIGN: bytes in blocks of 16 x 16, partial ones under masks; a few rows, the channels of an image, are woven 64
// columns at a time instead. Words are left to AVX2: stores of 32 bytes are what they are bound by.
#include "engine/kernels/transpose/transpose.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE       static inline __attribute__((always_inline))
#define BLOCK        16
#define MAX_FEW_ROWS 4

// How 64 columns of a few rows become dense: within a 128-bit lane of four quads, which bytes come first; then, of the
// groups of four bytes that leaves, which follow one another.
struct weaving {
    __m512i pick, gather;
};

static struct weaving weaving_of(size_t rows)
{
    // For both it is "the first `rows` of each four".
    static const uint8_t first[][16] = {
        [2] = {0, 1, 4, 5, 8, 9, 12, 13},
        [3] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14},
        [4] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    };
    const __m128i of_four = _mm_loadu_si128((const __m128i *)(const void *)first[rows]);
    return (struct weaving){_mm512_broadcast_i32x4(of_four), _mm512_cvtepu8_epi32(of_four)};
}

// The 16 columns of `quads`, of which `left` exist.
INLINE void store_woven(uint8_t *y, size_t rows, size_t left, __m512i quads, const struct weaving *w)
{
    const size_t columns = left < 16 ? left : 16;
    if (columns > 0) {
        const __m512i dense = _mm512_permutexvar_epi32(w->gather, _mm512_shuffle_epi8(quads, w->pick));
        _mm512_mask_storeu_epi8(y, octi_mask_64(columns * rows), dense);
    }
}

INLINE __m512i load_row(const uint8_t *x, const __mmask64 mask)
{
    return octi_neighbours_512(_mm512_maskz_loadu_epi8(mask, x));
}

// 64 columns, or as many as are left.
INLINE void weave(size_t rows, const uint8_t *x, size_t x_stride, uint8_t *y, size_t left, const struct weaving *w)
{
    const __mmask64 mask = octi_mask_64(left < 64 ? left : 64);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i a = load_row(x, mask);
    const __m512i b = load_row(x + x_stride, mask);
    const __m512i c = rows > 2 ? load_row(x + 2 * x_stride, mask) : zero;
    const __m512i d = rows > 3 ? load_row(x + 3 * x_stride, mask) : zero;
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b);
    const __m512i ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d);
    const __m512i cd_high = _mm512_unpackhi_epi8(c, d);
    store_woven(y, rows, left, _mm512_unpacklo_epi16(ab_low, cd_low), w);
    store_woven(y + 16 * rows, rows, left > 16 ? left - 16 : 0, _mm512_unpackhi_epi16(ab_low, cd_low), w);
    store_woven(y + 32 * rows, rows, left > 32 ? left - 32 : 0, _mm512_unpacklo_epi16(ab_high, cd_high), w);
    store_woven(y + 48 * rows, rows, left > 48 ? left - 48 : 0, _mm512_unpackhi_epi16(ab_high, cd_high), w);
}

static void few_rows(size_t rows, size_t columns, const uint8_t *x, size_t x_stride, uint8_t *y)
{
    const struct weaving w = weaving_of(rows);
    size_t c = 0;
    for (; c + 64 <= columns; c += 64) {
        weave(rows, x + c, x_stride, y + c * rows, 64, &w);
    }
    if (c < columns) {
        weave(rows, x + c, x_stride, y + c * rows, columns - c, &w);
    }
}

// Four rounds of interleaving rows i and i + 8 transpose 16 x 16: each moves one more index bit from row to column.
// Only `rows` by `columns` of it exist.
INLINE void block(size_t rows, size_t columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    __m128i from[BLOCK];
    __m128i to[BLOCK];
    const __mmask16 row_mask = (__mmask16)octi_mask_64(rows), column_mask = (__mmask16)octi_mask_64(columns);
    for (size_t i = 0; i < BLOCK; i++) {
        from[i] = i < rows ? _mm_maskz_loadu_epi8(column_mask, x + i * x_stride) : _mm_setzero_si128();
    }
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < BLOCK / 2; i++) {
            to[2 * i] = _mm_unpacklo_epi8(from[i], from[i + BLOCK / 2]);
            to[2 * i + 1] = _mm_unpackhi_epi8(from[i], from[i + BLOCK / 2]);
        }
        for (size_t i = 0; i < BLOCK; i++) {
            from[i] = to[i];
        }
    }
    for (size_t i = 0; i < BLOCK && i < columns; i++) {
        _mm_mask_storeu_epi8(y + i * y_stride, row_mask, from[i]);
    }
}

void octi_transpose_16__avx512vnni_bytes(
    size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    if (n_rows >= 2 && n_rows <= MAX_FEW_ROWS && y_stride == n_rows) {
        few_rows(n_rows, n_columns, x, x_stride, y);
        return;
    }
    for (size_t c = 0; c < n_columns; c += BLOCK) {
        const size_t columns = n_columns - c < BLOCK ? n_columns - c : BLOCK;
        for (size_t r = 0; r < n_rows; r += BLOCK) {
            const size_t rows = n_rows - r < BLOCK ? n_rows - r : BLOCK;
            const uint8_t *from = x + r * x_stride + c;
            uint8_t *to = y + c * y_stride + r;
            if (rows == BLOCK && columns == BLOCK) {
                block(BLOCK, BLOCK, from, x_stride, to, y_stride);
            } else {
                block(rows, columns, from, x_stride, to, y_stride);
            }
        }
    }
}

void octi_transpose_16__avx512vnni_words(
    size_t n_rows, size_t n_columns, const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride)
{
    octi_transpose_16__avx2_words(n_rows, n_columns, x, x_stride, y, y_stride);
}
