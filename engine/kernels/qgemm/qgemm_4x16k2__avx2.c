// Exact without VNNI: bytes are widened to 16 bits and multiplied with vpmaddwd, whose pairwise sum cannot overflow
// (2 * 255 * 128 in 32 bits). The saturating vpmaddubsw is a quarter faster and wrong for full-range weights.
// Tiles of 4 rows by 16 columns: 8 accumulators, 4 rows of activations, 2 weight vectors and a product: 15 of 16
// registers.
#include <immintrin.h>
#include <string.h>

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/x86/requant_avx2.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   4

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)

static __attribute__((noinline)) int32_t
row_sum(const struct octi_qgemm_call *call, const struct octi_panels *weights, size_t m)
{
    return octi_qgemm_row_sum(call, weights->taps, weights->k, m);
}

INLINE __m256i zero_point_term(__m256i sum, const int32_t *zero_point, int32_t x_sum)
{
    __m256i term =
        _mm256_mullo_epi32(_mm256_loadu_si256((const __m256i *)(const void *)zero_point), _mm256_set1_epi32(x_sum));
    return _mm256_sub_epi32(sum, term);
}

// 8 activations as 16-bit words, in both lanes.
INLINE __m256i load_eight(const uint8_t *x)
{
    int64_t eight;
    memcpy(&eight, x, sizeof eight);
    return _mm256_cvtepu8_epi16(_mm_set1_epi64x(eight));
}

INLINE __m256i load_weights(const int8_t *w)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
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
    s1 = nv > 1 ? octi_requant_panel_256(s1, bias + 8, multiplier + 8, requant) : s0;
    octi_store_bytes_128(c, octi_pack_256(s0, s1, requant), panel->n);
}

// `rows` and `nv` (vectors of 8 columns) are constants at every call.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const struct octi_requant_256 *requant,
                 const int rows,
                 const int nv)
{
    const int32_t *start = panel->bytes;
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 8);
    const size_t k = weights->k;
    const __m256i start0 = _mm256_loadu_si256((const __m256i *)(const void *)start);
    const __m256i start1 = nv > 1 ? _mm256_loadu_si256((const __m256i *)(const void *)(start + 8)) : start0;
#define DECLARE(r) __m256i s##r##0 = start0, s##r##1 = start1;
    EACH_ROW(DECLARE)
#undef DECLARE
    for (size_t t = 0; t < weights->taps; t++) {
#define ADDRESS(r) const uint8_t *x##r = r < rows ? octi_qgemm_row(call, t, m + r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
        for (size_t i = 0; i < k; i += 8) {
#define LOAD(r) const __m256i a##r = r < rows ? load_eight(x##r + i) : start0;
            EACH_ROW(LOAD)
#undef LOAD
// Pair `j` of the eight against its 16 columns.
#define PAIR(r, j)                                                                                                     \
    if (r < rows) {                                                                                                    \
        const __m256i x = _mm256_shuffle_epi32(a##r, (j)*0x55);                                                        \
        s##r##0 = _mm256_add_epi32(s##r##0, _mm256_madd_epi16(x, w0));                                                 \
        if (nv > 1) {                                                                                                  \
            s##r##1 = _mm256_add_epi32(s##r##1, _mm256_madd_epi16(x, w1));                                             \
        }                                                                                                              \
    }
#define STEP(j)                                                                                                        \
    {                                                                                                                  \
        const __m256i w0 = load_weights(w);                                                                            \
        const __m256i w1 = nv > 1 ? load_weights(w + 16) : w0;                                                         \
        w += 16 * nv;                                                                                                  \
        PAIR(0, j) PAIR(1, j) PAIR(2, j) PAIR(3, j)                                                                    \
    }
            STEP(0)
            STEP(1)
            STEP(2)
            STEP(3)
#undef STEP
#undef PAIR
        }
    }
    if (weights->weight_zero_points) {
        const int32_t *zero_point = start + 24 * nv;
#define CORRECT(r)                                                                                                     \
    if (r < rows) {                                                                                                    \
        const int32_t sum = row_sum(call, weights, m + r);                                                             \
        s##r##0 = zero_point_term(s##r##0, zero_point, sum);                                                           \
        s##r##1 = nv > 1 ? zero_point_term(s##r##1, zero_point + 8, sum) : s##r##1;                                    \
    }
        EACH_ROW(CORRECT)
#undef CORRECT
    }
    uint8_t *c = call->c + m * call->c_stride + panel->first;
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        store_row(c + r * call->c_stride, s##r##0, s##r##1, panel, requant, nv);                                       \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASE(n, nv)                                                                                                    \
    case n:                                                                                                            \
        tile(call, weights, panel, m, &requant, n, nv);                                                                \
        break;

#define PANEL(name, nv)                                                                                                \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_256 requant = octi_requant_product_256(call->output, weights->bias_factor);          \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, ROWS);                                                            \
            switch (rows) {                                                                                            \
                CASE(1, nv) CASE(2, nv) CASE(3, nv) CASE(4, nv) default : break;                                       \
            }                                                                                                          \
        }                                                                                                              \
    }

PANEL(run_16, 2)
PANEL(run_8, 1)

void octi_qgemm_4x16k2__avx2(const struct octi_qgemm_call *call,
                             const struct octi_panels *weights,
                             const struct octi_panel *panel)
{
    if (panel->width == 16) {
        run_16(call, weights, panel);
    } else {
        run_8(call, weights, panel);
    }
}
