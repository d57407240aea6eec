#include <immintrin.h>

#include "engine/kernels/pool/pool.h"
#include "engine/kernels/x86/bytes_avx2.h"
#include "engine/kernels/x86/requant_avx2.h"

static inline __attribute__((always_inline)) __m256i
average_eight(__m256i sum, __m256i zero_points, __m256 multiplier, const struct octi_requant_256 *requant)
{
    __m256 centred = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, zero_points));
    return octi_round_256(_mm256_mul_ps(centred, multiplier), requant);
}

static void one(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    const struct octi_requant_256 requant = octi_requant_256(average->output);
    const __m256 multiplier = _mm256_set1_ps(average->multiplier);
    const int32_t n = (int32_t)(window->n_rows * window->n_columns);
    const __m256i zero_points = _mm256_set1_epi32(n * average->x_zero_point);
    for (size_t c = 0; c < window->n_channels; c += 16) {
        const size_t left = window->n_channels - c;
        __m256i low = _mm256_setzero_si256();
        __m256i high = low;
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                __m128i bytes = octi_load_bytes_128(x + i * window->column_stride, left);
                low = _mm256_add_epi32(low, _mm256_cvtepu8_epi32(bytes));
                high = _mm256_add_epi32(high, _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
            }
        }
        low = average_eight(low, zero_points, multiplier, &requant);
        high = average_eight(high, zero_points, multiplier, &requant);
        octi_store_bytes_128(y + c, octi_pack_256(low, high, &requant), left);
    }
}

void octi_qsumpool_16__avx2(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y)
{
    const struct octi_pool_window line = octi_pool_widened(window);
    for (size_t w = 0; w < line.n_windows; w++) {
        const struct octi_pool_window at = octi_pool_window_at(&line, w);
        one(&at, average, y + w * line.n_channels);
    }
}
