// Sixteen 16-byte shuffles. Shuffling by x - 16*k yields 0 where its bit 7 is set, so each part of the table is stored
// as the difference (XOR) to the part before: going down from x, every part up to the right one contributes and the
// rest cancel.
#include <immintrin.h>

#include "engine/kernels/elementwise/lut.h"

#define PARTS 16

// parts[0] = table[0..15]; parts[k] = table part k XOR part k-1, but starting anew at part 8 (see look_up).
static void load_parts(const uint8_t *table, __m256i *parts)
{
    __m128i before = _mm_setzero_si128();
    for (int k = 0; k < PARTS; k++) {
        __m128i part = _mm_loadu_si128((const __m128i *)(const void *)(table + 16 * k));
        __m128i difference = k == PARTS / 2 ? part : _mm_xor_si128(part, before);
        parts[k] = _mm256_broadcastsi128_si256(difference);
        before = part;
    }
}

// Lower half: for x < 128 the k-th index x - 16*k is in [0, 127] (contributes parts' byte x mod 16) until it goes
// negative (contributes 0). Upper half: the same for x - 128; each half is wiped where x belongs to the other.
static inline __attribute__((always_inline)) __m256i look_up(__m256i x, const __m256i *parts)
{
    const __m256i sixteen = _mm256_set1_epi8(16);
    const __m256i index_of_high = _mm256_xor_si256(x, _mm256_set1_epi8((char)0x80));
    __m256i low = _mm256_setzero_si256();
    __m256i high = low;
    __m256i i = x;
    __m256i j = index_of_high;
    for (int k = 0; k < PARTS / 2; k++) {
        low = _mm256_xor_si256(low, _mm256_shuffle_epi8(parts[k], i));
        high = _mm256_xor_si256(high, _mm256_shuffle_epi8(parts[k + PARTS / 2], j));
        i = _mm256_subs_epi8(i, sixteen); // saturates at -128: a negative index stays negative
        j = _mm256_subs_epi8(j, sixteen);
    }
    return _mm256_blendv_epi8(low, high, x);
}

void octi_lut_32__avx2(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    __m256i parts[PARTS];
    load_parts(table, parts);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(x + i));
        _mm256_storeu_si256((__m256i *)(void *)(y + i), look_up(bytes, parts));
    }
    for (; i < n; i++) {
        y[i] = table[x[i]];
    }
}
