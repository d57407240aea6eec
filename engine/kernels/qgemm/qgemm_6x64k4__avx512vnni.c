// DESIGN: tiles of 6 rows by 64 columns (24 accumulators, 4 weight vectors, 1 broadcast: 29 of 32 registers), 8 by 32
// and 8 by 16 for the narrow panels; each row count is an instantiation of one always-inline body, so that accumulators
// are registers in each. A is read in place by dword broadcasts: packing it costs more than it saves on these cores.
// Accumulators are named, not an array: gcc 12 keeps arrays of vectors in memory when it unrolls too late. What is rare
// (`special`: weight zero points, results that need bounds before conversion) has instantiations of its own, and so
// have calls for some of the taps (`zoned`), whose bookkeeping would cost products of few channels 10 %. So have many
// direct rows by 64 or 32 columns, which are most of the work: strip_avx512.h.
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/qgemm/strip_avx512.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE    static inline __attribute__((always_inline))
#define ROWS_WIDE 6 // of a 64-column tile
#define ROWS_THIN 8 // of a 32- or 16-column tile

// A dot product takes 5 cycles on the processors that do two a cycle: so few wait for one another even where the
// weights' way out of the second-level cache takes as long.
#define MAX_CHAINS_DOUBLED 4

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// Out of line: one copy instead of one in each instantiation.
static __attribute__((noinline)) int32_t
row_sum(const struct octi_qgemm_call *call, const struct octi_panels *weights, size_t m)
{
    return octi_qgemm_row_sum(call, weights, m);
}

// Adds -zw * (row sum) to the accumulators: only for asymmetric weights.
INLINE __m512i zero_point_term(__m512i sum, const int32_t *zero_point, int32_t x_sum)
{
    __m512i term = _mm512_mullo_epi32(_mm512_loadu_si512(zero_point), _mm512_set1_epi32(x_sum));
    return _mm512_sub_epi32(sum, term);
}

// Requantized vector j (of 16 columns) of a row.
INLINE __m512i finish(__m512i sum,
                      const struct octi_panel *panel,
                      const struct octi_requant_512 *requant,
                      const int j,
                      const int nv,
                      const bool special,
                      const bool whole)
{
    const float *bias = (const float *)panel->bytes + 16 * nv + 16 * j;
    __m512 t = octi_add_bias_512(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(bias), requant, whole);
    t = _mm512_mul_ps(t, _mm512_loadu_ps(bias + 16 * nv));
    return special ? octi_round_open_512(t, requant) : _mm512_cvtps_epi32(t);
}

// A row of a panel of 64 columns.
INLINE void store_row(uint8_t *c,
                      __m512i s0,
                      __m512i s1,
                      __m512i s2,
                      __m512i s3,
                      const struct octi_panel *panel,
                      const struct octi_requant_512 *requant,
                      const bool special)
{
    s0 = finish(s0, panel, requant, 0, 4, special, false);
    s1 = finish(s1, panel, requant, 1, 4, special, false);
    s2 = finish(s2, panel, requant, 2, 4, special, false);
    s3 = finish(s3, panel, requant, 3, 4, special, false);
    _mm512_mask_storeu_epi8(c, octi_mask_64(panel->n), octi_pack_unbounded_512(s0, s1, s2, s3, requant));
}

// Two rows of a panel of 32 columns, of which the second may be none. Packed together, they lie in turns of eight
// columns.
INLINE __m512i two_rows(__m512i s0,
                        __m512i s1,
                        __m512i t0,
                        __m512i t1,
                        const struct octi_panel *panel,
                        const struct octi_requant_512 *requant,
                        const bool special,
                        const bool whole)
{
    s0 = finish(s0, panel, requant, 0, 2, special, whole);
    s1 = finish(s1, panel, requant, 1, 2, special, whole);
    t0 = finish(t0, panel, requant, 0, 2, special, whole);
    t1 = finish(t1, panel, requant, 1, 2, special, whole);
    return octi_pack_saturated_512(s0, s1, t0, t1, requant);
}

INLINE void store_two(uint8_t *c,
                      uint8_t *d,
                      __m512i s0,
                      __m512i s1,
                      __m512i t0,
                      __m512i t1,
                      const struct octi_panel *panel,
                      const struct octi_requant_512 *requant,
                      const bool second,
                      const bool special)
{
    t0 = second ? t0 : s0;
    t1 = second ? t1 : s1;
    __m512i bytes = special || !requant->bias_whole ? two_rows(s0, s1, t0, t1, panel, requant, special, false)
                                                    : two_rows(s0, s1, t0, t1, panel, requant, special, true);
    bytes = special || requant->bounded ? octi_bound_bytes_512(bytes, requant) : bytes;
    octi_strip_store_two_512(c, d, second, octi_mask_64(panel->n), bytes);
}

