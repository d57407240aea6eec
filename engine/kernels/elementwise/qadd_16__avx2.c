#include <immintrin.h>

#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/x86/bytes_avx2.h"
#include "engine/kernels/x86/requant_avx2.h"

static inline __attribute__((always_inline)) __m256 real(__m128i codes, int32_t zero_point, float scale)
{
    __m256i centred = _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), _mm256_set1_epi32(zero_point));
    return _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(centred));
}

static inline __attribute__((always_inline)) __m256i
add_eight(__m128i a, __m128i b, const struct octi_qadd_params *params, const struct octi_requant_256 *requant)
{
    __m256 sum =
        _mm256_add_ps(real(a, params->a_zero_point, params->a_scale), real(b, params->b_zero_point, params->b_scale));
    return octi_round_256(_mm256_mul_ps(sum, _mm256_set1_ps(params->inverse_scale)), requant);
}

void octi_qadd_16__avx2(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    const struct octi_requant_256 requant = octi_requant_256(params->output);
    for (size_t i = 0; i < n; i += 16) {
        __m128i xa = octi_load_bytes_128(a + i, n - i);
        __m128i xb = octi_load_bytes_128(b + i, n - i);
        __m256i low = add_eight(xa, xb, params, &requant);
        __m256i high = add_eight(_mm_srli_si128(xa, 8), _mm_srli_si128(xb, 8), params, &requant);
        octi_store_bytes_128(y + i, octi_pack_256(low, high, &requant), n - i);
    }
}
