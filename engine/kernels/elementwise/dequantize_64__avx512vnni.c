#include "engine/kernels/elementwise/dequantize.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

struct dequantizing {
    __m512 scale, zero; // the latter plus OCTI_FLOAT_OF_BYTES
};

INLINE __m512 real(__m512 x, const struct dequantizing *d)
{
    return _mm512_mul_ps(d->scale, _mm512_sub_ps(x, d->zero));
}

// Of the n - 16*j numbers that are left at y + 16*j; none may be left.
INLINE void store_left(float *y, size_t n, const size_t j, __m512 x)
{
    const size_t left = n > 16 * j ? n - 16 * j : 0;
    _mm512_mask_storeu_ps(y + 16 * j, (__mmask16)(left < 16 ? (1u << left) - 1u : 0xffffu), x);
}

void octi_dequantize_64__avx512vnni(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    const struct dequantizing d = {_mm512_set1_ps(scale), _mm512_set1_ps(OCTI_FLOAT_OF_BYTES + (float)zero_point)};
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const struct octi_floats_512 v = octi_split_floats_512(octi_neighbours_512(_mm512_loadu_si512(x + i)));
        _mm512_storeu_ps(y + i, real(v.v0, &d));
        _mm512_storeu_ps(y + i + 16, real(v.v1, &d));
        _mm512_storeu_ps(y + i + 32, real(v.v2, &d));
        _mm512_storeu_ps(y + i + 48, real(v.v3, &d));
    }
    if (i < n) {
        const size_t left = n - i;
        const __m512i bytes = _mm512_maskz_loadu_epi8(octi_mask_64(left), x + i);
        const struct octi_floats_512 v = octi_split_floats_512(octi_neighbours_512(bytes));
        store_left(y + i, left, 0, real(v.v0, &d));
        store_left(y + i, left, 1, real(v.v1, &d));
        store_left(y + i, left, 2, real(v.v2, &d));
        store_left(y + i, left, 3, real(v.v3, &d));
    }
}
