#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

struct multiplying {
    __m512 a_zero, b_zero; // plus OCTI_FLOAT_OF_BYTES
    __m512 multiplier;
    struct octi_requant_512 requant;
};

// The product of the centred integers has 17 bits and is exact in float.
INLINE __m512 product_of(__m512 a, __m512 b, const struct multiplying *p)
{
    const __m512 product = _mm512_mul_ps(_mm512_sub_ps(a, p->a_zero), _mm512_sub_ps(b, p->b_zero));
    return _mm512_mul_ps(product, p->multiplier);
}

INLINE __m512i multiply_bytes(__m512i a, __m512i b, const struct multiplying *p, const bool convertible)
{
    const struct octi_floats_512 xa = octi_split_floats_512(a);
    const struct octi_floats_512 xb = octi_split_floats_512(b);
    const __m512 t0 = product_of(xa.v0, xb.v0, p);
    const __m512 t1 = product_of(xa.v1, xb.v1, p);
    const __m512 t2 = product_of(xa.v2, xb.v2, p);
    const __m512 t3 = product_of(xa.v3, xb.v3, p);
    if (convertible) {
        return octi_pack_unbounded_512(_mm512_cvtps_epi32(t0), _mm512_cvtps_epi32(t1), _mm512_cvtps_epi32(t2),
                                       _mm512_cvtps_epi32(t3), &p->requant);
    }
    return octi_pack_open_512(octi_round_open_512(t0, &p->requant), octi_round_open_512(t1, &p->requant),
                              octi_round_open_512(t2, &p->requant), octi_round_open_512(t3, &p->requant), &p->requant);
}

INLINE void multiply_row(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct multiplying *p, const bool convertible)
{
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i xa = _mm512_loadu_si512(a + i);
        _mm512_storeu_si512(y + i, multiply_bytes(xa, _mm512_loadu_si512(b + i), p, convertible));
    }
    if (i < n) {
        const __mmask64 mask = octi_mask_64(n - i);
        const __m512i xa = _mm512_maskz_loadu_epi8(mask, a + i);
        _mm512_mask_storeu_epi8(y + i, mask, multiply_bytes(xa, _mm512_maskz_loadu_epi8(mask, b + i), p, convertible));
    }
}

void octi_qmul_64__avx512vnni(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    const struct multiplying multiplying = {
        .a_zero = _mm512_set1_ps(OCTI_FLOAT_OF_BYTES + (float)params->a_zero_point),
        .b_zero = _mm512_set1_ps(OCTI_FLOAT_OF_BYTES + (float)params->b_zero_point),
        .multiplier = _mm512_set1_ps(params->multiplier),
        .requant = octi_requant_512(params->output),
    };
    if (255.0f * 255.0f * params->multiplier <= OCTI_CONVERTIBLE) {
        multiply_row(n, a, b, y, &multiplying, true);
    } else {
        multiply_row(n, a, b, y, &multiplying, false);
    }
}
