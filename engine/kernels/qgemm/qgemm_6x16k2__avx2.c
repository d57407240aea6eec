// DESIGN: exact without VNNI: bytes are widened to 16 bits and multiplied with vpmaddwd, whose pairwise sum cannot
// overflow (2 * 255 * 128 in 32 bits). The saturating vpmaddubsw is wrong for full-range weights.
// A pair of products costs a multiplication and an addition, and these fill three vector ports alone; every shuffle
// that widens activations comes on top, once per row and pair. So a piece of the tile's rows is widened into a buffer
// first, 16 at a time, and a pair then costs a broadcast from memory, which no vector port sees. Tiles of 6 rows by 16
// columns: 12 accumulators, 2 weight vectors, a pair and a product: all 16 registers.
#include <immintrin.h>

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/x86/requant_avx2.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   6
#define PIECE  256 // k widened at once, an even number
#define STEP   16  // widened by one instruction

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

// Out of line: one copy instead of one in each instantiation.
static __attribute__((noinline)) int32_t
row_sum(const struct octi_qgemm_call *call, const struct octi_panels *weights, size_t m)
{
    return octi_qgemm_row_sum(call, weights, m);
}

INLINE __m256i load_256(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

INLINE __m256i zero_point_term(__m256i sum, const int32_t *zero_point, int32_t x_sum)
{
    return _mm256_sub_epi32(sum, _mm256_mullo_epi32(load_256(zero_point), _mm256_set1_epi32(x_sum)));
}

INLINE __m256i load_weights(const int8_t *w)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
}

// n activations, and up to STEP - 1 behind them, as words.
INLINE void widen(const uint8_t *x, size_t n, uint16_t *wide)
{
    for (size_t i = 0; i < n; i += STEP) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(x + i));
        _mm256_storeu_si256((__m256i *)(void *)(wide + i), _mm256_cvtepu8_epi16(bytes));
    }
}

INLINE void store_row(uint8_t *c,
                      __m256i s0,
                      __m256i s1,
                      const struct octi_panel *panel,
                      const struct octi_requant_256 *requant,
                      const int nv)
{
    const float *bias = (const float *)panel->bytes + 8 * nv;
    const float *multiplier = bias + 8 * nv;
    s0 = octi_requant_panel_256(s0, bias, multiplier, requant);
    if (nv == 1) {
        octi_store_bytes_128(c, octi_pack_256(s0, s0, requant), panel->n);
        return;
    }
    s1 = octi_requant_panel_256(s1, bias + 8, multiplier + 8, requant);
    octi_store_bytes_128(c, octi_pack_lanes_256(s0, s1, requant), panel->n);
}

// `rows` and `nv` (vectors of 8 columns) are constants at every call.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const struct octi_requant_256 *requant,
                 const int rows,
                 const int nv,
                 const bool zoned)
{
    uint16_t wide[ROWS][PIECE + STEP];
    const int32_t *start = octi_qgemm_start(call, panel, zoned);
    const int8_t *first = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 8);
    const size_t k = (weights->k + 1) / 2 * 2, taps = octi_qgemm_taps(call, weights, zoned);
    const int32_t *offsets = call->offsets != NULL ? call->offsets + m : NULL;
    const uint8_t *a = offsets != NULL ? call->a : call->a + m * call->a_stride;
    const __m256i start0 = load_256(start);
    const __m256i start1 = nv > 1 ? load_256(start + 8) : start0;
#define DECLARE(r) __m256i s##r##0 = start0, s##r##1 = start1;
    EACH_ROW(DECLARE)
