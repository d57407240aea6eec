// Blocks of 16 x 16 bytes or 8 x 8 words in registers; what is left over at the edges goes element by element.
#include <immintrin.h>

#include "engine/kernels/transpose/transpose.h"

#define BLOCK_BYTES 16
#define BLOCK_WORDS 8

// Four rounds of interleaving rows i and i + 8 transpose 16 x 16: each moves one more index bit from row to column.
static void block_bytes(const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    __m128i from[BLOCK_BYTES];
    __m128i to[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        from[i] = _mm_loadu_si128((const __m128i *)(const void *)(x + i * x_stride));
    }
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < BLOCK_BYTES / 2; i++) {
            to[2 * i] = _mm_unpacklo_epi8(from[i], from[i + BLOCK_BYTES / 2]);
            to[2 * i + 1] = _mm_unpackhi_epi8(from[i], from[i + BLOCK_BYTES / 2]);
        }
        for (size_t i = 0; i < BLOCK_BYTES; i++) {
            from[i] = to[i];
        }
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        _mm_storeu_si128((__m128i *)(void *)(y + i * y_stride), from[i]);
    }
}

void octi_transpose_16__avx2_bytes(
    size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    size_t whole_rows = n_rows - n_rows % BLOCK_BYTES;
    size_t whole_columns = n_columns - n_columns % BLOCK_BYTES;
    for (size_t c = 0; c < whole_columns; c += BLOCK_BYTES) {
        for (size_t r = 0; r < whole_rows; r += BLOCK_BYTES) {
            block_bytes(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
        }
    }
    octi_transpose_1__scalar_bytes(n_rows - whole_rows, n_columns, x + whole_rows * x_stride, x_stride, y + whole_rows,
                                   y_stride);
    octi_transpose_1__scalar_bytes(whole_rows, n_columns - whole_columns, x + whole_columns, x_stride,
                                   y + whole_columns * y_stride, y_stride);
}

static void block_words(const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride)
{
    __m256i from[BLOCK_WORDS];
    __m256i pairs[BLOCK_WORDS];
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        from[i] = _mm256_loadu_si256((const __m256i *)(const void *)(x + i * x_stride));
    }
    for (size_t i = 0; i < BLOCK_WORDS; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(from[i], from[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(from[i], from[i + 1]);
    }
    for (size_t i = 0; i < BLOCK_WORDS; i += 4) {
        from[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        from[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        from[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        from[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (size_t i = 0; i < BLOCK_WORDS / 2; i++) {
        __m256i low = _mm256_permute2x128_si256(from[i], from[i + 4], 0x20);
        __m256i high = _mm256_permute2x128_si256(from[i], from[i + 4], 0x31);
        _mm256_storeu_si256((__m256i *)(void *)(y + i * y_stride), low);
        _mm256_storeu_si256((__m256i *)(void *)(y + (i + 4) * y_stride), high);
    }
}

void octi_transpose_16__avx2_words(
    size_t n_rows, size_t n_columns, const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride)
{
    size_t whole_rows = n_rows - n_rows % BLOCK_WORDS;
    size_t whole_columns = n_columns - n_columns % BLOCK_WORDS;
    for (size_t c = 0; c < whole_columns; c += BLOCK_WORDS) {
        for (size_t r = 0; r < whole_rows; r += BLOCK_WORDS) {
            block_words(x + r * x_stride + c, x_stride, y + c * y_stride + r, y_stride);
        }
    }
    octi_transpose_1__scalar_words(n_rows - whole_rows, n_columns, x + whole_rows * x_stride, x_stride, y + whole_rows,
                                   y_stride);
    octi_transpose_1__scalar_words(whole_rows, n_columns - whole_columns, x + whole_columns, x_stride,
                                   y + whole_columns * y_stride, y_stride);
}
