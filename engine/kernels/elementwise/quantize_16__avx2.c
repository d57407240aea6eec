#include <immintrin.h>

#include "engine/kernels/elementwise/quantize.h"
#include "engine/kernels/x86/requant_avx2.h"

void octi_quantize_16__avx2(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    const struct octi_requant_256 requant = octi_requant_256(quantizer->output);
    const __m256 z = _mm256_set1_ps(quantizer->zero_point);
    const __m256 inverse = _mm256_set1_ps(quantizer->inverse_scale);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256i low = octi_round_256(_mm256_fmadd_ps(_mm256_loadu_ps(x + i), inverse, z), &requant);
        __m256i high = octi_round_256(_mm256_fmadd_ps(_mm256_loadu_ps(x + i + 8), inverse, z), &requant);
        octi_store_bytes_128(y + i, octi_pack_256(low, high, &requant), 16);
    }
    for (; i < n; i++) {
        y[i] = (uint8_t)octi_quantize_tensor(x[i], quantizer);
    }
}
