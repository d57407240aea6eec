// Sixteen sums: more than the latency of five on two ports needs. Many to a turn: the loop's own additions may take the
// same ports.
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/yardstick/yardstick.h"

#define KEEP(x) __asm__ volatile("" : "+v"(x))
#define DOT(x)                                                                                                         \
    x = octi_dot_u8s8_512(x, u, s);                                                                                    \
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
    DOT(l)                                                                                                             \
    DOT(m)                                                                                                             \
    DOT(n)                                                                                                             \
    DOT(o)                                                                                                             \
    DOT(p)

void octi_yardstick_16x64__avx512vnni_dots(uint64_t turns)
{
    __m512i u = _mm512_set1_epi8(100), s = _mm512_set1_epi8(-101);
    __m512i a = u, b = u, c = u, d = u, e = u, f = u, g = u, h = u;
    __m512i i = u, j = u, k = u, l = u, m = u, n = u, o = u, p = u;
    for (uint64_t turn = 0; turn < turns; turn++) {
        DOTS DOTS DOTS DOTS
    }
}

void octi_yardstick_16x64__avx512vnni_read(const void *bytes, size_t n_bytes)
{
    const char *p = bytes;
    for (const char *end = p + n_bytes / 512 * 512; p < end; p += 512) {
        __m512i a = _mm512_loadu_si512(p), b = _mm512_loadu_si512(p + 64), c = _mm512_loadu_si512(p + 128);
        __m512i d = _mm512_loadu_si512(p + 192), e = _mm512_loadu_si512(p + 256), f = _mm512_loadu_si512(p + 320);
        __m512i g = _mm512_loadu_si512(p + 384), h = _mm512_loadu_si512(p + 448);
        KEEP(a);
        KEEP(b);
        KEEP(c);
        KEEP(d);
        KEEP(e);
        KEEP(f);
        KEEP(g);
        KEEP(h);
    }
}
