#include "engine/kernels/pool/pool.h"

void octi_qmaxpool_1__scalar(const struct octi_pool_window *window, uint8_t *y)
{
    for (size_t c = 0; c < window->n_channels; c++) {
        uint8_t most = 0;
        for (size_t r = 0; r < window->n_rows; r++) {
            for (size_t i = 0; i < window->n_columns; i++) {
                uint8_t x = window->x[r * window->row_stride + i * window->column_stride + c];
                most = x > most ? x : most;
            }
        }
        y[c] = most;
    }
}
