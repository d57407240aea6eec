#include "engine/kernels/elementwise/quantize.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

struct quantizing {
    __m512 inverse, z;
    struct octi_requant_512 requant;
};

INLINE __m512i round_16(__m512 x, const struct quantizing *q)
{
    return octi_round_open_512(_mm512_fmadd_ps(x, q->inverse, q->z), &q->requant);
}

INLINE __m512i quantize_64(__m512 x0, __m512 x1, __m512 x2, __m512 x3, const struct quantizing *q)
{
    return octi_neighbours_512(
        octi_pack_open_512(round_16(x0, q), round_16(x1, q), round_16(x2, q), round_16(x3, q), &q->requant));
}

// Of the n - 16*j numbers that are left at x + 16*j; none may be left.
INLINE __m512 load_left(const float *x, size_t n, const size_t j)
{
    const size_t left = n > 16 * j ? n - 16 * j : 0;
    return _mm512_maskz_loadu_ps((__mmask16)(left < 16 ? (1u << left) - 1u : 0xffffu), x + 16 * j);
}

void octi_quantize_64__avx512vnni(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    const struct quantizing q = {
        .inverse = _mm512_set1_ps(quantizer->inverse_scale),
        .z = _mm512_set1_ps(quantizer->zero_point),
        .requant = octi_requant_512(quantizer->output),
    };
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i bytes = quantize_64(_mm512_loadu_ps(x + i), _mm512_loadu_ps(x + i + 16),
                                          _mm512_loadu_ps(x + i + 32), _mm512_loadu_ps(x + i + 48), &q);
        _mm512_storeu_si512(y + i, bytes);
    }
    if (i < n) {
        x += i;
        const size_t left = n - i;
        const __m512i bytes =
            quantize_64(load_left(x, left, 0), load_left(x, left, 1), load_left(x, left, 2), load_left(x, left, 3), &q);
        _mm512_mask_storeu_epi8(y + i, octi_mask_64(left), bytes);
    }
}
