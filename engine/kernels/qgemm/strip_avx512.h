/// Direct rows by one panel of 64 or 32 columns, as strips: tiles of one height, one below the other.
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

/// Quads of k before them that a turn of the loop takes, while so many are left. What a turn spends on pointers makes a
/// quad 43 instructions when it is a turn of its own, and 38 so. A core of one's own does not mind; beside a busy
/// hyperthread of the same core, which gets every other turn of the decoder, instructions are what a product costs.
#define OCTI_STRIP_TURN 4

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

static inline __attribute__((always_inline)) __m512i octi_strip_finish_512(
    __m512i sum, const float *bias, const int nv, const struct octi_requant_512 *requant, const bool whole)
{
    const __m512 t = octi_add_bias_512(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(bias), requant, whole);
    return _mm512_cvtps_epi32(_mm512_mul_ps(t, _mm512_loadu_ps(bias + 16 * nv)));
}

/// Four vectors: a row of a wide panel, or two rows of a narrow one.
static inline __attribute__((always_inline)) __m512i octi_strip_bytes_512(const struct octi_requant_512 *requant,
                                                                          const float *bias,
                                                                          __m512i s0,
                                                                          __m512i s1,
                                                                          __m512i s2,
                                                                          __m512i s3,
                                                                          const int nv,
                                                                          const bool whole)
{
    const float *second = nv == 4 ? bias + 32 : bias;
    s0 = octi_strip_finish_512(s0, bias, nv, requant, whole);
    s1 = octi_strip_finish_512(s1, bias + 16, nv, requant, whole);
    s2 = octi_strip_finish_512(s2, second, nv, requant, whole);
    s3 = octi_strip_finish_512(s3, second + 16, nv, requant, whole);
    return octi_pack_saturated_512(s0, s1, s2, s3, requant);
}

static inline __attribute__((always_inline)) __m512i octi_strip_row_512(const struct octi_requant_512 *requant,
                                                                        const float *bias,
                                                                        __m512i s0,
                                                                        __m512i s1,
                                                                        __m512i s2,
                                                                        __m512i s3,
                                                                        const int nv)
{
    const __m512i bytes = requant->bias_whole ? octi_strip_bytes_512(requant, bias, s0, s1, s2, s3, nv, true)
                                              : octi_strip_bytes_512(requant, bias, s0, s1, s2, s3, nv, false);
    return requant->bounded ? octi_bound_bytes_512(bytes, requant) : bytes;
}

/// Two rows of a panel of 32 columns, which lie in turns of eight columns when packed together; `second` may be
/// missing.
static inline __attribute__((always_inline)) void
octi_strip_store_two_512(uint8_t *c, uint8_t *d, const bool second, __mmask64 mask, __m512i bytes)
{
    bytes = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), bytes);
    _mm256_mask_storeu_epi8(c, (__mmask32)mask, _mm512_castsi512_si256(bytes));
    if (second) {
        _mm256_mask_storeu_epi8(d, (__mmask32)mask, _mm512_extracti64x4_epi64(bytes, 1));
    }
}

