#include "engine/kernels/pool/pool.h"

static int32_t sum_of(const struct octi_pool_window *window, const uint8_t *x)
{
    int32_t sum = 0;
    for (size_t r = 0; r < window->n_rows; r++) {
        for (size_t i = 0; i < window->n_columns; i++) {
            sum += x[r * window->row_stride + i * window->column_stride];
        }
    }
    return sum;
}

void octi_qsumpool_1__scalar(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    int32_t n = (int32_t)(window->n_rows * window->n_columns);
    for (size_t w = 0; w < window->n_windows; w++) {
        for (size_t c = 0; c < window->n_channels; c++) {
            int32_t sum = sum_of(window, window->x + w * window->window_stride + c) - n * average->x_zero_point;
            y[w * window->n_channels + c] = (uint8_t)octi_requantize(sum, average->multiplier, average->output);
        }
    }
}
