// DESIGN: sdot multiplies signed bytes by signed bytes: activations are taken 128 lower by flipping their sign bit, and
// the panel's start has it back (x_offset of its geometry). Tiles of 6 rows by 16 columns: 24 accumulators; eight k of
// two rows share a register, and each quad of them is used by lane: 3 registers of activations, of 32.
#include "engine/kernels/arm/dot.h"
#include "engine/kernels/qgemm/finish_neon.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   6

#define EACH_ROW(DO)  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#define EACH_PAIR(DO) DO(0, 1) DO(2, 3) DO(4, 5)

INLINE int8x16_t flip(uint8x16_t bytes)
{
    return vreinterpretq_s8_u8(veorq_u8(bytes, vdupq_n_u8(0x80)));
}

// Eight activations of two rows.
INLINE int8x16_t load_pair(const uint8_t *even, const uint8_t *odd)
{
    return flip(vcombine_u8(vld1_u8(even), vld1_u8(odd)));
}

// Four of one row, in every lane.
INLINE int8x16_t load_quad(const uint8_t *x)
{
    uint32_t quad;
    memcpy(&quad, x, sizeof quad);
    return flip(vreinterpretq_u8_u32(vdupq_n_u32(quad)));
}

// `rows` and `nv` (vectors of 4 columns) are constants at every call.
INLINE void tile(const struct octi_qgemm_call *call,
                 const struct octi_panels *weights,
                 const struct octi_panel *panel,
                 size_t m,
                 const struct octi_requant_neon *requant,
                 const int rows,
                 const int nv,
                 const bool zoned)
{
    const int32_t *start = octi_qgemm_start(call, panel, zoned);
    const int8_t *first = (const int8_t *)panel->bytes + octi_panel_header_bytes((size_t)nv * 4), *w = first;
    const size_t k = weights->k, taps = octi_qgemm_taps(call, weights, zoned);
    const size_t tap_bytes = octi_panel_padded_k(&weights->geometry, k) * 4 * (size_t)nv;
    const int32_t *offsets = call->offsets != NULL ? call->offsets + m : NULL;
    const uint8_t *a = offsets != NULL ? call->a : call->a + m * call->a_stride;
#define DECLARE(r)                                                                                                     \
    int32x4_t s##r##0 = vld1q_s32(start), s##r##1 = vld1q_s32(start + 4);                                              \
    int32x4_t s##r##2 = nv > 2 ? vld1q_s32(start + 8) : s##r##0, s##r##3 = nv > 2 ? vld1q_s32(start + 12) : s##r##1;
    EACH_ROW(DECLARE)
#undef DECLARE
// A quad of each row, which is lane `lane` of its pair's register, against four columns.
#define DOT(r, x, v, lane)                                                                                             \
    if ((r) < rows) {                                                                                                  \
        s##r##v = octi_dot_s8s8_lane_neon(s##r##v, wv, x, lane);                                                       \
    }
#define COLUMNS(v, quad)                                                                                               \
    if ((v) < nv) {                                                                                                    \
        const int8x16_t wv = octi_load_weights_neon(w + 16 * nv * (quad) + 16 * (v));                                  \
        DOT(0, x0, v, quad)                                                                                            \
        DOT(1, x0, v, 2 + (quad))                                                                                      \
        DOT(2, x2, v, quad) DOT(3, x2, v, 2 + (quad)) DOT(4, x4, v, quad) DOT(5, x4, v, 2 + (quad))                    \
    }
#define LAST_COLUMNS(v)                                                                                                \
    if ((v) < nv) {                                                                                                    \
        const int8x16_t wv = octi_load_weights_neon(w + 16 * (v));                                                     \
        DOT(0, q0, v, 0) DOT(1, q1, v, 0) DOT(2, q2, v, 0) DOT(3, q3, v, 0) DOT(4, q4, v, 0) DOT(5, q5, v, 0)          \
    }
    for (size_t t = 0; t < taps; t++) {
        if (zoned) {
            w = first + octi_qgemm_tap(call, t, zoned) * tap_bytes;
        }
#define ADDRESS(r) const uint8_t *p##r = octi_qgemm_tap_row(call, a, offsets, (r) < rows ? (r) : 0);
        EACH_ROW(ADDRESS)
#undef ADDRESS
        size_t i = 0;
        for (; i + 4 < k; i += 8) {
#define LOAD(even, odd) const int8x16_t x##even = (even) < rows ? load_pair(p##even + i, p##odd + i) : vdupq_n_s8(0);
            EACH_PAIR(LOAD)
#undef LOAD
            COLUMNS(0, 0)
            COLUMNS(1, 0)
            COLUMNS(2, 0) COLUMNS(3, 0) COLUMNS(0, 1) COLUMNS(1, 1) COLUMNS(2, 1) COLUMNS(3, 1) w += 32 * nv;
        }
        if (i < k) {
#define LOAD(r) const int8x16_t q##r = (r) < rows ? load_quad(p##r + i) : vdupq_n_s8(0);
            EACH_ROW(LOAD)
#undef LOAD
            LAST_COLUMNS(0) LAST_COLUMNS(1) LAST_COLUMNS(2) LAST_COLUMNS(3) w += 16 * nv;
        }
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
#undef LAST_COLUMNS
#undef COLUMNS
#undef DOT
#define STORE(r)                                                                                                       \
    if ((r) < rows) {                                                                                                  \
        const struct octi_row_neon row = {s##r##0, s##r##1, s##r##2, s##r##3};                                         \
        octi_row_store_neon(call, weights, panel, m + (r), row, requant, nv, zoned);                                   \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASES(nv, zoned)                                                                                               \
    OCTI_CASE_NEON(1, nv, zoned)                                                                                       \
    OCTI_CASE_NEON(2, nv, zoned)                                                                                       \
    OCTI_CASE_NEON(3, nv, zoned) OCTI_CASE_NEON(4, nv, zoned) OCTI_CASE_NEON(5, nv, zoned) OCTI_CASE_NEON(6, nv, zoned)
OCTI_PANEL_NEON(run_16, 4, ROWS, CASES, false)
OCTI_PANEL_NEON(run_8, 2, ROWS, CASES, false)
OCTI_PANEL_NEON(run_16_zone, 4, ROWS, CASES, true)
OCTI_PANEL_NEON(run_8_zone, 2, ROWS, CASES, true)

void octi_qgemm_6x16k4__neondot(const struct octi_qgemm_call *call,
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
