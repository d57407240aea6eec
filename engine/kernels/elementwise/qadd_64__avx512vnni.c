#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE static inline __attribute__((always_inline))

struct adding {
    __m512 a_zero, b_zero; // plus OCTI_FLOAT_OF_BYTES
    __m512 a_scale, b_scale, inverse;
    struct octi_requant_512 requant;
};

INLINE __m512 sum_of(__m512 a, __m512 b, const struct adding *p)
{
    const __m512 left = _mm512_mul_ps(p->a_scale, _mm512_sub_ps(a, p->a_zero));
    const __m512 right = _mm512_mul_ps(p->b_scale, _mm512_sub_ps(b, p->b_zero));
    return _mm512_mul_ps(_mm512_add_ps(left, right), p->inverse);
}

INLINE __m512i add_bytes(__m512i a, __m512i b, const struct adding *p, const bool convertible)
{
    const struct octi_floats_512 xa = octi_split_floats_512(a);
    const struct octi_floats_512 xb = octi_split_floats_512(b);
    const __m512 t0 = sum_of(xa.v0, xb.v0, p);
    const __m512 t1 = sum_of(xa.v1, xb.v1, p);
    const __m512 t2 = sum_of(xa.v2, xb.v2, p);
    const __m512 t3 = sum_of(xa.v3, xb.v3, p);
    if (convertible) {
        const __m512i bytes = octi_pack_saturated_512(_mm512_cvtps_epi32(t0), _mm512_cvtps_epi32(t1),
                                                      _mm512_cvtps_epi32(t2), _mm512_cvtps_epi32(t3), &p->requant);
        return p->requant.bounded ? octi_bound_bytes_512(bytes, &p->requant) : bytes;
    }
    return octi_pack_open_512(octi_round_open_512(t0, &p->requant), octi_round_open_512(t1, &p->requant),
                              octi_round_open_512(t2, &p->requant), octi_round_open_512(t3, &p->requant), &p->requant);
}

INLINE void
add_row(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct adding *p, const bool convertible)
{
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i xa = _mm512_loadu_si512(a + i);
        _mm512_storeu_si512(y + i, add_bytes(xa, _mm512_loadu_si512(b + i), p, convertible));
    }
    if (i < n) {
        const __mmask64 mask = octi_mask_64(n - i);
        const __m512i xa = _mm512_maskz_loadu_epi8(mask, a + i);
        _mm512_mask_storeu_epi8(y + i, mask, add_bytes(xa, _mm512_maskz_loadu_epi8(mask, b + i), p, convertible));
    }
}

void octi_qadd_64__avx512vnni(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    const struct adding adding = {
        .a_zero = _mm512_set1_ps(OCTI_FLOAT_OF_BYTES + (float)params->a_zero_point),
        .b_zero = _mm512_set1_ps(OCTI_FLOAT_OF_BYTES + (float)params->b_zero_point),
        .a_scale = _mm512_set1_ps(params->a_scale),
        .b_scale = _mm512_set1_ps(params->b_scale),
        .inverse = _mm512_set1_ps(params->inverse_scale),
        .requant = octi_requant_512(params->output),
    };
    if (255.0f * (params->a_scale + params->b_scale) * params->inverse_scale <= OCTI_CONVERTIBLE) {
        add_row(n, a, b, y, &adding, true);
    } else {
        add_row(n, a, b, y, &adding, false);
    }
}
