#include "engine/kernels/elementwise/dequantize.h"

// A block of this many rows and columns is transposed into a buffer (8 KiB: far inside L1), then dequantized.
#define BLOCK_ROWS    256
#define BLOCK_COLUMNS 32

void octi_dequantize_transposed(const struct octi_dequantize *dequantize,
                                const struct octi_transpose *transpose,
                                size_t n_rows,
                                size_t n_columns,
                                const uint8_t *x,
                                float *y,
                                size_t y_stride,
                                float scale,
                                int32_t zero_point)
{
    if (n_columns == 1) {
        dequantize->run(n_rows, x, y, scale, zero_point);
        return;
    }
    uint8_t block[BLOCK_COLUMNS * BLOCK_ROWS];
    for (size_t row = 0; row < n_rows; row += BLOCK_ROWS) {
        size_t rows = n_rows - row < BLOCK_ROWS ? n_rows - row : BLOCK_ROWS;
        for (size_t column = 0; column < n_columns; column += BLOCK_COLUMNS) {
            size_t columns = n_columns - column < BLOCK_COLUMNS ? n_columns - column : BLOCK_COLUMNS;
            transpose->bytes(rows, columns, x + row * n_columns + column, n_columns, block, BLOCK_ROWS);
            for (size_t c = 0; c < columns; c++) {
                float *to = y + (column + c) * y_stride + row;
                dequantize->run(rows, block + c * BLOCK_ROWS, to, scale, zero_point);
            }
        }
    }
}
