#include "engine/kernels/elementwise/quantize.h"

void octi_quantize_1__scalar(size_t n, const float *x, uint8_t *y, const struct octi_quantizer *quantizer)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = (uint8_t)octi_quantize_tensor(x[i], quantizer);
    }
}
