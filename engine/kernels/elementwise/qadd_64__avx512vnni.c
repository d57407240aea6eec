#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

INLINE __m512 real(__m512i code, const __m512i zero_point, const __m512 scale)
{
    return _mm512_mul_ps(scale, _mm512_cvtepi32_ps(_mm512_sub_epi32(code, zero_point)));
}

void octi_qadd_64__avx512vnni(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    const struct octi_requant_512 requant = octi_requant_512(params->output);
    const __m512i a_zero = _mm512_set1_epi32(params->a_zero_point);
    const __m512i b_zero = _mm512_set1_epi32(params->b_zero_point);
    const __m512 a_scale = _mm512_set1_ps(params->a_scale);
    const __m512 b_scale = _mm512_set1_ps(params->b_scale);
    const __m512 inverse = _mm512_set1_ps(params->inverse_scale);
    for (size_t i = 0; i < n; i += 64) {
        const __mmask64 mask = octi_mask_64(n - i < 64 ? n - i : 64);
        const struct octi_words_512 xa = octi_split_512(_mm512_maskz_loadu_epi8(mask, a + i));
        const struct octi_words_512 xb = octi_split_512(_mm512_maskz_loadu_epi8(mask, b + i));
#define ADD(part)                                                                                                      \
    octi_round_512(                                                                                                    \
        _mm512_mul_ps(_mm512_add_ps(real(xa.part, a_zero, a_scale), real(xb.part, b_zero, b_scale)), inverse),         \
        &requant)
        __m512i bytes = octi_pack_512(ADD(v0), ADD(v1), ADD(v2), ADD(v3), &requant);
#undef ADD
        _mm512_mask_storeu_epi8(y + i, mask, bytes);
    }
}
