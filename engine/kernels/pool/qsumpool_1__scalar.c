#include "engine/kernels/pool/pool.h"

void octi_qsumpool_1__scalar(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    int32_t n = (int32_t)(window->n_rows * window->n_columns);
    for (size_t c = 0; c < window->n_channels; c++) {
        int32_t sum = 0;
        for (size_t r = 0; r < window->n_rows; r++) {
            for (size_t i = 0; i < window->n_columns; i++) {
                sum += window->x[r * window->row_stride + i * window->column_stride + c];
            }
        }
        y[c] = (uint8_t)octi_requantize(sum - n * average->x_zero_point, average->multiplier, average->output);
    }
}
