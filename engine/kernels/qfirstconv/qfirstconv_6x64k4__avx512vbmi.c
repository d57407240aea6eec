// DESIGN: the tiles of qgemm_6x64k4__avx512vnni.c over pixels of one output line: their windows lie one stride apart,
// so one address serves a tile. The tails of a tile's pixels are brought together by byte permutations, all pixels at
// once, and put into a buffer of quads; products get them from there as they get other quads.
#include "engine/kernels/qfirstconv/qfirstconv.h"
#include "engine/kernels/qfirstconv/tails.h"
#include "engine/kernels/x86/bytes_avx512.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE    static inline __attribute__((always_inline))
#define ROWS_WIDE 6 // of a 64-column tile
#define ROWS_THIN OCTI_TAILS_PIXELS

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// What all tiles of a panel need.
struct panel_call {
    const struct octi_qgemm_call *call;
    const struct octi_panels *weights;
    const int32_t *header;
    uint8_t *c;            // of the panel's first column
    size_t taps, k, whole; // bytes of a row, and of its whole quads
    size_t tail_quads;
    size_t tap_stride, x_stride;
    __m512i places; // in a line: byte i of quad p is byte i of pixel p
    __mmask64 mask; // of the columns that exist
    bool zero_points;
    struct octi_requant_512 requant;
};

INLINE struct panel_call
panel_call(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel)
{
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i pixels = _mm512_mullo_epi32(order, _mm512_set1_epi32((int32_t)call->x_stride * 0x01010101));
    const size_t whole = weights->k / 4 * 4;
    return (struct panel_call){
        .call = call,
        .weights = weights,
        .header = panel->bytes,
        .c = call->c + panel->first,
        .taps = weights->taps,
        .k = weights->k,
        .whole = whole,
        .tail_quads = (weights->taps * (weights->k - whole) + 3) / 4,
        .tap_stride = call->tap_stride,
        .x_stride = call->x_stride,
        .places = _mm512_add_epi8(pixels, _mm512_set1_epi32(0x03020100)),
        .mask = octi_mask_64(panel->n),
        .zero_points = weights->weight_zero_points,
        .requant = octi_requant_product_512(call->output, weights->bias_factor),
    };
}

// Quad q of pixel p comes to lie at tails[64 * q + 4 * p]. Of pixels that the tile does not have, quads are anything.
INLINE void gather_tails(const struct panel_call *panel, const uint8_t *a, uint8_t *tails)
{
    const size_t tail = panel->k - panel->whole;
    const uint64_t every_quad = 0x1111111111111111;
    __m512i quads = _mm512_setzero_si512();
    size_t at = 0; // bytes that the quads have
    a += panel->whole;
    for (size_t t = 0; t < panel->taps; t++, a += panel->tap_stride) {
        const __m512i line = _mm512_loadu_si512(a);
        const __m512i places = _mm512_sub_epi8(panel->places, _mm512_set1_epi8((char)at));
        quads = _mm512_mask_permutexvar_epi8(quads, every_quad * (((1u << tail) - 1) << at & 15), places, line);
        at += tail;
        if (at >= 4) {
            _mm512_store_si512(tails, quads);
            tails += 64;
            at -= 4;
            const __m512i rest = _mm512_add_epi8(panel->places, _mm512_set1_epi8((char)(tail - at)));
            quads = _mm512_permutexvar_epi8(rest, line);
        }
    }
    if (at > 0) {
        _mm512_store_si512(tails, quads);
    }
}

// Out of line: one copy instead of one in each instantiation.
static __attribute__((noinline)) int32_t row_sum(const struct panel_call *panel, size_t m)
{
    return octi_qgemm_row_sum(panel->call, panel->weights, m);
}

// Vector j (of 16 columns) of pixel m, requantized but for the zero point. Where it is usual, the bias has no factor:
// then a sum is a sum, in units that dot products do not need.
INLINE __m512i
finish(const struct panel_call *panel, __m512i sum, size_t m, const int j, const int nv, const bool special)
{
    const float *bias = (const float *)(const void *)(panel->header + 16 * nv + 16 * j);
    if (!special) {
        const __m512 t = _mm512_add_ps(_mm512_loadu_ps(bias), _mm512_cvtepi32_ps(sum));
        return _mm512_cvtps_epi32(_mm512_mul_ps(t, _mm512_loadu_ps(bias + 16 * nv)));
    }
    if (panel->zero_points) {
        const __m512i zero_point = _mm512_loadu_si512(panel->header + 48 * nv + 16 * j);
        sum = _mm512_sub_epi32(sum, _mm512_mullo_epi32(zero_point, _mm512_set1_epi32(row_sum(panel, m))));
    }
    return octi_requant_open_512(sum, _mm512_loadu_ps(bias), _mm512_loadu_ps(bias + 16 * nv), &panel->requant);
}

