#include "engine/kernels/elementwise/lut.h"

void octi_lut_1__scalar(size_t n, const uint8_t *x, uint8_t *y, const uint8_t *table)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = table[x[i]];
    }
}