// Four rows, or as many of them as `rows`, of a panel of 16 columns: packed together, a row comes to lie in every
// fourth group of four bytes. So few products leave their units idle anyway, and a branch costs more than it saves.
INLINE void store_four(uint8_t *c0,
                       uint8_t *c1,
                       uint8_t *c2,
                       uint8_t *c3,
                       __m512i s0,
                       __m512i s1,
                       __m512i s2,
                       __m512i s3,
                       const struct octi_panel *panel,
                       const struct octi_requant_512 *requant,
                       const int rows,
                       const bool special)
{
    const __mmask16 mask = (__mmask16)octi_mask_64(panel->n);
    s0 = finish(s0, panel, requant, 0, 1, special, false);
    s1 = rows > 1 ? finish(s1, panel, requant, 0, 1, special, false) : s0;
    s2 = rows > 2 ? finish(s2, panel, requant, 0, 1, special, false) : s0;
    s3 = rows > 3 ? finish(s3, panel, requant, 0, 1, special, false) : s0;
    const __m512i bytes = octi_neighbours_512(octi_pack_unbounded_512(s0, s1, s2, s3, requant));
    _mm_mask_storeu_epi8(c0, mask, _mm512_castsi512_si128(bytes));
    if (rows > 1) {
        _mm_mask_storeu_epi8(c1, mask, _mm512_extracti32x4_epi32(bytes, 1));
    }
    if (rows > 2) {
        _mm_mask_storeu_epi8(c2, mask, _mm512_extracti32x4_epi32(bytes, 2));
    }
    if (rows > 3) {
        _mm_mask_storeu_epi8(c3, mask, _mm512_extracti32x4_epi32(bytes, 3));
    }
}

// A panel's first tile would wait for its weights where these come from far away: the tiles of the panel before ask for
// them, a cache line for every four that they read. Few rows read weights as fast as they come anyway.
#define TILES_AHEAD     4
#define ROWS_WITH_AHEAD 24

// Where tile `index` of the panel begins asking; if there is nothing to ask for, at what it reads itself.
INLINE const int8_t *ahead_of(const struct octi_qgemm_call *call,
                              const struct octi_panels *weights,
                              const struct octi_panel *panel,
                              size_t index)
{
    const size_t quads = weights->taps * ((weights->k + 3) / 4);
    const int8_t *own = (const int8_t *)panel->bytes + octi_panel_header_bytes(64);
    const bool asks =
        index < TILES_AHEAD && call->m >= ROWS_WITH_AHEAD && panel != &weights->panels[weights->n_panels - 1];
    return asks ? own + 256 * quads + 64 * quads * index : own;
}

// `rows` and `nv` (vectors of 16 columns) are constants at every call.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const int8_t *ahead,
                 const struct octi_requant_512 *requant,
                 const int rows,
                 const int nv,
                 const bool special,
                 const bool zoned)
{
    const int32_t *start = octi_qgemm_start(call, panel, zoned);
    const int8_t *first = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 16), *w = first;
    const size_t k = weights->k, taps = octi_qgemm_taps(call, weights, zoned);
    const size_t tap_bytes = octi_panel_padded_k(&weights->geometry, k) * 16 * (size_t)nv;
    const size_t unused = tap_bytes - (k + 3) / 4 * 4 * 16 * (size_t)nv;
    const int32_t *offsets = call->offsets != NULL ? call->offsets + m : NULL;
    const uint8_t *a = offsets != NULL ? call->a : call->a + m * call->a_stride;
    const __m512i zero = _mm512_setzero_si512();
    const __m512i start0 = _mm512_loadu_si512(start);
    const __m512i start1 = nv > 1 ? _mm512_loadu_si512(start + 16) : zero;
    const __m512i start2 = nv > 2 ? _mm512_loadu_si512(start + 32) : zero;
    const __m512i start3 = nv > 2 ? _mm512_loadu_si512(start + 48) : zero;
    // Few accumulators wait for one another: every other quad then goes into a second set.
    const bool two_sets = rows * nv <= MAX_CHAINS_DOUBLED || nv == 1;
