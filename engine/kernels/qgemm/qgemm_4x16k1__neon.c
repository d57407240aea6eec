// DESIGN: for processors without dot products. Bytes are widened to 16 bits and multiplied and added to 32 in one
// instruction (smlal), one k at a time. Tiles of 4 rows by 16 columns: 16 accumulators, 4 rows of 8 activations, 2
// weight vectors.
#include "engine/kernels/qgemm/finish_neon.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   4

#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3)

INLINE int16x8_t widen_eight(const uint8_t *x)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(x)));
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
// One k: 16 columns against lane `lane` of x.
#define MULTIPLY(r, lane)                                                                                              \
    if ((r) < rows) {                                                                                                  \
        s##r##0 = vmlal_laneq_s16(s##r##0, vget_low_s16(w0), x##r, lane);                                              \
        s##r##1 = vmlal_high_laneq_s16(s##r##1, w0, x##r, lane);                                                       \
        if (nv > 2) {                                                                                                  \
            s##r##2 = vmlal_laneq_s16(s##r##2, vget_low_s16(w1), x##r, lane);                                          \
            s##r##3 = vmlal_high_laneq_s16(s##r##3, w1, x##r, lane);                                                   \
        }                                                                                                              \
    }
#define STEP(lane)                                                                                                     \
    {                                                                                                                  \
        const int16x8_t w0 = vmovl_s8(vld1_s8(w));                                                                     \
        const int16x8_t w1 = nv > 2 ? vmovl_s8(vld1_s8(w + 8)) : w0;                                                   \
        w += 4 * nv;                                                                                                   \
        MULTIPLY(0, lane) MULTIPLY(1, lane) MULTIPLY(2, lane) MULTIPLY(3, lane)                                        \
    }
    for (size_t t = 0; t < taps; t++) {
        if (zoned) {
            w = first + octi_qgemm_tap(call, t, zoned) * tap_bytes;
        }
#define ADDRESS(r) const uint8_t *p##r = (r) < rows ? octi_qgemm_tap_row(call, a, offsets, r) : NULL;
        EACH_ROW(ADDRESS)
#undef ADDRESS
        size_t i = 0;
        for (; i + 8 <= k; i += 8) {
#define LOAD(r) const int16x8_t x##r = (r) < rows ? widen_eight(p##r + i) : vdupq_n_s16(0);
            EACH_ROW(LOAD)
#undef LOAD
            STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)
        }
        for (; i < k; i++) {
#define LOAD(r) const int16x8_t x##r = vdupq_n_s16((r) < rows ? p##r[i] : 0);
            EACH_ROW(LOAD)
#undef LOAD
            STEP(0)
        }
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
#undef STEP
#undef MULTIPLY
#define STORE(r)                                                                                                       \
    if ((r) < rows) {                                                                                                  \
        const struct octi_row_neon row = {s##r##0, s##r##1, s##r##2, s##r##3};                                         \
        octi_row_store_neon(call, weights, panel, m + (r), row, requant, nv, zoned);                                   \
    }
    EACH_ROW(STORE)
#undef STORE
}

#define CASES(nv, zoned)                                                                                               \
    OCTI_CASE_NEON(1, nv, zoned) OCTI_CASE_NEON(2, nv, zoned) OCTI_CASE_NEON(3, nv, zoned) OCTI_CASE_NEON(4, nv, zoned)
OCTI_PANEL_NEON(run_16, 4, ROWS, CASES, false)
OCTI_PANEL_NEON(run_8, 2, ROWS, CASES, false)
OCTI_PANEL_NEON(run_16_zone, 4, ROWS, CASES, true)
OCTI_PANEL_NEON(run_8_zone, 2, ROWS, CASES, true)

void octi_qgemm_4x16k1__neon(const struct octi_qgemm_call *call,
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
