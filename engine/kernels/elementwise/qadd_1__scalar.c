#include "engine/kernels/elementwise/qadd.h"

void octi_qadd_1__scalar(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qadd_params *params)
{
    for (size_t i = 0; i < n; i++) {
        float sum = octi_dequantize(a[i], params->a_scale, params->a_zero_point) +
                    octi_dequantize(b[i], params->b_scale, params->b_zero_point);
        y[i] = (uint8_t)octi_quantize(sum, params->inverse_scale, params->output);
    }
}
