// The reference of the family: the formula, one pixel and one panel at a time.
#include "engine/kernels/qgroupconv/qgroupconv.h"

void octi_qgroupconv_1x16__scalar(const struct octi_qgemm_call *call,
                                  const struct octi_panels *weights,
                                  const struct octi_panel *panel)
{
    size_t width = panel->width, k = weights->k;
    const int32_t *start = octi_qgemm_start(call, panel, true);
    const size_t taps = octi_qgemm_taps(call, weights, true);
    const float *bias = (const float *)panel->bytes + width;
    const float *multiplier = bias + width;
    const int32_t *zero_point = (const int32_t *)(const void *)(multiplier + width);
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(width);
    for (size_t m = 0; m < call->m; m++) {
        uint8_t *c = octi_qgemm_result(call, m, true) + panel->first;
        for (size_t j = 0; j < panel->n; j++) {
            // Unsigned: `start` is exact modulo 2^32 only.
            uint32_t sum = (uint32_t)start[j];
            for (size_t t = 0; t < taps; t++) {
                const int8_t *w_tap = w + octi_qgemm_tap(call, t, true) * k * width;
                const uint8_t *x = octi_qgemm_row(call, t, m) + (panel->first + j) / k * k;
                for (size_t i = 0; i < k; i++) {
                    sum += (uint32_t)(x[i] * (w_tap[i * width + j] - zero_point[j]));
                }
            }
            float value = fmaf(bias[j], weights->bias_factor, (float)(int32_t)sum) * multiplier[j];
            c[j] = (uint8_t)octi_round_clamp(value, call->output);
        }
    }
}