/// `rows`, 3..6 (`nv`, vectors of 16 columns, 4) or 4..8 (2), and `far` are constants at every call. `far` is for few
/// rows and weights from beyond the second-level cache: a tile asks for its own a little before it reads them, and so
/// for those of the next panel, which lie behind.
static inline __attribute__((always_inline)) void
octi_strip_512(struct octi_strip_512 *strip, const size_t rows, const int nv, const bool far)
{
    const uint8_t *a = strip->a;
    uint8_t *c = strip->c;
    const int8_t *ahead = strip->ahead;
    for (size_t tiles = strip->tiles; tiles > 0; tiles--) {
        const int32_t *start = strip->panel;
        const int8_t *w = (const int8_t *)strip->panel + octi_panel_header_bytes((size_t)nv * 16);
        const int8_t *line = ahead < strip->ahead_end ? ahead : w;
        const char *next_rows = strip->rows_cold ? (const char *)a + rows * strip->a_stride : (const char *)w;
        size_t stride = strip->a_stride;
        OCTI_STRIP_UNKNOWN(stride);
        const uint8_t *x = a, *y = a + 3 * stride,
                      *z = a + 6 * stride; // with the stride, pointers address three rows each
        OCTI_STRIP_UNKNOWN(y);
        OCTI_STRIP_UNKNOWN(z);
        const uint8_t *end = x + ((strip->k + 3) / 4 - OCTI_STRIP_TAIL) * 4;
        const __m512i start0 = _mm512_loadu_si512(start), start1 = _mm512_loadu_si512(start + 16);
        const __m512i start2 = nv > 2 ? _mm512_loadu_si512(start + 32) : start0;
        const __m512i start3 = nv > 2 ? _mm512_loadu_si512(start + 48) : start0;
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define DECLARE(r)   __m512i s##r##0 = start0, s##r##1 = start1, s##r##2 = start2, s##r##3 = start3;
        EACH_ROW(DECLARE)
#undef DECLARE
#define WEIGHTS(at)                                                                                                    \
    const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w + (at)));                                                    \
    const __m512i w1 = octi_keep_512(_mm512_loadu_si512(w + (at) + 64));                                               \
    const __m512i w2 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + (at) + 128)) : w0;                                \
    const __m512i w3 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + (at) + 192)) : w0;
#define DOT_AT(r, at)                                                                                                  \
    if (r < rows) {                                                                                                    \
        const __m512i quad = octi_broadcast_quad_512((r < 3 ? x : r < 6 ? y : z) + r % 3 * stride + (at));             \
        s##r##0 = octi_dot_u8s8_512(s##r##0, quad, w0);                                                                \
        s##r##1 = octi_dot_u8s8_512(s##r##1, quad, w1);                                                                \
        if (nv > 2) {                                                                                                  \
            s##r##2 = octi_dot_u8s8_512(s##r##2, quad, w2);                                                            \
            s##r##3 = octi_dot_u8s8_512(s##r##3, quad, w3);                                                            \
        }                                                                                                              \
    }
#define KEEP(r)                                                                                                        \
    if (r < rows) {                                                                                                    \
        s##r##0 = octi_stay_512(s##r##0);                                                                              \
        s##r##1 = octi_stay_512(s##r##1);                                                                              \
        if (nv > 2) {                                                                                                  \
            s##r##2 = octi_stay_512(s##r##2);                                                                          \
            s##r##3 = octi_stay_512(s##r##3);                                                                          \
        }                                                                                                              \
    }
        for (size_t r = 0; r < rows; r++) { // results of a large product come to lie beyond the second-level cache
            __builtin_prefetch(c + r * strip->c_stride, 1, 2);
        }
#define QUAD(i)                                                                                                        \
    {                                                                                                                  \
        EACH_ROW(KEEP)                                                                                                 \
        OCTI_STRIP_UNKNOWN(stride);                                                                                    \
        WEIGHTS(64 * nv * (i))                                                                                         \
        DOT_AT(0, 4 * (i))                                                                                             \
        DOT_AT(1, 4 * (i))                                                                                             \
        DOT_AT(2, 4 * (i))                                                                                             \
        DOT_AT(3, 4 * (i))                                                                                             \
        DOT_AT(4, 4 * (i))                                                                                             \
        DOT_AT(5, 4 * (i))                                                                                             \
        DOT_AT(6, 4 * (i))                                                                                             \
        DOT_AT(7, 4 * (i))                                                                                             \
        if (far) {                                                                                                     \
            const char *later = (const char *)w + OCTI_STRIP_LATER + 256 * (i);                                        \
            _mm_prefetch(later, _MM_HINT_T0);                                                                          \
            _mm_prefetch(later + 64, _MM_HINT_T0);                                                                     \
            _mm_prefetch(later + 128, _MM_HINT_T0);                                                                    \
            _mm_prefetch(later + 192, _MM_HINT_T0);                                                                    \
        } else {                                                                                                       \
            _mm_prefetch((const char *)line + 64 * (i), _MM_HINT_T1);                                                  \
        }                                                                                                              \
    }
