#include "engine/kernels/yardstick/yardstick.h"

#define KEEP(x) __asm__ volatile("" : "+r"(x))

void octi_yardstick_8__scalar_dots(uint64_t turns)
{
    uint32_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
    uint32_t u = 200, s = 101;
    for (uint64_t i = 0; i < turns; i++) {
        KEEP(u);
        KEEP(s);
        a += u * s, b += u * s, c += u * s, d += u * s;
        KEEP(a);
        KEEP(b);
        KEEP(c);
        KEEP(d);
        KEEP(u);
        e += u * s, f += u * s, g += u * s, h += u * s;
        KEEP(e);
        KEEP(f);
        KEEP(g);
        KEEP(h);
    }
}

void octi_yardstick_8__scalar_read(const void *bytes, size_t n_bytes)
{
    const uint64_t *words = bytes;
    for (size_t i = 0; i < n_bytes / 512 * 64; i += 8) {
        uint64_t a = words[i], b = words[i + 1], c = words[i + 2], d = words[i + 3];
        KEEP(a);
        KEEP(b);
        KEEP(c);
        KEEP(d);
        a = words[i + 4], b = words[i + 5], c = words[i + 6], d = words[i + 7];
        KEEP(a);
        KEEP(b);
        KEEP(c);
        KEEP(d);
    }
}
