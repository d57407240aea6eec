/// 64 bytes as four vectors of 32-bit numbers, in the order that octi_pack_512() undoes.
#ifndef OCTET_ENGINE_KERNELS_X86_BYTES_AVX512_H
#define OCTET_ENGINE_KERNELS_X86_BYTES_AVX512_H

#include <immintrin.h>

struct octi_words_512 {
    __m512i v0, v1, v2, v3;
};

static inline __attribute__((always_inline)) struct octi_words_512 octi_split_512(__m512i bytes)
{
    const __m512i zero = _mm512_setzero_si512();
    const __m512i low = _mm512_unpacklo_epi8(bytes, zero);
    const __m512i high = _mm512_unpackhi_epi8(bytes, zero);
    struct octi_words_512 words;
    words.v0 = _mm512_unpacklo_epi16(low, zero);
    words.v1 = _mm512_unpackhi_epi16(low, zero);
    words.v2 = _mm512_unpacklo_epi16(high, zero);
    words.v3 = _mm512_unpackhi_epi16(high, zero);
    return words;
}

#endif
