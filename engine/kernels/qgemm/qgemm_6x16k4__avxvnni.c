// DESIGN: tiles of 6 rows by 16 columns (12 accumulators, 2 weight vectors, 1 broadcast: 15 of 16 registers). Two dot
// products start per cycle and take five, so a tile of fewer rows would wait for itself: up to 3 rows, consecutive
// quads of k go to accumulators of their own, which are added up at the end.
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx2.h"

#define INLINE static inline __attribute__((always_inline))
#define SLOTS  6 // pairs of accumulators: rows times sets

#define EACH_SLOT(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)

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

// `rows`, `sets` and `nv` (vectors of 8 columns) are constants at every call. Slot v is row v % rows and takes every
// `sets`-th quad from v / rows on.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const struct octi_requant_256 *requant,
                 const int rows,
                 const int sets,
                 const int nv,
                 const bool zoned)
{
    const int32_t *start = octi_qgemm_start(call, panel, zoned);
    const int8_t *first = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 8), *w = first;
    const size_t k = weights->k, taps = octi_qgemm_taps(call, weights, zoned);
    const size_t tap_bytes = octi_panel_padded_k(&weights->geometry, k) * 8 * (size_t)nv;
    const size_t whole = (k + 3) / 4 / (size_t)sets * (size_t)sets * 4; // k in whole rounds of the sets
    const int32_t *offsets = call->offsets != NULL ? call->offsets + m : NULL;
    const uint8_t *a = offsets != NULL ? call->a : call->a + m * call->a_stride;
    const __m256i zero = _mm256_setzero_si256();
    const __m256i start0 = load_256(start);
    const __m256i start1 = nv > 1 ? load_256(start + 8) : zero;
#define DECLARE(v) __m256i s##v##0 = (v) < rows ? start0 : zero, s##v##1 = (v) < rows ? start1 : zero;
    EACH_SLOT(DECLARE)
#undef DECLARE
#define DOT(v, slots)                                                                                                  \
    if ((v) < (slots)) {                                                                                               \
        const __m256i x = _mm256_set1_epi32(_mm_cvtsi128_si32(_mm_loadu_si32(x##v + i)));                              \
        s##v##0 = octi_dot_u8s8_256(s##v##0, x, load_256(w + 32 * nv * ((v) / rows)));                                 \
        if (nv > 1) {                                                                                                  \
            s##v##1 = octi_dot_u8s8_256(s##v##1, x, load_256(w + 32 * nv * ((v) / rows) + 32));                        \
        }                                                                                                              \
    }
#define DOT_ALL(v) DOT(v, rows *sets)
#define DOT_ONE(v) DOT(v, rows)
    for (size_t t = 0; t < taps; t++) {
        if (zoned) {
            w = first + octi_qgemm_tap(call, t, zoned) * tap_bytes;
        }
#define ADDRESS(v)                                                                                                     \
    const uint8_t *x##v =                                                                                              \
        (v) < rows * sets ? octi_qgemm_tap_row(call, a, offsets, (size_t)((v) % rows)) + 4 * ((v) / rows) : NULL;
        EACH_SLOT(ADDRESS)
#undef ADDRESS
        size_t i = 0;
        for (; i < whole; i += 4 * (size_t)sets) {
            EACH_SLOT(DOT_ALL)
            w += 32 * nv * sets;
        }
        for (; sets > 1 && i < k; i += 4) {
            EACH_SLOT(DOT_ONE)
            w += 32 * nv;
        }
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
#undef DOT_ONE
#undef DOT_ALL
#undef DOT
#define MERGE(to, from)                                                                                                \
    s##to##0 = _mm256_add_epi32(s##to##0, s##from##0);                                                                 \
    s##to##1 = nv > 1 ? _mm256_add_epi32(s##to##1, s##from##1) : zero;
    if (sets == 4) { // of 1 row
        MERGE(0, 1) MERGE(2, 3) MERGE(0, 2)
    } else if (sets == 2 && rows == 2) {
        MERGE(0, 2) MERGE(1, 3)
    } else if (sets == 2) { // of 3 rows
        MERGE(0, 3) MERGE(1, 4) MERGE(2, 5)
    }
#undef MERGE
    if (weights->weight_zero_points) {
        const int32_t *zero_point = (const int32_t *)panel->bytes + 24 * nv;
#define CORRECT(r)                                                                                                     \
    if ((r) < rows) {                                                                                                  \
        const int32_t sum = row_sum(call, weights, m + (r));                                                           \
        s##r##0 = zero_point_term(s##r##0, zero_point, sum);                                                           \
        s##r##1 = nv > 1 ? zero_point_term(s##r##1, zero_point + 8, sum) : zero;                                       \
    }
        EACH_SLOT(CORRECT)
#undef CORRECT
    }
    uint8_t *c = call->c + m * call->c_stride + panel->first;
#define STORE(r)                                                                                                       \
    if ((r) < rows) {                                                                                                  \
        uint8_t *to = zoned ? octi_qgemm_result(call, m + (r), zoned) + panel->first : c + (r)*call->c_stride;         \
        store_row(to, s##r##0, s##r##1, panel, requant, nv);                                                           \
    }
    EACH_SLOT(STORE)
#undef STORE
}

#define CASE(rows, sets, nv, zoned)                                                                                    \
    case rows:                                                                                                         \
        tile(call, weights, panel, m, &requant, rows, sets, nv, zoned);                                                \
        break;

// Not inlined into one another: each gets a register allocation of its own.
#define PANEL(name, nv, zoned)                                                                                         \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_256 requant = octi_requant_product_256(call->output, weights->bias_factor);          \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, SLOTS);                                                           \
            switch (rows) {                                                                                            \
                CASE(1, 4, nv, zoned)                                                                                  \
                CASE(2, 2, nv, zoned)                                                                                  \
                CASE(3, 2, nv, zoned)                                                                                  \
                CASE(4, 1, nv, zoned) CASE(5, 1, nv, zoned) CASE(6, 1, nv, zoned) default : break;                     \
            }                                                                                                          \
        }                                                                                                              \
    }

PANEL(run_16, 2, false)
PANEL(run_8, 1, false)
PANEL(run_16_zone, 2, true)
PANEL(run_8_zone, 1, true)

void octi_qgemm_6x16k4__avxvnni(const struct octi_qgemm_call *call,
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