#define DECLARE(r)                                                                                                     \
    __m512i s##r##0 = start0, s##r##1 = start1, s##r##2 = start2, s##r##3 = start3;                                    \
    __m512i t##r##0 = zero, t##r##1 = zero, t##r##2 = zero, t##r##3 = zero;
    EACH_ROW(DECLARE)
#undef DECLARE
    for (size_t t = 0; t < taps; t++) {
        if (zoned) {
            w = first + octi_qgemm_tap(call, t, zoned) * tap_bytes;
        }
#define ADDRESS(r) const uint8_t *x##r = r < rows ? octi_qgemm_tap_row(call, a, offsets, r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
        size_t i = 0;
#define DOT(set, r)                                                                                                    \
    if (r < rows) {                                                                                                    \
        const __m512i x = octi_broadcast_quad_512(x##r + i);                                                           \
        set##r##0 = octi_dot_u8s8_512(set##r##0, x, w0);                                                               \
        if (nv > 1) {                                                                                                  \
            set##r##1 = octi_dot_u8s8_512(set##r##1, x, w1);                                                           \
        }                                                                                                              \
        if (nv > 2) {                                                                                                  \
            set##r##2 = octi_dot_u8s8_512(set##r##2, x, w2);                                                           \
            set##r##3 = octi_dot_u8s8_512(set##r##3, x, w3);                                                           \
        }                                                                                                              \
    }
#define DOT_FIRST(r)  DOT(s, r)
#define DOT_SECOND(r) DOT(t, r)
#define QUAD(DO)                                                                                                       \
    {                                                                                                                  \
        const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w));                                                       \
        const __m512i w1 = nv > 1 ? octi_keep_512(_mm512_loadu_si512(w + 64)) : zero;                                  \
        const __m512i w2 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + 128)) : zero;                                 \
        const __m512i w3 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + 192)) : zero;                                 \
        EACH_ROW(DO)                                                                                                   \
        if (nv == 4 && rows >= ROWS_WIDE - 2) {                                                                        \
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);                                                            \
            ahead += 64;                                                                                               \
        }                                                                                                              \
        w += 64 * nv;                                                                                                  \
        i += 4;                                                                                                        \
    }
        if (two_sets) {
            while (i + 4 < k) {
                QUAD(DOT_FIRST)
                QUAD(DOT_SECOND)
            }
            if (i < k) {
                QUAD(DOT_FIRST)
            }
        } else {
            while (i < k) {
                QUAD(DOT_FIRST)
            }
        }
#undef QUAD
#undef DOT_SECOND
#undef DOT_FIRST
#undef DOT
        w += unused; // zero weights of a panel made for longer steps
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
    if (two_sets) {
#define JOIN(r)                                                                                                        \
    s##r##0 = _mm512_add_epi32(s##r##0, t##r##0);                                                                      \
    s##r##1 = _mm512_add_epi32(s##r##1, t##r##1);                                                                      \
    s##r##2 = _mm512_add_epi32(s##r##2, t##r##2);                                                                      \
    s##r##3 = _mm512_add_epi32(s##r##3, t##r##3);
        EACH_ROW(JOIN)
#undef JOIN
    }
    if (special && weights->weight_zero_points) {
        const int32_t *zero_point = (const int32_t *)panel->bytes + 48 * nv;
#define CORRECT(r)                                                                                                     \
    if (r < rows) {                                                                                                    \
        const int32_t sum = row_sum(call, weights, m + r);                                                             \
        s##r##0 = zero_point_term(s##r##0, zero_point, sum);                                                           \
        if (nv > 1) {                                                                                                  \
            s##r##1 = zero_point_term(s##r##1, zero_point + 16, sum);                                                  \
        }                                                                                                              \
        if (nv > 2) {                                                                                                  \
            s##r##2 = zero_point_term(s##r##2, zero_point + 32, sum);                                                  \
            s##r##3 = zero_point_term(s##r##3, zero_point + 48, sum);                                                  \
        }                                                                                                              \
    }
        EACH_ROW(CORRECT)
#undef CORRECT
    }
    const size_t stride = call->c_stride;
    uint8_t *c = call->c + m * stride + panel->first;
#define PLACE(r) uint8_t *c##r = c + r * stride;
    EACH_ROW(PLACE)
