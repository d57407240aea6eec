#include "octet/yardstick.h"

#if defined(__x86_64__)
#include <emmintrin.h>

#define LINE_BYTES 64

bool oct_yardstick_evict(const void *bytes, size_t n_bytes)
{
    const char *begin = bytes, *end = begin + n_bytes;
    for (const char *line = begin; line < end; line += LINE_BYTES) {
        _mm_clflush(line);
    }
    if (n_bytes > 0) {
        _mm_clflush(end - 1);
    }
    _mm_mfence();
    return true;
}
#else
bool oct_yardstick_evict(const void *bytes, size_t n_bytes)
{
    (void)bytes;
    (void)n_bytes;
    return false;
}
#endif
