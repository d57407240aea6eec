#include <immintrin.h>

#include "engine/kernels/elementwise/dequantize.h"
#include "engine/quant/affine.h"

void octi_dequantize_8__avx2(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    const __m256 scales = _mm256_set1_ps(scale);
    const __m256i zero_points = _mm256_set1_epi32(zero_point);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i codes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(x + i)));
        __m256 centred = _mm256_cvtepi32_ps(_mm256_sub_epi32(codes, zero_points));
        _mm256_storeu_ps(y + i, _mm256_mul_ps(scales, centred));
    }
    for (; i < n; i++) {
        y[i] = octi_dequantize(x[i], scale, zero_point);
    }
}
