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

/// 2^23: a float of this magnitude holds an integer in its low bits, so that a byte put there is a number without a
/// conversion, and subtracting 2^23 + z gives f32(byte - z), exactly.
#define OCTI_FLOAT_OF_BYTES 0x1p23f

struct octi_floats_512 {
    __m512 v0, v1, v2, v3;
};

static inline __attribute__((always_inline)) __m512 octi_split_float_512(__m512i bytes, const int j)
{
    const __m512i base = _mm512_castps_si512(_mm512_set1_ps(OCTI_FLOAT_OF_BYTES));
    const __m512i from = _mm512_broadcast_i32x4(_mm_setr_epi32(4 * j, 4 * j + 1, 4 * j + 2, 4 * j + 3));
    const __mmask64 low_bytes = 0x1111111111111111;
    return _mm512_castsi512_ps(_mm512_mask_shuffle_epi8(base, low_bytes, bytes, from));
}

/// OCTI_FLOAT_OF_BYTES plus each byte.
static inline __attribute__((always_inline)) struct octi_floats_512 octi_split_floats_512(__m512i bytes)
{
    struct octi_floats_512 floats;
    floats.v0 = octi_split_float_512(bytes, 0);
    floats.v1 = octi_split_float_512(bytes, 1);
    floats.v2 = octi_split_float_512(bytes, 2);
    floats.v3 = octi_split_float_512(bytes, 3);
    return floats;
}

/// Between the order of octi_split_512() and four vectors of neighbours: a 4 x 4 transpose of groups of four bytes, its
/// own inverse. Before splitting: vector j then holds bytes 16*j and on. After packing: vectors of neighbours end in
/// natural order.
static inline __attribute__((always_inline)) __m512i octi_neighbours_512(__m512i bytes)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, bytes);
}

#endif
