#include "engine/kernels/elementwise/qmul.h"

void octi_qmul_1__scalar(
    size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y, const struct octi_qmul_params *params)
{
    for (size_t i = 0; i < n; i++) {
        int32_t product = (a[i] - params->a_zero_point) * (b[i] - params->b_zero_point);
        y[i] = (uint8_t)octi_requantize(product, params->multiplier, params->output);
    }
}
