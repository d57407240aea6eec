// DESIGN: tiles of 6 rows by 64 columns (24 accumulators, 4 weight vectors, 1 broadcast: 29 of 32 registers), 8 by 32
// and 8 by 16 for the narrow panels; each row count is an instantiation of one always-inline body, so that accumulators
// are registers in each. A is read in place by dword broadcasts: packing it costs more than it saves on these cores.
// Accumulators are named, not an array: gcc 12 keeps arrays of vectors in memory when it unrolls too late.
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/x86/dot.h"
#include "engine/kernels/x86/requant_avx512.h"

#define INLINE    static inline __attribute__((always_inline))
#define ROWS_WIDE 6 // of a 64-column tile
#define ROWS_THIN 8 // of a 32- or 16-column tile

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

// Out of line: one copy instead of one in each instantiation.
static __attribute__((noinline)) int32_t
row_sum(const struct octi_qgemm_call *call, const struct octi_panels *weights, size_t m)
{
    return octi_qgemm_row_sum(call, weights->taps, weights->k, m);
}

// Adds -zw * (row sum) to the accumulators: only for asymmetric weights.
INLINE __m512i zero_point_term(__m512i sum, const int32_t *zero_point, int32_t x_sum)
{
    __m512i term = _mm512_mullo_epi32(_mm512_loadu_si512(zero_point), _mm512_set1_epi32(x_sum));
    return _mm512_sub_epi32(sum, term);
}

INLINE void store_row(uint8_t *c,
                      __m512i s0,
                      __m512i s1,
                      __m512i s2,
                      __m512i s3,
                      const struct octi_panel *panel,
                      const struct octi_requant_512 *requant,
                      const int nv)
{
    const float *bias = (const float *)panel->bytes + 16 * nv;
    const float *multiplier = bias + 16 * nv;
    __mmask64 mask = octi_mask_64(panel->n);
    if (nv == 1) {
        s0 = octi_requant_panel_512(s0, bias, multiplier, requant);
        __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(s0, requant->zero_point32));
        _mm_mask_storeu_epi8(c, (__mmask16)mask, bytes);
        return;
    }
    s0 = octi_requant_panel_open_512(s0, bias, multiplier, requant);
    s1 = octi_requant_panel_open_512(s1, bias + 16, multiplier + 16, requant);
    if (nv == 2) {
        __m512i words = _mm512_add_epi16(_mm512_packs_epi32(s0, s1), requant->zero_point16);
        words = _mm512_max_epi16(words, requant->floor16);
        _mm256_mask_storeu_epi8(c, (__mmask32)mask, _mm512_cvtepi16_epi8(words));
        return;
    }
    s2 = octi_requant_panel_open_512(s2, bias + 32, multiplier + 32, requant);
    s3 = octi_requant_panel_open_512(s3, bias + 48, multiplier + 48, requant);
    _mm512_mask_storeu_epi8(c, mask, octi_pack_open_512(s0, s1, s2, s3, requant));
}

// Address of row r of a tile; `a` and `offsets` are those of its first row and of the tap. What octi_qgemm_row() says,
// without its multiplications: with few channels a tap has as many addresses as products.
INLINE const uint8_t *
row_address(const struct octi_qgemm_call *call, const uint8_t *a, const int32_t *offsets, const size_t r)
{
    if (offsets == NULL) {
        return a + r * call->a_stride;
    }
    return offsets[r] == OCTI_QGEMM_PADDING ? call->padding : a + offsets[r];
}

// `rows` and `nv` (vectors of 16 columns) are constants at every call.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const struct octi_requant_512 *requant,
                 const int rows,
                 const int nv)
{
    const int32_t *start = panel->bytes;
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 16);
    const size_t k = weights->k;
    const size_t unused = (octi_panel_padded_k(&weights->geometry, k) - (k + 3) / 4 * 4) * 16 * (size_t)nv;
    const int32_t *offsets = call->offsets != NULL ? call->offsets + m : NULL;
    const uint8_t *a = offsets != NULL ? call->a : call->a + m * call->a_stride;
    const __m512i zero = _mm512_setzero_si512();
    const __m512i start0 = _mm512_loadu_si512(start);
    const __m512i start1 = nv > 1 ? _mm512_loadu_si512(start + 16) : zero;
    const __m512i start2 = nv > 2 ? _mm512_loadu_si512(start + 32) : zero;
    const __m512i start3 = nv > 2 ? _mm512_loadu_si512(start + 48) : zero;
