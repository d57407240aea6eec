#include <immintrin.h>
#include <string.h>

#include "engine/kernels/pool/pool.h"

// The last, partial block of channels.
static void rest(const struct octi_pool_window *window, size_t first, uint8_t *y)
{
    struct octi_pool_window narrow = *window;
    narrow.x += first;
    narrow.n_channels -= first;
    octi_qmaxpool_1__scalar(&narrow, y + first);
}

static void one(const struct octi_pool_window *window, uint8_t *y)
{
    size_t c = 0;
    for (; c + 32 <= window->n_channels; c += 32) {
        __m256i most = _mm256_setzero_si256();
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                const __m256i *position = (const __m256i *)(const void *)(x + i * window->column_stride);
                most = _mm256_max_epu8(most, _mm256_loadu_si256(position));
            }
        }
        _mm256_storeu_si256((__m256i *)(void *)(y + c), most);
    }
    if (c < window->n_channels) {
        rest(window, c, y);
    }
}

void octi_qmaxpool_32__avx2(const struct octi_pool_window *window, uint8_t *y)
{
    const struct octi_pool_window line = octi_pool_widened(window);
    for (size_t w = 0; w < line.n_windows; w++) {
        const struct octi_pool_window at = octi_pool_window_at(&line, w);
        one(&at, y + w * line.n_channels);
    }
}
