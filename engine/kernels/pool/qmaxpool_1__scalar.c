#include "engine/kernels/pool/pool.h"

static uint8_t most_of(const struct octi_pool_window *window, const uint8_t *x)
{
    uint8_t most = 0;
    for (size_t r = 0; r < window->n_rows; r++) {
        for (size_t i = 0; i < window->n_columns; i++) {
            uint8_t code = x[r * window->row_stride + i * window->column_stride];
            most = code > most ? code : most;
        }
    }
    return most;
}

void octi_qmaxpool_1__scalar(const struct octi_pool_window *window, uint8_t *y)
{
    for (size_t w = 0; w < window->n_windows; w++) {
        for (size_t c = 0; c < window->n_channels; c++) {
            y[w * window->n_channels + c] = most_of(window, window->x + w * window->window_stride + c);
        }
    }
}
