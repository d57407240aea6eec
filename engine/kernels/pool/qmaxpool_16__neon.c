#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/pool/pool.h"

static void one(const struct octi_pool_window *window, uint8_t *y)
{
    for (size_t c = 0; c < window->n_channels; c += 16) {
        const size_t left = window->n_channels - c;
        uint8x16_t most = vdupq_n_u8(0);
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                most = vmaxq_u8(most, octi_load_bytes_neon(x + i * window->column_stride, left));
            }
        }
        octi_store_bytes_neon(y + c, most, left);
    }
}

void octi_qmaxpool_16__neon(const struct octi_pool_window *window, uint8_t *y)
{
    const struct octi_pool_window line = octi_pool_widened(window);
    for (size_t w = 0; w < line.n_windows; w++) {
        const struct octi_pool_window at = octi_pool_window_at(&line, w);
        one(&at, y + w * line.n_channels);
    }
}
