// The reference of the family: the formula, one row and one panel at a time.
#include "engine/kernels/qgemm/qgemm.h"

#define WIDTH 16

// Unsigned: `start` is exact modulo 2^32 only, so intermediate sums may wrap although the last one does not.
static void accumulate_row(const struct octi_qgemm_call *call,
                           const struct octi_panels *weights,
                           const struct octi_panel *panel,
                           size_t m,
                           uint32_t *sums)
{
    size_t width = panel->width;
    const int8_t *first = (const int8_t *)panel->bytes + octi_panel_header_bytes(width);
    const size_t taps = octi_qgemm_taps(call, weights, true);
    for (size_t t = 0; t < taps; t++) {
        const uint8_t *x = octi_qgemm_row(call, t, m);
        const int8_t *w = first + octi_qgemm_tap(call, t, true) * weights->k * width;
        for (size_t k = 0; k < weights->k; k++) {
            for (size_t j = 0; j < width; j++) {
                sums[j] += (uint32_t)(x[k] * w[j]);
            }
            w += width;
        }
    }
}

void octi_qgemm_1x16__scalar(const struct octi_qgemm_call *call,
                             const struct octi_panels *weights,
                             const struct octi_panel *panel)
{
    size_t width = panel->width;
    const int32_t *start = octi_qgemm_start(call, panel, true);
    const float *bias = (const float *)panel->bytes + width;
    const float *multiplier = bias + width;
    const int32_t *zero_point = (const int32_t *)(const void *)(multiplier + width);
    for (size_t m = 0; m < call->m; m++) {
        uint32_t sums[WIDTH] = {0};
        accumulate_row(call, weights, panel, m, sums);
        int32_t row_sum = weights->weight_zero_points ? octi_qgemm_row_sum(call, weights, m) : 0;
        uint8_t *c = octi_qgemm_result(call, m, true) + panel->first;
        for (size_t j = 0; j < panel->n; j++) {
            uint32_t sum = sums[j] + (uint32_t)start[j] - (uint32_t)row_sum * (uint32_t)zero_point[j];
            float t = fmaf(bias[j], weights->bias_factor, (float)(int32_t)sum) * multiplier[j];
            c[j] = (uint8_t)octi_round_clamp(t, call->output);
        }
    }
}