#undef PLACE
    if (zoned && call->c_rows != NULL) {
        // Worked out before the first result is stored, which might be the table for all that a compiler knows.
#define PLACE(r) c##r = r < rows ? octi_qgemm_result(call, m + r, zoned) + panel->first : c;
        EACH_ROW(PLACE)
#undef PLACE
    }
    if (nv == 1) {
        store_four(c0, c1, c2, c3, s00, s10, s20, s30, panel, requant, rows, special);
        if (rows > 4) {
            store_four(c4, c5, c6, c7, s40, s50, s60, s70, panel, requant, rows - 4, special);
        }
        return;
    }
    if (nv == 2) {
        store_two(c0, c1, s00, s01, s10, s11, panel, requant, rows > 1, special);
        if (rows > 2) {
            store_two(c2, c3, s20, s21, s30, s31, panel, requant, rows > 3, special);
        }
        if (rows > 4) {
            store_two(c4, c5, s40, s41, s50, s51, panel, requant, rows > 5, special);
        }
        if (rows > 6) {
            store_two(c6, c7, s60, s61, s70, s71, panel, requant, rows > 7, special);
        }
        return;
    }
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        store_row(c##r, s##r##0, s##r##1, s##r##2, s##r##3, panel, requant, special);                                  \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASE(n, nv, special, zoned)                                                                                    \
    case n:                                                                                                            \
        tile(call, weights, panel, m, ahead_of(call, weights, panel, index++), &requant, n, nv, special, zoned);       \
        break;

// Not inlined into one another: each gets a register allocation of its own.
#define PANEL(name, max_rows, ...)                                                                                     \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_512 requant = octi_requant_product_512(call->output, weights->bias_factor);          \
        size_t rows;                                                                                                   \
        size_t index = 0; /* of a tile */                                                                              \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, max_rows);                                                        \
            switch (rows) {                                                                                            \
                __VA_ARGS__                                                                                            \
            default:                                                                                                   \
                break;                                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }

#define CASES_WIDE(...)                                                                                                \
    CASE(1, __VA_ARGS__)                                                                                               \
    CASE(2, __VA_ARGS__) CASE(3, __VA_ARGS__) CASE(4, __VA_ARGS__) CASE(5, __VA_ARGS__) CASE(6, __VA_ARGS__)
#define CASES_THIN(...) CASES_WIDE(__VA_ARGS__) CASE(7, __VA_ARGS__) CASE(8, __VA_ARGS__)
PANEL(run_64, ROWS_WIDE, CASES_WIDE(4, false, false))
PANEL(run_32, ROWS_THIN, CASES_THIN(2, false, false))
PANEL(run_16, ROWS_THIN, CASES_THIN(1, false, false))
PANEL(run_64_zone, ROWS_WIDE, CASES_WIDE(4, false, true))
PANEL(run_32_zone, ROWS_THIN, CASES_THIN(2, false, true))
PANEL(run_16_zone, ROWS_THIN, CASES_THIN(1, false, true))
PANEL(run_64_special, ROWS_WIDE, CASES_WIDE(4, true, true))
PANEL(run_32_special, ROWS_THIN, CASES_THIN(2, true, true))
PANEL(run_16_special, ROWS_THIN, CASES_THIN(1, true, true))

// Each height is a function: gcc allocates registers well in small ones only. Balanced, 16 rows and more are fours to
// sixes by 64 columns, and fives (fours where they are 16) to eights by 32.
#define STRIP(name, rows, nv, far)                                                                                     \
    static __attribute__((noinline)) void name(struct octi_strip_512 *strip)                                           \
    {                                                                                                                  \
        octi_strip_512(strip, rows, nv, far);                                                                          \
    }
STRIP(near_4, 4, 4, false)
STRIP(near_5, 5, 4, false)
STRIP(near_6, 6, 4, false)
STRIP(far_3, 3, 4, true)
STRIP(far_4, 4, 4, true)
STRIP(far_5, 5, 4, true)
STRIP(far_6, 6, 4, true)
STRIP(thin_5, 5, 2, false)
STRIP(thin_6, 6, 2, false)
STRIP(thin_7, 7, 2, false)
STRIP(thin_8, 8, 2, false)

typedef void (*strip_fn)(struct octi_strip_512 *strip);

