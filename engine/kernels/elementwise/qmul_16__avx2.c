#include <immintrin.h>

#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/x86/bytes_avx2.h"
#include "engine/kernels/x86/requant_avx2.h"

static inline __attribute__((always_inline)) __m256i
multiply_eight(__m128i a, __m128i b, const struct octi_qmul_params *params, const struct octi_requant_256 *requant)
{
    __m256i xa = _mm256_sub_epi32(_mm256_cvtepu8_epi32(a), _mm256_set1_epi32(params->a_zero_point));
    __m256i xb = _mm256_sub_epi32(_mm256_cvtepu8_epi32(b), _mm256_set1_epi32(params->b_zero_point));
    __m256 product = _mm256_cvtepi32_ps(_mm256_mullo_epi32(xa, xb));
    return octi_round_256(_mm256_mul_ps(product, _mm256_set1_ps(params->multiplier)), requant);
}

void octi_qmul_16__avx2(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    const struct octi_requant_256 requant = octi_requant_256(params->output);
    for (size_t i = 0; i < n; i += 16) {
        __m128i xa = octi_load_bytes_128(a + i, n - i);
        __m128i xb = octi_load_bytes_128(b + i, n - i);
        __m256i low = multiply_eight(xa, xb, params, &requant);
        __m256i high = multiply_eight(_mm_srli_si128(xa, 8), _mm_srli_si128(xb, 8), params, &requant);
        octi_store_bytes_128(y + i, octi_pack_256(low, high, &requant), n - i);
    }
}
