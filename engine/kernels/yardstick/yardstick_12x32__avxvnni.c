// Twelve sums: more than the latency of five on two ports needs, as many as fit beside the operands.
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/yardstick/yardstick.h"

#define KEEP(x) __asm__ volatile("" : "+x"(x))
#define DOT(x)                                                                                                         \
    x = octi_dot_u8s8_256(x, u, s);                                                                                    \
    KEEP(x);
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

void octi_yardstick_12x32__avxvnni_dots(uint64_t turns)
{
    __m256i u = _mm256_set1_epi8(100), s = _mm256_set1_epi8(-101);
    __m256i a = u, b = u, c = u, d = u, e = u, f = u, g = u, h = u, i = u, j = u, k = u, l = u;
    for (uint64_t turn = 0; turn < turns; turn++) {
        DOTS DOTS DOTS DOTS
    }
}

void octi_yardstick_12x32__avxvnni_read(const void *bytes, size_t n_bytes)
{
    octi_yardstick_12x16__avx2_read(bytes, n_bytes);
}