#define STEP(quads)                                                                                                    \
    w += 64 * nv * (quads);                                                                                            \
    x += 4 * (quads);                                                                                                  \
    y += 4 * (quads);                                                                                                  \
    z += 4 * (quads);                                                                                                  \
    line += 64 * (quads);                                                                                              \
    OCTI_STRIP_UNKNOWN(w);                                                                                             \
    OCTI_STRIP_UNKNOWN(x);                                                                                             \
    OCTI_STRIP_UNKNOWN(y);                                                                                             \
    OCTI_STRIP_UNKNOWN(z);                                                                                             \
    OCTI_STRIP_UNKNOWN(line);
        while (end - x > 4 * (OCTI_STRIP_TURN - 1)) {
            QUAD(0)
            QUAD(1)
            QUAD(2)
            QUAD(3)
            if (!far) {
                _mm_prefetch(next_rows, _MM_HINT_T1);
                _mm_prefetch(next_rows + 64, _MM_HINT_T1);
                next_rows += 128;
            }
            STEP(OCTI_STRIP_TURN)
        }
        while (x < end) {
            QUAD(0)
            STEP(1)
        }
        size_t c_stride = strip->c_stride;
        OCTI_STRIP_UNKNOWN(c_stride);
        uint8_t *d = c + 3 * c_stride, *e = c + 6 * c_stride;
        OCTI_STRIP_UNKNOWN(d);
        OCTI_STRIP_UNKNOWN(e);
        OCTI_STRIP_UNKNOWN(start);
        const float *bias = (const float *)start + 16 * nv;
        const struct octi_requant_512 *requant = &strip->requant;
#define TWO_DOTS(r1, r2, i)                                                                                            \
    {                                                                                                                  \
        OCTI_STRIP_UNKNOWN(stride);                                                                                    \
        WEIGHTS(64 * nv * (i)) DOT_AT(r1, 4 * (i)) DOT_AT(r2, 4 * (i))                                                 \
    }
#define ROW(r) ((r < 3 ? c : r < 6 ? d : e) + r % 3 * c_stride)
#define STORE(r)                                                                                                       \
    if (nv == 4 && r < rows) {                                                                                         \
        const __m512i bytes = octi_strip_row_512(requant, bias, s##r##0, s##r##1, s##r##2, s##r##3, nv);               \
        _mm512_mask_storeu_epi8(ROW(r), strip->mask, bytes);                                                           \
    }
#define STORE_TWO(r1, r2)                                                                                              \
    if (nv == 2) {                                                                                                     \
        const __m512i bytes = octi_strip_row_512(requant, bias, s##r1##0, s##r1##1, s##r2##0, s##r2##1, nv);           \
        octi_strip_store_two_512(ROW(r1), ROW(r2), r2 < rows, strip->mask, bytes);                                     \
    }
#define END_TWO(r1, r2)                                                                                                \
    if (r1 < rows) {                                                                                                   \
        TWO_DOTS(r1, r2, 0)                                                                                            \
        TWO_DOTS(r1, r2, 1)                                                                                            \
        TWO_DOTS(r1, r2, 2)                                                                                            \
        TWO_DOTS(r1, r2, 3)                                                                                            \
        STORE(r1)                                                                                                      \
        STORE(r2)                                                                                                      \
        STORE_TWO(r1, r2)                                                                                              \
    }
        END_TWO(0, 1)
        END_TWO(2, 3)
        END_TWO(4, 5)
        END_TWO(6, 7)
#undef END_TWO
#undef STORE_TWO
#undef STORE
#undef ROW
#undef TWO_DOTS
#undef KEEP
#undef QUAD
#undef STEP
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
