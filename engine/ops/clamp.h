/// Clamping to an interval of real numbers: relu6 and hardtanh.
#ifndef OCTET_ENGINE_OPS_CLAMP_H
#define OCTET_ENGINE_OPS_CLAMP_H

#include "engine/ops/element.h"

/// NaN stays NaN, as in PyTorch.
static inline float octi_clamp_float(float x, float lowest, float highest)
{
    x = x < lowest ? lowest : x;
    return x > highest ? highest : x;
}

/// clamp(q, Q(lowest), Q(highest)) with the parameters of `desc`, which both sides share.
static inline int32_t octi_clamp_code(int32_t code, const struct oct_tensor_desc *desc, float lowest, float highest)
{
    float inverse = octi_inverse_scale(desc->qparams.scale);
    struct octi_output whole = octi_output_of(desc, false);
    int32_t low = octi_quantize(lowest, inverse, whole), high = octi_quantize(highest, inverse, whole);
    code = code > low ? code : low;
    return code < high ? code : high;
}

#endif