#define DECLARE(r) __m512i s##r##0 = start0, s##r##1 = start1, s##r##2 = start2, s##r##3 = start3;
    EACH_ROW(DECLARE)
#undef DECLARE
    for (size_t t = 0; t < weights->taps; t++) {
#define ADDRESS(r) const uint8_t *x##r = r < rows ? row_address(call, a, offsets, r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
        for (size_t i = 0; i < k; i += 4) {
            const __m512i w0 = _mm512_loadu_si512(w);
            const __m512i w1 = nv > 1 ? _mm512_loadu_si512(w + 64) : zero;
            const __m512i w2 = nv > 2 ? _mm512_loadu_si512(w + 128) : zero;
            const __m512i w3 = nv > 2 ? _mm512_loadu_si512(w + 192) : zero;
            w += 64 * nv;
#define DOT(r)                                                                                                         \
    if (r < rows) {                                                                                                    \
        const __m512i x = octi_broadcast_quad_512(x##r + i);                                                           \
        s##r##0 = octi_dot_u8s8_512(s##r##0, x, w0);                                                                   \
        if (nv > 1) {                                                                                                  \
            s##r##1 = octi_dot_u8s8_512(s##r##1, x, w1);                                                               \
        }                                                                                                              \
        if (nv > 2) {                                                                                                  \
            s##r##2 = octi_dot_u8s8_512(s##r##2, x, w2);                                                               \
            s##r##3 = octi_dot_u8s8_512(s##r##3, x, w3);                                                               \
        }                                                                                                              \
    }
            EACH_ROW(DOT)
#undef DOT
        }
        w += unused; // zero weights of a panel made for longer steps
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
    if (weights->weight_zero_points) {
        const int32_t *zero_point = start + 48 * nv;
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
    uint8_t *c = call->c + m * call->c_stride + panel->first;
#define STORE(r)                                                                                                       \
    if (r < rows) {                                                                                                    \
        store_row(c + r * call->c_stride, s##r##0, s##r##1, s##r##2, s##r##3, panel, requant, nv);                     \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASE(n, nv)                                                                                                    \
    case n:                                                                                                            \
        tile(call, weights, panel, m, &requant, n, nv);                                                                \
        break;

// Not inlined into one another: each gets a register allocation of its own.
#define PANEL(name, max_rows, nv, ...)                                                                                 \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_512 requant = octi_requant_product_512(call->output, weights->bias_factor);          \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, max_rows);                                                        \
            switch (rows) {                                                                                            \
                __VA_ARGS__                                                                                            \
            default:                                                                                                   \
                break;                                                                                                 \
            }                                                                                                          \
        }                                                                                                              \
    }

#define CASES_WIDE(nv) CASE(1, nv) CASE(2, nv) CASE(3, nv) CASE(4, nv) CASE(5, nv) CASE(6, nv)
#define CASES_THIN(nv) CASES_WIDE(nv) CASE(7, nv) CASE(8, nv)
PANEL(run_64, ROWS_WIDE, 4, CASES_WIDE(4))
PANEL(run_32, ROWS_THIN, 2, CASES_THIN(2))
PANEL(run_16, ROWS_THIN, 1, CASES_THIN(1))

void octi_qgemm_6x64k4__avx512vnni(const struct octi_qgemm_call *call,
                                   const struct octi_panels *weights,
                                   const struct octi_panel *panel)
{
    if (panel->width == 64) {
        run_64(call, weights, panel);
    } else if (panel->width == 32) {
        run_32(call, weights, panel);
    } else {
        run_16(call, weights, panel);
    }
}
