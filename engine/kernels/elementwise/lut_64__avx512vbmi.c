// The whole table in four registers: two 128-byte permutes, chosen between by the index' top bit.
#include <immintrin.h>

#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/x86/requant_avx512.h"

struct table {
    __m512i t0, t1, t2, t3;
};

static inline __attribute__((always_inline)) __m512i look_up(__m512i index, const struct table *t)
{
    const __m512i low = _mm512_permutex2var_epi8(t->t0, index, t->t1);
    const __m512i high = _mm512_permutex2var_epi8(t->t2, index, t->t3);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

void octi_lut_64__avx512vbmi(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    const struct table t = {_mm512_loadu_si512(table), _mm512_loadu_si512(table + 64), _mm512_loadu_si512(table + 128),
                            _mm512_loadu_si512(table + 192)};
    size_t i = 0;
    for (; i + 128 <= n; i += 128) {
        const __m512i first = look_up(_mm512_loadu_si512(x + i), &t);
        const __m512i second = look_up(_mm512_loadu_si512(x + i + 64), &t);
        _mm512_storeu_si512(y + i, first);
        _mm512_storeu_si512(y + i + 64, second);
    }
    for (; i < n; i += 64) {
        const __mmask64 mask = octi_mask_64(n - i < 64 ? n - i : 64);
        _mm512_mask_storeu_epi8(y + i, mask, look_up(_mm512_maskz_loadu_epi8(mask, x + i), &t));
    }
}
