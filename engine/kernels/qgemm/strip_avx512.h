/// Direct rows by one panel of 64 columns, as strips: tiles of one height, one below the other.
///
/// A tile's sums end two rows at a time. The last quads of k of two rows come before those of the next two, and the
/// two rows are requantized between them, so that dot products keep the multipliers busy while conversions and packing
/// run beside them; with all rows ending together they would wait for one another.
#ifndef OCTET_ENGINE_KERNELS_QGEMM_STRIP_AVX512_H
#define OCTET_ENGINE_KERNELS_QGEMM_STRIP_AVX512_H

#include "engine/kernels/panel/panel.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

/// Quads of k in which the rows of a tile come two by two; k has at least so many.
#define OCTI_STRIP_TAIL 4

/// BYTES before they are needed that few rows ask for weights: a little more than what the processor itself looks
/// ahead.
#define OCTI_STRIP_LATER 1024

struct octi_strip_512 {
    const uint8_t *a; ///< first row; octi_strip_512() leaves the row after the last
    size_t a_stride, k;
    uint8_t *c; ///< first column of the panel in that row
    size_t c_stride;
    size_t tiles;
    const void *panel;
    const int8_t *ahead, *ahead_end; ///< cache lines to ask for, one for every quad, and where to stop
    __mmask64 mask;                  ///< columns that exist
    bool rows_cold;                  ///< the rows are read for the first time: ask for those of the next tile
    struct octi_requant_512 requant;
};

/// Keeps the compiler from knowing multiples of a stride beforehand. gcc keeps them all, and puts general registers
/// away in vector registers, out of which they come only behind the dot products that are waiting.
#define OCTI_STRIP_UNKNOWN(x) __asm__("" : "+r"(x))

static inline __attribute__((always_inline)) __m512i
octi_strip_finish_512(__m512i sum, const float *bias, const struct octi_requant_512 *requant, const bool whole)
{
    const __m512 t = octi_add_bias_512(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(bias), requant, whole);
    return _mm512_cvtps_epi32(_mm512_mul_ps(t, _mm512_loadu_ps(bias + 64)));
}

static inline __attribute__((always_inline)) __m512i octi_strip_bytes_512(const struct octi_requant_512 *requant,
                                                                          const float *bias,
                                                                          __m512i s0,
                                                                          __m512i s1,
                                                                          __m512i s2,
                                                                          __m512i s3,
                                                                          const bool whole)
{
    s0 = octi_strip_finish_512(s0, bias, requant, whole);
    s1 = octi_strip_finish_512(s1, bias + 16, requant, whole);
    s2 = octi_strip_finish_512(s2, bias + 32, requant, whole);
    s3 = octi_strip_finish_512(s3, bias + 48, requant, whole);
    return octi_pack_saturated_512(s0, s1, s2, s3, requant);
}

static inline __attribute__((always_inline)) void octi_strip_store_512(
    const struct octi_strip_512 *strip, uint8_t *c, const float *bias, __m512i s0, __m512i s1, __m512i s2, __m512i s3)
{
    const struct octi_requant_512 *requant = &strip->requant;
    __m512i bytes = requant->bias_whole ? octi_strip_bytes_512(requant, bias, s0, s1, s2, s3, true)
                                        : octi_strip_bytes_512(requant, bias, s0, s1, s2, s3, false);
    if (requant->bounded) {
        bytes = octi_bound_bytes_512(bytes, requant);
    }
    _mm512_mask_storeu_epi8(c, strip->mask, bytes);
}

/// `rows`, 3..6, and `far` are constants at every call. `far` is for few rows and weights from beyond the second-level
/// cache: a tile asks for its own a little before it reads them, and so for those of the next panel, which lie behind.
static inline __attribute__((always_inline)) void
octi_strip_512(struct octi_strip_512 *strip, const size_t rows, const bool far)
{
    const uint8_t *a = strip->a;
    uint8_t *c = strip->c;
    const int8_t *ahead = strip->ahead;
    for (size_t tiles = strip->tiles; tiles > 0; tiles--) {
        const int32_t *start = strip->panel;
        const int8_t *w = (const int8_t *)strip->panel + octi_panel_header_bytes(64);
        const int8_t *line = ahead < strip->ahead_end ? ahead : w;
        const char *next_rows = (const char *)a + rows * strip->a_stride;
        size_t stride = strip->a_stride;
        OCTI_STRIP_UNKNOWN(stride);
        const uint8_t *x = a, *y = a + 3 * stride; // two pointers and a stride address six rows
        OCTI_STRIP_UNKNOWN(y);
        const uint8_t *end = x + ((strip->k + 3) / 4 - OCTI_STRIP_TAIL) * 4;
        const __m512i start0 = _mm512_loadu_si512(start), start1 = _mm512_loadu_si512(start + 16);
        const __m512i start2 = _mm512_loadu_si512(start + 32), start3 = _mm512_loadu_si512(start + 48);
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define DECLARE(r)   __m512i s##r##0 = start0, s##r##1 = start1, s##r##2 = start2, s##r##3 = start3;
        EACH_ROW(DECLARE)
#undef DECLARE
#define WEIGHTS(at)                                                                                                    \
    const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w + (at)));                                                    \
    const __m512i w1 = octi_keep_512(_mm512_loadu_si512(w + (at) + 64));                                               \
    const __m512i w2 = octi_keep_512(_mm512_loadu_si512(w + (at) + 128));                                              \
    const __m512i w3 = octi_keep_512(_mm512_loadu_si512(w + (at) + 192));
