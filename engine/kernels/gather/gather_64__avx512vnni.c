// A tap is seldom longer than a few vectors, often shorter than one: a call of memcpy for each would take longer than
// what it copies. The last vector of a tap goes under a mask.
#include <immintrin.h>

#include "engine/kernels/gather/gather.h"

#define INLINE static inline __attribute__((always_inline))

// `vectors` whole ones and the bytes of `mask`. A tap that fits half a vector crosses a cache line less often as one.
INLINE void copy(uint8_t *to, const uint8_t *from, size_t vectors, __mmask64 mask, const bool half)
{
    if (half) {
        _mm256_mask_storeu_epi8(to, (__mmask32)mask, _mm256_maskz_loadu_epi8((__mmask32)mask, from));
        return;
    }
    for (size_t i = 0; i < vectors; i++, to += 64, from += 64) {
        _mm512_storeu_si512(to, _mm512_loadu_si512(from));
    }
    if (mask != 0) {
        _mm512_mask_storeu_epi8(to, mask, _mm512_maskz_loadu_epi8(mask, from));
    }
}

// `vectors` and `half` are constants where taps are short.
INLINE void gather(const struct octi_qgemm_call *call,
                   size_t taps,
                   size_t k,
                   size_t pitch,
                   uint8_t *to,
                   const size_t vectors,
                   const bool half)
{
    const __mmask64 mask = ((__mmask64)1 << k % 64) - 1;
    for (size_t m = 0; m < call->m; m++, to += pitch) {
        if (call->offsets == NULL) {
            copy(to, call->a + m * call->a_stride, vectors, mask, half);
            continue;
        }
        const int32_t *offset = call->offsets + m;
        const uint8_t *a = call->a;
        uint8_t *tap = to;
        for (size_t t = 0; t < taps; t++) {
            copy(tap, *offset == OCTI_QGEMM_PADDING ? call->padding : a + *offset, vectors, mask, half);
            tap += k;
            offset += call->offset_stride;
            a += call->tap_stride;
        }
    }
}

void octi_gather_64__avx512vnni(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch, uint8_t *to)
{
    if (k < 32) {
        gather(call, taps, k, pitch, to, 0, true);
    } else if (k < 64) {
        gather(call, taps, k, pitch, to, 0, false);
    } else {
        gather(call, taps, k, pitch, to, k / 64, false);
    }
}
