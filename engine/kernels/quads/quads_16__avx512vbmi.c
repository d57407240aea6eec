// DESIGN: a vector of each column holds a few quads of all taps once its bytes are put in order; as words they are a
// 16 x 16 matrix, whose transpose is what goes to the panel. Nobody reads a panel soon: it bypasses the caches, which
// need not read first what is overwritten. Taps too far apart for a vector are left to the plain kernel.
#include <immintrin.h>

#include "engine/kernels/quads/quads.h"
#include "engine/kernels/x86/dot.h"

#define INLINE static inline __attribute__((always_inline))
#define SIDE   OCTI_QUADS_COLUMNS
#define BYTES  64 // of a vector
#define AHEAD  4  // vectors of a column that are asked for before they are wanted

// Quads of each tap in a vector.
static size_t quads_of_vector(size_t taps, size_t stride)
{
    const size_t beyond = BYTES + stride - taps; // with what lies behind the last weight's taps
    const size_t fit = beyond / (4 * stride);
    return fit * taps <= SIDE ? fit : SIDE / taps;
}

// Word j * taps + t of a vector: quad j of tap t.
static __m512i order_of(size_t taps, size_t stride, size_t quads)
{
    uint8_t order[BYTES] = {0};
    for (size_t word = 0; word < quads * taps; word++) {
        for (size_t b = 0; b < 4; b++) {
            order[4 * word + b] = (uint8_t)((word / taps * 4 + b) * stride + word % taps);
        }
    }
    return _mm512_loadu_si512(order);
}

// Transposes 4 x 4 words in each of the four lanes of four vectors.
INLINE void weave(__m512i *v)
{
    const __m512i low01 = _mm512_unpacklo_epi32(v[0], v[1]), high01 = _mm512_unpackhi_epi32(v[0], v[1]);
    const __m512i low23 = _mm512_unpacklo_epi32(v[2], v[3]), high23 = _mm512_unpackhi_epi32(v[2], v[3]);
    v[0] = _mm512_unpacklo_epi64(low01, low23);
    v[1] = _mm512_unpackhi_epi64(low01, low23);
    v[2] = _mm512_unpacklo_epi64(high01, high23);
    v[3] = _mm512_unpackhi_epi64(high01, high23);
}

// Vectors a, b, c and d have lane l each for word 4 * l + i of columns 0-3, 4-7, 8-11 and 12-15: to those of each word.
INLINE void gather_lanes(__m512i a, __m512i b, __m512i c, __m512i d, __m512i *words, size_t i)
{
    const __m512i ab_low = _mm512_shuffle_i32x4(a, b, 0x44), ab_high = _mm512_shuffle_i32x4(a, b, 0xee);
    const __m512i cd_low = _mm512_shuffle_i32x4(c, d, 0x44), cd_high = _mm512_shuffle_i32x4(c, d, 0xee);
    words[i] = _mm512_shuffle_i32x4(ab_low, cd_low, 0x88);
    words[4 + i] = _mm512_shuffle_i32x4(ab_low, cd_low, 0xdd);
    words[8 + i] = _mm512_shuffle_i32x4(ab_high, cd_high, 0x88);
    words[12 + i] = _mm512_shuffle_i32x4(ab_high, cd_high, 0xdd);
}

INLINE void transpose(__m512i *v, __m512i *words)
{
    for (size_t i = 0; i < SIDE; i += 4) {
        weave(v + i);
    }
    for (size_t i = 0; i < 4; i++) {
        gather_lanes(v[i], v[4 + i], v[8 + i], v[12 + i], words, i);
    }
}

