#include <immintrin.h>

#include "engine/kernels/elementwise/dequantize.h"

void octi_dequantize_16__avx512vnni(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    const __m512 scales = _mm512_set1_ps(scale);
    const __m512i zero_points = _mm512_set1_epi32(zero_point);
    for (size_t i = 0; i < n; i += 16) {
        const size_t left = n - i;
        const __mmask16 mask = (__mmask16)(left < 16 ? (1u << left) - 1u : 0xffffu);
        __m512i codes = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, x + i));
        __m512 centred = _mm512_cvtepi32_ps(_mm512_sub_epi32(codes, zero_points));
        _mm512_mask_storeu_ps(y + i, mask, _mm512_mul_ps(scales, centred));
    }
}