#undef DECLARE
    // A piece goes through taps, where these have few channels and their weights follow one another.
    size_t t = 0;    // the next tap
    size_t done = 0; // k of that tap
    while (t < taps) {
        const int8_t *w = first + (octi_qgemm_tap(call, t, zoned) * k + done) * 8 * (size_t)nv;
        size_t filled = 0;
        bool follows = true;
        while (follows && filled < PIECE) {
            const size_t left = k - done;
            const size_t n = left < PIECE - filled ? left : PIECE - filled;
#define WIDEN(r)                                                                                                       \
    if ((r) < rows) {                                                                                                  \
        widen(octi_qgemm_tap_row(call, a, offsets, r) + done, n, wide[r] + filled);                                    \
    }
            EACH_ROW(WIDEN)
#undef WIDEN
            filled += n;
            done += n;
            if (done == k) {
                done = 0;
                t++;
                follows = t < taps && octi_qgemm_tap(call, t, zoned) == octi_qgemm_tap(call, t - 1, zoned) + 1;
                if (offsets != NULL) {
                    offsets += call->offset_stride;
                    a += call->tap_stride;
                }
            }
        }
        for (size_t i = 0; i < filled; i += 2) {
            const __m256i w0 = load_weights(w);
            const __m256i w1 = nv > 1 ? load_weights(w + 16) : w0;
            w += 16 * nv;
#define PAIR(r)                                                                                                        \
    if ((r) < rows) {                                                                                                  \
        const __m256i x = _mm256_set1_epi32(_mm_cvtsi128_si32(_mm_loadu_si32(wide[r] + i)));                           \
        s##r##0 = _mm256_add_epi32(s##r##0, _mm256_madd_epi16(x, w0));                                                 \
        if (nv > 1) {                                                                                                  \
            s##r##1 = _mm256_add_epi32(s##r##1, _mm256_madd_epi16(x, w1));                                             \
        }                                                                                                              \
    }
            EACH_ROW(PAIR)
#undef PAIR
        }
    }
    if (weights->weight_zero_points) {
        const int32_t *zero_point = (const int32_t *)panel->bytes + 24 * nv;
#define CORRECT(r)                                                                                                     \
    if ((r) < rows) {                                                                                                  \
        const int32_t sum = row_sum(call, weights, m + (r));                                                           \
        s##r##0 = zero_point_term(s##r##0, zero_point, sum);                                                           \
        s##r##1 = nv > 1 ? zero_point_term(s##r##1, zero_point + 8, sum) : s##r##1;                                    \
    }
        EACH_ROW(CORRECT)
#undef CORRECT
    }
    uint8_t *c = call->c + m * call->c_stride + panel->first;
#define STORE(r)                                                                                                       \
    if ((r) < rows) {                                                                                                  \
        uint8_t *to = zoned ? octi_qgemm_result(call, m + (r), zoned) + panel->first : c + (r)*call->c_stride;         \
        store_row(to, s##r##0, s##r##1, panel, requant, nv);                                                           \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASE(n, nv, zoned)                                                                                             \
    case n:                                                                                                            \
        tile(call, weights, panel, m, &requant, n, nv, zoned);                                                         \
        break;

// Not inlined into one another: each gets a register allocation of its own.
#define PANEL(name, nv, zoned)                                                                                         \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_256 requant = octi_requant_product_256(call->output, weights->bias_factor);          \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, ROWS);                                                            \
            switch (rows) {                                                                                            \
                CASE(1, nv, zoned)                                                                                     \
                CASE(2, nv, zoned)                                                                                     \
                CASE(3, nv, zoned) CASE(4, nv, zoned) CASE(5, nv, zoned) CASE(6, nv, zoned) default : break;           \
            }                                                                                                          \
        }                                                                                                              \
    }

PANEL(run_16, 2, false)
PANEL(run_8, 1, false)
PANEL(run_16_zone, 2, true)
PANEL(run_8_zone, 1, true)

void octi_qgemm_6x16k2__avx2(const struct octi_qgemm_call *call,
                             const struct octi_panels *weights,
                             const struct octi_panel *panel)
{
    const bool zoned = octi_qgemm_is_zoned(call);
    if (panel->width == 16) {
        (zoned ? run_16_zone : run_16)(call, weights, panel);
    } else {
        (zoned ? run_8_zone : run_8)(call, weights, panel);
    }
}
