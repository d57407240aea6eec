#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

void octi_qmul_64__avx512vnni(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    const struct octi_requant_512 requant = octi_requant_512(params->output);
    const __m512i a_zero = _mm512_set1_epi32(params->a_zero_point);
    const __m512i b_zero = _mm512_set1_epi32(params->b_zero_point);
    const __m512 multiplier = _mm512_set1_ps(params->multiplier);
    for (size_t i = 0; i < n; i += 64) {
        const __mmask64 mask = octi_mask_64(n - i < 64 ? n - i : 64);
        const struct octi_words_512 xa = octi_split_512(_mm512_maskz_loadu_epi8(mask, a + i));
        const struct octi_words_512 xb = octi_split_512(_mm512_maskz_loadu_epi8(mask, b + i));
        // Centred values fit 16 bits with their sign, so vpmaddwd with zeros above them is a 32-bit product at full
        // rate.
#define MULTIPLY(part)                                                                                                 \
    octi_round_512(_mm512_mul_ps(_mm512_cvtepi32_ps(                                                                   \
                                     _mm512_madd_epi16(_mm512_and_si512(_mm512_sub_epi32(xa.part, a_zero), low_words), \
                                                       _mm512_sub_epi32(xb.part, b_zero))),                            \
                                 multiplier),                                                                          \
                   &requant)
        const __m512i low_words = _mm512_set1_epi32(0xffff);
        __m512i bytes = octi_pack_512(MULTIPLY(v0), MULTIPLY(v1), MULTIPLY(v2), MULTIPLY(v3), &requant);
#undef MULTIPLY
        _mm512_mask_storeu_epi8(y + i, mask, bytes);
    }
}
