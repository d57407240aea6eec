// The exact product of this level: bytes widened to 16 bits, vpmaddwd, an addition (engine/kernels/README.md).
#include "engine/kernels/yardstick/yardstick.h"

#include <immintrin.h>

#define KEEP(x) __asm__ volatile("" : "+x"(x))
#define DOT(x)                                                                                                         \
    x = _mm256_add_epi32(x, _mm256_madd_epi16(u, s));                                                                  \
    __asm__ volatile("" : "+x"(x), "+x"(u));
#define DOTS                                                                                                           \
    DOT(a)                                                                                                             \
    DOT(b)                                                                                                             \
    DOT(c)                                                                                                             \
    DOT(d)                                                                                                             \
    DOT(e)                                                                                                             \
    DOT(f)                                                                                                             \
    DOT(g)                                                                                                             \
    DOT(h)                                                                                                             \
    DOT(i)                                                                                                             \
    DOT(j)                                                                                                             \
    DOT(k)                                                                                                             \
    DOT(l)

void octi_yardstick_12x16__avx2_dots(uint64_t turns)
{
    __m256i u = _mm256_set1_epi16(200), s = _mm256_set1_epi16(-101);
    __m256i a = u, b = u, c = u, d = u, e = u, f = u, g = u, h = u, i = u, j = u, k = u, l = u;
    KEEP(s);
    for (uint64_t turn = 0; turn < turns; turn++) {
        DOTS DOTS DOTS DOTS
    }
}

void octi_yardstick_12x16__avx2_read(const void *bytes, size_t n_bytes)
{
    const char *p = bytes;
    for (const char *end = p + n_bytes / 512 * 512; p < end; p += 128) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
        __m256i c = _mm256_loadu_si256((const __m256i *)(const void *)(p + 64));
        __m256i d = _mm256_loadu_si256((const __m256i *)(const void *)(p + 96));
        KEEP(a);
        KEEP(b);
        KEEP(c);
        KEEP(d);
    }
}
