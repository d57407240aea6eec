#include "engine/kernels/transpose/transpose.h"

void octi_transpose_1__scalar_bytes(
    size_t n_rows, size_t n_columns, const uint8_t *x, size_t x_stride, uint8_t *y, size_t y_stride)
{
    for (size_t c = 0; c < n_columns; c++) {
        for (size_t r = 0; r < n_rows; r++) {
            y[c * y_stride + r] = x[r * x_stride + c];
        }
    }
}

void octi_transpose_1__scalar_words(
    size_t n_rows, size_t n_columns, const uint32_t *x, size_t x_stride, uint32_t *y, size_t y_stride)
{
    for (size_t c = 0; c < n_columns; c++) {
        for (size_t r = 0; r < n_rows; r++) {
            y[c * y_stride + r] = x[r * x_stride + c];
        }
    }
}
