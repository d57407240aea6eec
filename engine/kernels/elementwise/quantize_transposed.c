#include "engine/kernels/elementwise/quantize.h"

// A block of this many rows and columns is quantized into a buffer (8 KiB: far inside L1), then transposed.
#define BLOCK_ROWS    32
#define BLOCK_COLUMNS 256

void octi_quantize_transposed(const struct octi_quantize *quantize,
                              const struct octi_transpose *transpose,
                              size_t n_rows,
                              size_t n_columns,
                              const float *x,
                              size_t x_stride,
                              uint8_t *y,
                              const struct octi_quantizer *quantizer)
{
    if (n_rows == 1) {
        quantize->run(n_columns, x, y, quantizer);
        return;
    }
    uint8_t block[BLOCK_ROWS * BLOCK_COLUMNS];
    for (size_t column = 0; column < n_columns; column += BLOCK_COLUMNS) {
        size_t columns = n_columns - column < BLOCK_COLUMNS ? n_columns - column : BLOCK_COLUMNS;
        for (size_t row = 0; row < n_rows; row += BLOCK_ROWS) {
            size_t rows = n_rows - row < BLOCK_ROWS ? n_rows - row : BLOCK_ROWS;
            for (size_t r = 0; r < rows; r++) {
                const float *from = x + (row + r) * x_stride + column;
                quantize->run(columns, from, block + r * BLOCK_COLUMNS, quantizer);
            }
            transpose->bytes(rows, columns, block, BLOCK_COLUMNS, y + column * n_rows + row, n_rows);
        }
    }
}
