#include <string.h>

#include "octet/tensor.h"

const char *oct_qscheme_name(enum oct_qscheme qscheme)
{
    switch (qscheme) {
    case OCT_QSCHEME_PER_TENSOR_AFFINE:
        return "per_tensor_affine";
    case OCT_QSCHEME_PER_CHANNEL_AFFINE:
        return "per_channel_affine";
    case OCT_QSCHEME_NONE:
        break;
    }
    return "none";
}

// Bits, not values: 0.0 and -0.0 differ here, and nothing depends on a comparison's rounding.
static bool same_bits(const double *a, const double *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

bool oct_qparams_equal(const struct oct_qparams *a, const struct oct_qparams *b)
{
    if (a->scheme != b->scheme) {
        return false;
    }
    switch (a->scheme) {
    case OCT_QSCHEME_PER_TENSOR_AFFINE:
        return same_bits(&a->scale, &b->scale, 1) && a->zero_point == b->zero_point;
    case OCT_QSCHEME_PER_CHANNEL_AFFINE:
        return a->axis == b->axis && a->channels == b->channels && same_bits(a->scales, b->scales, a->channels) &&
               memcmp(a->zero_points, b->zero_points, a->channels * sizeof *a->zero_points) == 0;
    case OCT_QSCHEME_NONE:
        break;
    }
    return true;
}
