// The whole table in four registers: two 128-byte permutes, chosen between by the index' top bit.
#include <immintrin.h>

#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/x86/requant_avx512.h"

void octi_lut_64__avx512vbmi(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    const __m512i t0 = _mm512_loadu_si512(table);
    const __m512i t1 = _mm512_loadu_si512(table + 64);
    const __m512i t2 = _mm512_loadu_si512(table + 128);
    const __m512i t3 = _mm512_loadu_si512(table + 192);
    for (size_t i = 0; i < n; i += 64) {
        __mmask64 mask = octi_mask_64(n - i < 64 ? n - i : 64);
        __m512i index = _mm512_maskz_loadu_epi8(mask, x + i);
        __m512i low = _mm512_permutex2var_epi8(t0, index, t1);
        __m512i high = _mm512_permutex2var_epi8(t2, index, t3);
        _mm512_mask_storeu_epi8(y + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high));
    }
}
