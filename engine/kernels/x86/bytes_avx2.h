/// Partial loads for AVX2, which has no byte masks.
#ifndef OCTET_ENGINE_KERNELS_X86_BYTES_AVX2_H
#define OCTET_ENGINE_KERNELS_X86_BYTES_AVX2_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/// The first min(n, 16) bytes at `x`, zeros after them; nothing beyond is read.
static inline __attribute__((always_inline)) __m128i octi_load_bytes_128(const uint8_t *x, size_t n)
{
    if (n >= 16) {
        return _mm_loadu_si128((const __m128i *)(const void *)x);
    }
    uint8_t buffer[16] = {0};
    memcpy(buffer, x, n);
    return _mm_loadu_si128((const __m128i *)(const void *)buffer);
}

#endif