// Four vectors of sums from pixel m on: one pixel of 64 columns, two of 32 or four of 16, or as many as `rows`.
INLINE void store(const struct panel_call *panel,
                  size_t m,
                  __m512i s0,
                  __m512i s1,
                  __m512i s2,
                  __m512i s3,
                  const int rows,
                  const int nv,
                  const bool special)
{
    const int pixels = 4 / nv < rows ? 4 / nv : rows;
    s0 = finish(panel, s0, m, 0, nv, special);
    s1 = nv * pixels > 1 ? finish(panel, s1, m + (size_t)(1 / nv), 1 % nv, nv, special) : s0;
    s2 = nv * pixels > 2 ? finish(panel, s2, m + (size_t)(2 / nv), 2 % nv, nv, special) : s0;
    s3 = nv * pixels > 3 ? finish(panel, s3, m + (size_t)(3 / nv), 3 % nv, nv, special) : s1;
    const __m512i bytes = octi_pack_unbounded_512(s0, s1, s2, s3, &panel->requant);
    const size_t stride = panel->call->c_stride;
    uint8_t *c = panel->c + m * stride;
    if (nv == 4) {
        _mm512_mask_storeu_epi8(c, panel->mask, bytes);
    } else if (nv == 2) {
        const __m512i both = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), bytes);
        _mm256_mask_storeu_epi8(c, (__mmask32)panel->mask, _mm512_castsi512_si256(both));
        if (pixels > 1) {
            _mm256_mask_storeu_epi8(c + stride, (__mmask32)panel->mask, _mm512_extracti64x4_epi64(both, 1));
        }
    } else {
        const __m512i all = octi_neighbours_512(bytes);
        _mm_mask_storeu_epi8(c, (__mmask16)panel->mask, _mm512_castsi512_si128(all));
        if (pixels > 1) {
            _mm_mask_storeu_epi8(c + stride, (__mmask16)panel->mask, _mm512_extracti32x4_epi32(all, 1));
        }
        if (pixels > 2) {
            _mm_mask_storeu_epi8(c + 2 * stride, (__mmask16)panel->mask, _mm512_extracti32x4_epi32(all, 2));
        }
        if (pixels > 3) {
            _mm_mask_storeu_epi8(c + 3 * stride, (__mmask16)panel->mask, _mm512_extracti32x4_epi32(all, 3));
        }
    }
}

// `rows` and `nv` (vectors of 16 columns) are constants at every call.
INLINE void tile(const struct panel_call *panel, size_t m, const int rows, const int nv, const bool special)
{
    _Alignas(64) uint8_t tails[64 * OCTI_TAILS_QUADS];
    const uint8_t *a = panel->call->a + panel->call->offsets[m];
    gather_tails(panel, a, tails);
    const int32_t *start = panel->header;
    const int8_t *w = (const int8_t *)(start + 64 * nv);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i start0 = _mm512_loadu_si512(start);
    const __m512i start1 = nv > 1 ? _mm512_loadu_si512(start + 16) : zero;
    const __m512i start2 = nv > 2 ? _mm512_loadu_si512(start + 32) : zero;
    const __m512i start3 = nv > 2 ? _mm512_loadu_si512(start + 48) : zero;
#define DECLARE(r) __m512i s##r##0 = start0, s##r##1 = start1, s##r##2 = start2, s##r##3 = start3;
    EACH_ROW(DECLARE)
#undef DECLARE
#define DOT(r)                                                                                                         \
    if (r < rows) {                                                                                                    \
        const __m512i x = octi_broadcast_quad_512(AT(r));                                                              \
        s##r##0 = octi_dot_u8s8_512(s##r##0, x, w0);                                                                   \
        if (nv > 1) {                                                                                                  \
            s##r##1 = octi_dot_u8s8_512(s##r##1, x, w1);                                                               \
        }                                                                                                              \
        if (nv > 2) {                                                                                                  \
            s##r##2 = octi_dot_u8s8_512(s##r##2, x, w2);                                                               \
            s##r##3 = octi_dot_u8s8_512(s##r##3, x, w3);                                                               \
        }                                                                                                              \
    }
#define QUAD                                                                                                           \
    {                                                                                                                  \
        const __m512i w0 = octi_keep_512(_mm512_loadu_si512(w));                                                       \
        const __m512i w1 = nv > 1 ? octi_keep_512(_mm512_loadu_si512(w + 64)) : zero;                                  \
        const __m512i w2 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + 128)) : zero;                                 \
        const __m512i w3 = nv > 2 ? octi_keep_512(_mm512_loadu_si512(w + 192)) : zero;                                 \
        EACH_ROW(DOT)                                                                                                  \
        w += 64 * nv;                                                                                                  \
    }
    for (size_t t = 0; t < panel->taps; t++, a += panel->tap_stride) {
        for (const uint8_t *x0 = a; x0 < a + panel->whole; x0 += 4) {
#define AT(r) x0 + r * panel->x_stride
            QUAD
#undef AT
        }
    }
    for (const uint8_t *x0 = tails; x0 < tails + 64 * panel->tail_quads; x0 += 64) {
#define AT(r) x0 + 4 * r
        QUAD
#undef AT
    }
