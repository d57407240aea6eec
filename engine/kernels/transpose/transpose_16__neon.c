// Blocks of 16 x 16 bytes or 4 x 4 words in registers; what is left over at the edges goes element by element.
#include <arm_neon.h>

#include "engine/kernels/transpose/transpose.h"

#define BLOCK_BYTES 16
#define BLOCK_WORDS 4

// Four rounds of interleaving rows i and i + 8 transpose 16 x 16: each moves one more index bit from row to column.
static void block_bytes(const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    uint8x16_t from[BLOCK_BYTES];
    uint8x16_t to[BLOCK_BYTES];
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        from[i] = vld1q_u8(x + i * x_stride);
    }
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < BLOCK_BYTES / 2; i++) {
            to[2 * i] = vzip1q_u8(from[i], from[i + BLOCK_BYTES / 2]);
            to[2 * i + 1] = vzip2q_u8(from[i], from[i + BLOCK_BYTES / 2]);
        }
        for (size_t i = 0; i < BLOCK_BYTES; i++) {
            from[i] = to[i];
        }
    }
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        vst1q_u8(y + i * y_stride, from[i]);
    }
}

void octi_transpose_16__neon_bytes(
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

// The same in two rounds.
static void block_words(const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride)
{
    const uint32x4_t a = vld1q_u32(x);
    const uint32x4_t b = vld1q_u32(x + x_stride);
    const uint32x4_t c = vld1q_u32(x + 2 * x_stride);
    const uint32x4_t d = vld1q_u32(x + 3 * x_stride);
    const uint32x4_t ac_low = vzip1q_u32(a, c);
    const uint32x4_t ac_high = vzip2q_u32(a, c);
    const uint32x4_t bd_low = vzip1q_u32(b, d);
    const uint32x4_t bd_high = vzip2q_u32(b, d);
    vst1q_u32(y, vzip1q_u32(ac_low, bd_low));
    vst1q_u32(y + y_stride, vzip2q_u32(ac_low, bd_low));
    vst1q_u32(y + 2 * y_stride, vzip1q_u32(ac_high, bd_high));
    vst1q_u32(y + 3 * y_stride, vzip2q_u32(ac_high, bd_high));
}

void octi_transpose_16__neon_words(
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