#define DOT_AT(r, at)                                                                                                  \
    if (r < rows) {                                                                                                    \
        const __m512i quad = octi_broadcast_quad_512((r < 3 ? x : y) + r % 3 * stride + (at));                         \
        s##r##0 = octi_dot_u8s8_512(s##r##0, quad, w0);                                                                \
        s##r##1 = octi_dot_u8s8_512(s##r##1, quad, w1);                                                                \
        s##r##2 = octi_dot_u8s8_512(s##r##2, quad, w2);                                                                \
        s##r##3 = octi_dot_u8s8_512(s##r##3, quad, w3);                                                                \
    }
#define DOT(r) DOT_AT(r, 0)
#define KEEP(r)                                                                                                        \
    s##r##0 = octi_stay_512(s##r##0);                                                                                  \
    s##r##1 = octi_stay_512(s##r##1);                                                                                  \
    s##r##2 = octi_stay_512(s##r##2);                                                                                  \
    s##r##3 = octi_stay_512(s##r##3);
        for (size_t r = 0; r < rows; r++) { // results of a large product come to lie beyond the second-level cache
            __builtin_prefetch(c + r * strip->c_stride, 1, 2);
        }
        while (x < end) {
            EACH_ROW(KEEP)
            WEIGHTS(0)
            EACH_ROW(DOT)
            if (far) {
                const char *later = (const char *)w + OCTI_STRIP_LATER;
                _mm_prefetch(later, _MM_HINT_T0);
                _mm_prefetch(later + 64, _MM_HINT_T0);
                _mm_prefetch(later + 128, _MM_HINT_T0);
                _mm_prefetch(later + 192, _MM_HINT_T0);
            } else {
                _mm_prefetch((const char *)line, _MM_HINT_T1);
                line += 64;
                if (strip->rows_cold) {
                    _mm_prefetch(next_rows, _MM_HINT_T1);
                    next_rows += 64;
                }
            }
            w += 256;
            x += 4;
            y += 4;
        }
        size_t c_stride = strip->c_stride;
        OCTI_STRIP_UNKNOWN(c_stride);
        uint8_t *d = c + 3 * c_stride;
        OCTI_STRIP_UNKNOWN(d);
        OCTI_STRIP_UNKNOWN(start);
        const float *bias = (const float *)start + 64;
#define TWO_DOTS(r1, r2, i) {WEIGHTS(256 * (i)) DOT_AT(r1, 4 * (i)) DOT_AT(r2, 4 * (i))}
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        uint8_t *to = (r < 3 ? c : d) + r % 3 * c_stride;                                                              \
        octi_strip_store_512(strip, to, bias, s##r##0, s##r##1, s##r##2, s##r##3);                                     \
    }
#define END_TWO(r1, r2)                                                                                                \
    if (r1 < rows) {                                                                                                   \
        TWO_DOTS(r1, r2, 0)                                                                                            \
        TWO_DOTS(r1, r2, 1)                                                                                            \
        TWO_DOTS(r1, r2, 2)                                                                                            \
        TWO_DOTS(r1, r2, 3)                                                                                            \
        STORE(r1)                                                                                                      \
        STORE(r2)                                                                                                      \
    }
        END_TWO(0, 1)
        END_TWO(2, 3)
        END_TWO(4, 5)
#undef END_TWO
#undef STORE
#undef TWO_DOTS
#undef KEEP
#undef DOT
#undef DOT_AT
#undef WEIGHTS
#undef EACH_ROW
        a += rows * strip->a_stride;
        c += rows * c_stride;
        ahead = ahead < strip->ahead_end ? line : ahead;
    }
    strip->a = a;
    strip->c = c;
    strip->ahead = ahead;
}

#endif
