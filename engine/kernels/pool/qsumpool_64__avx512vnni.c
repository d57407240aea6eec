#include "engine/kernels/pool/pool.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i average_16(__m512i sum, __m512i zero_points, __m512 multiplier, const struct octi_requant_512 *requant)
{
    __m512 centred = _mm512_cvtepi32_ps(_mm512_sub_epi32(sum, zero_points));
    return octi_round_512(_mm512_mul_ps(centred, multiplier), requant);
}

void octi_qsumpool_64__avx512vnni(const struct octi_pool_window *window,
                                  const struct octi_pool_average *average,
                                  uint8_t *y)
{
    const struct octi_requant_512 requant = octi_requant_512(average->output);
    const __m512 multiplier = _mm512_set1_ps(average->multiplier);
    const int32_t n = (int32_t)(window->n_rows * window->n_columns);
    const __m512i zero_points = _mm512_set1_epi32(n * average->x_zero_point);
    for (size_t c = 0; c < window->n_channels; c += 64) {
        const size_t left = window->n_channels - c;
        const __mmask64 mask = octi_mask_64(left < 64 ? left : 64);
        struct octi_words_512 sum = octi_split_512(_mm512_setzero_si512());
        for (size_t r = 0; r < window->n_rows; r++) {
            const uint8_t *x = window->x + r * window->row_stride + c;
            for (size_t i = 0; i < window->n_columns; i++) {
                const __m512i bytes = _mm512_maskz_loadu_epi8(mask, x + i * window->column_stride);
                const struct octi_words_512 words = octi_split_512(bytes);
                sum.v0 = _mm512_add_epi32(sum.v0, words.v0);
                sum.v1 = _mm512_add_epi32(sum.v1, words.v1);
                sum.v2 = _mm512_add_epi32(sum.v2, words.v2);
                sum.v3 = _mm512_add_epi32(sum.v3, words.v3);
            }
        }
        sum.v0 = average_16(sum.v0, zero_points, multiplier, &requant);
        sum.v1 = average_16(sum.v1, zero_points, multiplier, &requant);
        sum.v2 = average_16(sum.v2, zero_points, multiplier, &requant);
        sum.v3 = average_16(sum.v3, zero_points, multiplier, &requant);
        _mm512_mask_storeu_epi8(y + c, mask, octi_pack_512(sum.v0, sum.v1, sum.v2, sum.v3, &requant));
    }
}
