#include "engine/kernels/elementwise/dequantize.h"

#include "engine/quant/affine.h"

void octi_dequantize_1__scalar(size_t n, const uint8_t *x, float *y, float scale, int32_t zero_point)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = octi_dequantize(x[i], scale, zero_point);
    }
}
