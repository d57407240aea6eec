// DESIGN: usmmla multiplies two rows of eight unsigned bytes by two columns of eight signed ones into a 2 x 2 block:
// twice the products of a dot product. Tiles of 6 rows by 16 columns are 3 x 8 blocks: 24 accumulators, 3 pairs of
// rows, each register of weights used three times. An odd last row is paired with itself.
#include "engine/kernels/arm/dot.h"
#include "engine/kernels/qgemm/finish_neon.h"

#define INLINE static inline __attribute__((always_inline))
#define ROWS   6

#define EACH_PAIR(DO)     DO(0) DO(1) DO(2)
#define EACH_BLOCK(DO, p) DO(p, 0) DO(p, 1) DO(p, 2) DO(p, 3) DO(p, 4) DO(p, 5) DO(p, 6) DO(p, 7)

// `start` of two columns for both rows of a block.
INLINE int32x4_t start_block(const int32_t *start)
{
    const int32x2_t two = vld1_s32(start);
    return vcombine_s32(two, two);
}

// The upper or lower row of two blocks: four columns.
INLINE int32x4_t block_row(int32x4_t left, int32x4_t right, const int lower)
{
    const int64x2_t l = vreinterpretq_s64_s32(left);
    const int64x2_t r = vreinterpretq_s64_s32(right);
    return vreinterpretq_s32_s64(lower ? vzip2q_s64(l, r) : vzip1q_s64(l, r));
}

// `rows` and `nv` (vectors of 4 columns, two blocks each) are constants at every call.
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
#define BLOCK(p, b) int32x4_t s##p##b = (b) < 2 * nv ? start_block(start + 2 * (b)) : vdupq_n_s32(0);
#define DECLARE(p)  EACH_BLOCK(BLOCK, p)
    EACH_PAIR(DECLARE)
#undef DECLARE
#undef BLOCK
#define MULTIPLY(p, b)                                                                                                 \
    if (2 * (p) < rows) {                                                                                              \
        s##p##b = octi_multiply_u8s8_neon(s##p##b, x##p, wb);                                                          \
    }
#define COLUMNS(b)                                                                                                     \
    if ((b) < 2 * nv) {                                                                                                \
        const int8x16_t wb = octi_load_weights_neon(w + 16 * (b));                                                     \
        MULTIPLY(0, b) MULTIPLY(1, b) MULTIPLY(2, b)                                                                   \
    }
    for (size_t t = 0; t < taps; t++) {
        if (zoned) {
            w = first + octi_qgemm_tap(call, t, zoned) * tap_bytes;
        }
#define ADDRESS(p)                                                                                                     \
    const uint8_t *even##p = octi_qgemm_tap_row(call, a, offsets, 2 * (p) < rows ? 2 * (p) : 0);                       \
    const uint8_t *odd##p = 2 * (p) + 1 < rows ? octi_qgemm_tap_row(call, a, offsets, 2 * (p) + 1) : even##p;
        EACH_PAIR(ADDRESS)
#undef ADDRESS
        for (size_t i = 0; i < k; i += 8) {
#define LOAD(p) const uint8x16_t x##p = vcombine_u8(vld1_u8(even##p + i), vld1_u8(odd##p + i));
            EACH_PAIR(LOAD)
#undef LOAD
            COLUMNS(0) COLUMNS(1) COLUMNS(2) COLUMNS(3) COLUMNS(4) COLUMNS(5) COLUMNS(6) COLUMNS(7) w += 32 * nv;
        }
        if (offsets != NULL) {
            offsets += call->offset_stride;
            a += call->tap_stride;
        }
    }
#undef COLUMNS
#undef MULTIPLY
#define STORE_ROW(p, lower)                                                                                            \
    if (2 * (p) + (lower) < rows) {                                                                                    \
        const struct octi_row_neon row = {block_row(s##p##0, s##p##1, lower), block_row(s##p##2, s##p##3, lower),      \
                                          block_row(s##p##4, s##p##5, lower), block_row(s##p##6, s##p##7, lower)};     \
        octi_row_store_neon(call, weights, panel, m + 2 * (p) + (lower), row, requant, nv, zoned);                     \
    }
#define STORE(p) STORE_ROW(p, 0) STORE_ROW(p, 1)
    EACH_PAIR(STORE)
#undef STORE
#undef STORE_ROW
}

#define CASES(nv, zoned)                                                                                               \
    OCTI_CASE_NEON(1, nv, zoned)                                                                                       \
    OCTI_CASE_NEON(2, nv, zoned)                                                                                       \
    OCTI_CASE_NEON(3, nv, zoned) OCTI_CASE_NEON(4, nv, zoned) OCTI_CASE_NEON(5, nv, zoned) OCTI_CASE_NEON(6, nv, zoned)
OCTI_PANEL_NEON(run_16, 4, ROWS, CASES, false)
OCTI_PANEL_NEON(run_8, 2, ROWS, CASES, false)
OCTI_PANEL_NEON(run_16_zone, 4, ROWS, CASES, true)
OCTI_PANEL_NEON(run_8_zone, 2, ROWS, CASES, true)

void octi_qgemm_6x16k8__neoni8mm(const struct octi_qgemm_call *call,
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