#undef QUAD
#undef DOT
    if (nv == 1) {
        store(panel, m, s00, s10, s20, s30, rows, nv, special);
        if (rows > 4) {
            store(panel, m + 4, s40, s50, s60, s70, rows - 4, nv, special);
        }
    } else if (nv == 2) {
#define STORE_TWO(r, q)                                                                                                \
    if (r < rows) {                                                                                                    \
        store(panel, m + r, s##r##0, s##r##1, s##q##0, s##q##1, rows - r, nv, special);                                \
    }
        STORE_TWO(0, 1)
        STORE_TWO(2, 3)
        STORE_TWO(4, 5)
        STORE_TWO(6, 7)
#undef STORE_TWO
    } else {
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        store(panel, m + r, s##r##0, s##r##1, s##r##2, s##r##3, 1, nv, special);                                       \
    }
        EACH_ROW(STORE)
#undef STORE
    }
}

#define CASE(n, nv, special)                                                                                           \
    case n:                                                                                                            \
        tile(&shared, m, n, nv, special);                                                                              \
        break;

// Not inlined into one another: each gets a register allocation of its own.
#define PANEL(name, max_rows, ...)                                                                                     \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct panel_call shared = panel_call(call, weights, panel);                                             \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(octi_qfirstconv_line_end(call, m) - m, max_rows);                              \
            switch (rows) {                                                                                            \
                __VA_ARGS__                                                                                            \
            default:                                                                                                   \
                break;                                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }

#define CASES_WIDE(nv, special)                                                                                        \
    CASE(1, nv, special)                                                                                               \
    CASE(2, nv, special) CASE(3, nv, special) CASE(4, nv, special) CASE(5, nv, special) CASE(6, nv, special)
#define CASES_THIN(nv, special) CASES_WIDE(nv, special) CASE(7, nv, special) CASE(8, nv, special)
PANEL(run_64, ROWS_WIDE, CASES_WIDE(4, false))
PANEL(run_32, ROWS_THIN, CASES_THIN(2, false))
PANEL(run_16, ROWS_THIN, CASES_THIN(1, false))
PANEL(run_64_special, ROWS_WIDE, CASES_WIDE(4, true))
PANEL(run_32_special, ROWS_THIN, CASES_THIN(2, true))
PANEL(run_16_special, ROWS_THIN, CASES_THIN(1, true))

void octi_qfirstconv_6x64k4__avx512vbmi(const struct octi_qgemm_call *call,
                                        const struct octi_panels *weights,
                                        const struct octi_panel *panel)
{
    const bool special =
        weights->weight_zero_points || weights->bias_factor != 1.0f || !octi_panels_convertible(weights);
    if (panel->width == 64) {
        (special ? run_64_special : run_64)(call, weights, panel);
    } else if (panel->width == 32) {
        (special ? run_32_special : run_32)(call, weights, panel);
    } else {
        (special ? run_16_special : run_16)(call, weights, panel);
    }
}
