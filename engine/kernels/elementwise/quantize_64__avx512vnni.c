#include "engine/kernels/elementwise/quantize.h"
#include "engine/kernels/x86/requant_avx512.h"

static inline __attribute__((always_inline)) __m128i
quantize_16(__m512 x, const __m512 inverse, const __m512 z, const struct octi_requant_512 *requant)
{
    __m512i rounded = octi_round_512(_mm512_fmadd_ps(x, inverse, z), requant);
    return _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, requant->zero_point32));
}

void octi_quantize_64__avx512vnni(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    const struct octi_requant_512 requant = octi_requant_512(quantizer->output);
    const __m512 z = _mm512_set1_ps(quantizer->zero_point);
    const __m512 inverse = _mm512_set1_ps(quantizer->inverse_scale);
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        for (size_t j = i; j < i + 64; j += 16) {
            _mm_storeu_si128((__m128i *)(void *)(y + j), quantize_16(_mm512_loadu_ps(x + j), inverse, z, &requant));
        }
    }
    for (; i < n; i += 16) {
        const __mmask16 mask = (__mmask16)octi_mask_64(n - i < 16 ? n - i : 16);
        _mm_mask_storeu_epi8(y + i, mask, quantize_16(_mm512_maskz_loadu_ps(mask, x + i), inverse, z, &requant));
    }
}