// Quads of all columns from vector `at` of each on, as words[word][column]. With an order, words are zeros where `kept`
// has no bits for them.
INLINE void read_words(
    const struct octi_quads_call *call, size_t at, __mmask64 mask, const __m512i *order, __mmask64 kept, __m512i *words)
{
    static const int8_t zeros[BYTES];
    __m512i v[SIDE];
    for (size_t p = 0; p < SIDE; p++) {
        const int8_t *from = call->columns[p] != NULL ? call->columns[p] + at : zeros;
        v[p] = _mm512_maskz_loadu_epi8(mask, from);
        _mm_prefetch(from + AHEAD * BYTES, _MM_HINT_T0);
        if (order != NULL) {
            v[p] = _mm512_maskz_permutexvar_epi8(kept, *order, v[p]);
        }
    }
    transpose(v, words);
}

INLINE void stream(int8_t *to, __m512i words)
{
    _mm512_stream_si512((__m512i *)(void *)to, words);
}

// Adds `words`, a quad of each column, to their sums.
INLINE void add_to(uint32_t *sums, __m512i words)
{
    const __m512i ones = _mm512_set1_epi8(1);
    _mm512_storeu_si512(sums, octi_dot_u8s8_512(_mm512_loadu_si512(sums), ones, words));
}

// The same for all of them, which have one sum.
INLINE void add_all_to(uint32_t *sums, const __m512i *words)
{
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i a = _mm512_loadu_si512(sums), b = _mm512_setzero_si512();
    for (size_t i = 0; i < SIDE; i += 2) {
        a = octi_dot_u8s8_512(a, ones, words[i]);
        b = octi_dot_u8s8_512(b, ones, words[i + 1]);
    }
    _mm512_storeu_si512(sums, _mm512_add_epi32(a, b));
}

// Weights side by side: a vector is up to 16 quads.
static void pack_dense(const struct octi_quads_call *call)
{
    const __mmask64 mask = ~(__mmask64)0 >> (BYTES - 4 * call->n); // words beyond n are zeros
    __m512i words[SIDE];
    read_words(call, call->first, mask, NULL, 0, words);
    add_all_to(call->sums, words);
    int8_t *to = call->to;
    for (size_t i = 0; i < SIDE; i++, to += call->step) {
        if (i < call->n) {
            stream(to, words[i]);
        }
    }
}

// @param apart  the sums of each tap are
INLINE void pack_taps(const struct octi_quads_call *call, size_t quads, const bool apart)
{
    const size_t taps = call->taps, stride = call->stride;
    const __m512i order = order_of(taps, stride, quads);
    for (size_t i = 0; i < call->n; i += quads) {
        const size_t left = call->n - i < quads ? call->n - i : quads;
        const __mmask64 mask = ~(__mmask64)0 >> (BYTES - (4 * left - 1) * stride - taps);
        __m512i words[SIDE];
        const __mmask64 kept = ~(__mmask64)0 >> (BYTES - 4 * left * taps);
        read_words(call, call->first + 4 * i * stride, mask, &order, kept, words);
        if (!apart) {
            add_all_to(call->sums, words);
        }
        int8_t *to = call->to + i * call->step;
        for (size_t word = 0, tap = 0; word < SIDE; word++) {
            if (word < left * taps) {
                if (apart) {
                    add_to(call->sums + tap * call->sums_step, words[word]);
                }
                stream(to + tap * call->tap_step, words[word]);
                const bool last = ++tap == taps;
                tap = last ? 0 : tap;
                to += last ? call->step : 0;
            }
        }
    }
}

static void pack_taps_together(const struct octi_quads_call *call, size_t quads)
{
    pack_taps(call, quads, false);
}

static void pack_taps_apart(const struct octi_quads_call *call, size_t quads)
{
    pack_taps(call, quads, true);
}

void octi_quads_16__avx512vbmi(const struct octi_quads_call *call)
{
    const size_t quads = quads_of_vector(call->taps, call->stride);
    if (quads == 0) {
        octi_quads_1__scalar(call);
    } else if (call->stride == 1) {
        pack_dense(call);
    } else {
        (call->sums_step == 0 ? pack_taps_together : pack_taps_apart)(call, quads);
    }
}
