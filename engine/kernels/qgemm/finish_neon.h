/// What the NEON kernels do with the sums of a row: four vectors of four columns in natural order (two for a panel of
/// 8).
#ifndef OCTET_ENGINE_KERNELS_QGEMM_FINISH_NEON_H
#define OCTET_ENGINE_KERNELS_QGEMM_FINISH_NEON_H

#include "engine/kernels/arm/bytes_neon.h"
#include "engine/kernels/arm/requant_neon.h"
#include "engine/kernels/qgemm/qgemm.h"

struct octi_row_neon {
    int32x4_t v0, v1, v2, v3;
};

/// Takes zw * (row sum) off; `nv` is a constant 4 or 2 everywhere: vectors of a row.
static inline __attribute__((always_inline)) struct octi_row_neon
octi_row_weight_zero_neon(struct octi_row_neon row, const int32_t *zero_point, int32_t x_sum, const int nv)
{
    row.v0 = vmlsq_n_s32(row.v0, vld1q_s32(zero_point), x_sum);
    row.v1 = vmlsq_n_s32(row.v1, vld1q_s32(zero_point + 4), x_sum);
    if (nv > 2) {
        row.v2 = vmlsq_n_s32(row.v2, vld1q_s32(zero_point + 8), x_sum);
        row.v3 = vmlsq_n_s32(row.v3, vld1q_s32(zero_point + 12), x_sum);
    }
    return row;
}

/// Finishes row `m` of the call and stores the panel's columns of it.
static inline __attribute__((always_inline)) void octi_row_store_neon(const struct octi_qgemm_call *call,
                                                                      const struct octi_panels *weights,
                                                                      const struct octi_panel *panel,
                                                                      size_t m,
                                                                      struct octi_row_neon row,
                                                                      const struct octi_requant_neon *requant,
                                                                      const int nv,
                                                                      const bool zoned)
{
    const float *bias = (const float *)panel->bytes + 4 * nv;
    const float *multiplier = bias + 4 * nv;
    if (weights->weight_zero_points) {
        const int32_t x_sum = octi_qgemm_row_sum(call, weights, m);
        row = octi_row_weight_zero_neon(row, (const int32_t *)panel->bytes + 12 * nv, x_sum, nv);
    }
    uint8_t *c = octi_qgemm_result(call, m, zoned) + panel->first;
    row.v0 = octi_requant_panel_neon(row.v0, bias, multiplier, requant);
    row.v1 = octi_requant_panel_neon(row.v1, bias + 4, multiplier + 4, requant);
    if (nv == 2) {
        octi_store_half_neon(c, octi_pack_half_neon(row.v0, row.v1, requant), panel->n);
        return;
    }
    row.v2 = octi_requant_panel_neon(row.v2, bias + 8, multiplier + 8, requant);
    row.v3 = octi_requant_panel_neon(row.v3, bias + 12, multiplier + 12, requant);
    octi_store_bytes_neon(c, octi_pack_neon(row.v0, row.v1, row.v2, row.v3, requant), panel->n);
}

#define OCTI_CASE_NEON(n, nv, zoned)                                                                                   \
    case n:                                                                                                            \
        tile(call, weights, panel, m, &requant, n, nv, zoned);                                                         \
        break;

/// A function for panels of 4 * nv columns over the caller's tile(call, weights, panel, m, requant, rows, nv, zoned),
/// whose row counts are `cases`. Not inlined: each gets a register allocation of its own.
#define OCTI_PANEL_NEON(name, nv, max_rows, cases, zoned)                                                              \
    static __attribute__((noinline)) void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,  \
                                               const struct octi_panel *panel)                                         \
    {                                                                                                                  \
        const struct octi_requant_neon requant = octi_requant_product_neon(call->output, weights->bias_factor);        \
        size_t rows;                                                                                                   \
        for (size_t m = 0; m < call->m; m += rows) {                                                                   \
            rows = octi_qgemm_tile_rows(call->m - m, max_rows);                                                        \
            switch (rows) {                                                                                            \
                cases(nv, zoned) default : break;                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