// Fewer rows read weights faster than they come, and asking for them was measured to be in the way (2 rows, 4 MB, Zen
// 4: a third slower). More take longer than their weights need to come from wherever they are.
#define ROWS_FAR_AT_LEAST 3
#define ROWS_FAR_AT_MOST  8
// More weights than the first do not stay in the second-level cache; where there are more than the last, asking for
// them was measured to be in the way.
#define FAR_WEIGHT_BYTES      ((size_t)1 << 20)
#define FAR_WEIGHT_BYTES_LAST ((size_t)8 << 20)

// Few rows whose weights come from beyond the second-level cache.
static bool reads_far(const struct octi_qgemm_call *call, const struct octi_panels *weights)
{
    const size_t bytes = weights->n_columns * weights->k;
    return call->m >= ROWS_FAR_AT_LEAST && call->m <= ROWS_FAR_AT_MOST && bytes > FAR_WEIGHT_BYTES &&
           bytes <= FAR_WEIGHT_BYTES_LAST;
}

// Strips have a tail, and pay where rows are many, or where they ask for weights.
#define ROWS_OF_STRIPS 16

static bool has_strips(const struct octi_qgemm_call *call, const struct octi_panels *weights)
{
    return call->offsets == NULL && weights->k > 4 * (OCTI_STRIP_TAIL - 1);
}

static bool takes_strips(const struct octi_qgemm_call *call, const struct octi_panels *weights)
{
    return has_strips(call, weights) && (call->m >= ROWS_OF_STRIPS || reads_far(call, weights));
}

static bool takes_thin_strips(const struct octi_qgemm_call *call, const struct octi_panels *weights)
{
    return has_strips(call, weights) && call->m > ROWS_OF_STRIPS;
}

// Direct rows, balanced over tiles as octi_qgemm_tile_rows() does it; of[r] does tiles of r rows.
static void run_strips(const struct octi_qgemm_call *call,
                       const struct octi_panels *weights,
                       const struct octi_panel *panel,
                       size_t max_rows,
                       const strip_fn *of)
{
    const size_t tiles = (call->m + max_rows - 1) / max_rows, rows = call->m / tiles, longer = call->m % tiles;
    const int8_t *own = (const int8_t *)panel->bytes + octi_panel_header_bytes(panel->width);
    const size_t own_bytes = (weights->k + 3) / 4 * 4 * panel->width;
    struct octi_strip_512 strip; // field by field: an initializer would clear all of it first
    strip.a = call->a;
    strip.a_stride = call->a_stride;
    strip.k = weights->k;
    strip.c = call->c + panel->first;
    strip.c_stride = call->c_stride;
    strip.panel = panel->bytes;
    strip.ahead = own + own_bytes;
    strip.ahead_end = own + 2 * own_bytes; // behind the last panel lies the first of the product that was packed next
    strip.rows_cold = panel == weights->panels;
    strip.mask = octi_mask_64(panel->n);
    strip.requant = octi_requant_product_512(call->output, weights->bias_factor);
    strip.tiles = longer;
    if (longer > 0) {
        of[rows + 1](&strip);
    }
    strip.tiles = tiles - longer;
    of[rows](&strip);
}

static void
run_strips_64(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    static const strip_fn near[ROWS_WIDE + 1] = {[4] = near_4, near_5, near_6};
    static const strip_fn far[ROWS_WIDE + 1] = {[3] = far_3, far_4, far_5, far_6};
    run_strips(call, weights, panel, ROWS_WIDE, reads_far(call, weights) ? far : near);
}

static void
run_strips_32(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    static const strip_fn thin[ROWS_THIN + 1] = {[5] = thin_5, thin_6, thin_7, thin_8};
    run_strips(call, weights, panel, ROWS_THIN, thin);
}

void octi_qgemm_6x64k4__avx512vnni(const struct octi_qgemm_call *call,
                                   const struct octi_panels *weights,
                                   const struct octi_panel *panel)
{
    const bool special = weights->weight_zero_points || !octi_panels_convertible(weights);
    const bool zoned = octi_qgemm_is_zoned(call);
    if (panel->width == 64) {
        (special                       ? run_64_special
         : zoned                       ? run_64_zone
         : takes_strips(call, weights) ? run_strips_64
                                       : run_64)(call, weights, panel);
    } else if (panel->width == 32) {
        (special                            ? run_32_special
         : zoned                            ? run_32_zone
         : takes_thin_strips(call, weights) ? run_strips_32
                                            : run_32)(call, weights, panel);
    } else {
        (special ? run_16_special : zoned ? run_16_zone : run_16)(call, weights, panel);
    }
}
