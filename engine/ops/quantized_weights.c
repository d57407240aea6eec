#include "engine/ops/quantized_weights.h"

#include <math.h>

#include "engine/base/checked.h"
#include "engine/ops/op_support.h"

bool octi_infer_quantized_activations(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    return octi_infer_dtype(call, OCTI_WEIGHTED_X, allowed, 2) && octi_infer_per_tensor(call, OCTI_WEIGHTED_X);
}

static bool weight_has_elements(struct oct_op_infer_call *call)
{
    const struct oct_shape *shape = &call->inputs[OCTI_WEIGHTED_WEIGHT]->shape;
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] < 1) {
            return octi_infer_fail(call, OCT_ERR_INVALID, "dimension %d of the weight is empty", (int)d);
        }
    }
    return true;
}

static bool weight_scheme_is_known(struct oct_op_infer_call *call)
{
    const struct oct_tensor_desc *weight = call->inputs[OCTI_WEIGHTED_WEIGHT];
    const struct oct_qparams *qparams = &weight->qparams;
    if (qparams->scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        return true;
    }
    if (qparams->scheme != OCT_QSCHEME_PER_CHANNEL_AFFINE || qparams->axis != 0) {
        return octi_infer_fail(call, OCT_ERR_UNSUPPORTED,
                               "the weight is quantized %s along dimension %d, expected per_tensor_affine, or "
                               "per_channel_affine along dimension 0",
                               oct_qscheme_name(qparams->scheme), (int)qparams->axis);
    }
    if (qparams->channels != (size_t)weight->shape.dims[0]) {
        return octi_infer_fail(call, OCT_ERR_INVALID, "the weight has %zu scales for %lld output channels",
                               qparams->channels, (long long)weight->shape.dims[0]);
    }
    return true;
}

static bool bias_fits(struct oct_op_infer_call *call)
{
    if (call->n_inputs <= OCTI_WEIGHTED_BIAS || call->inputs[OCTI_WEIGHTED_BIAS] == NULL) {
        return true;
    }
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32};
    if (!octi_infer_dtype(call, OCTI_WEIGHTED_BIAS, allowed, 1) || !octi_infer_rank(call, OCTI_WEIGHTED_BIAS, 1, 1) ||
        !octi_infer_constant(call, OCTI_WEIGHTED_BIAS)) {
        return false;
    }
    int64_t length = call->inputs[OCTI_WEIGHTED_BIAS]->shape.dims[0];
    int64_t channels = call->inputs[OCTI_WEIGHTED_WEIGHT]->shape.dims[0];
    if (length != channels) {
        return octi_infer_fail(call, OCT_ERR_INVALID, "the bias has %lld elements for %lld output channels",
                               (long long)length, (long long)channels);
    }
    return true;
}

static double weight_scale(const struct oct_tensor_desc *weight, int64_t channel)
{
    return weight->qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE ? weight->qparams.scales[channel]
                                                                    : weight->qparams.scale;
}

int32_t octi_weight_zero_point(const struct oct_tensor_desc *weight, int64_t channel)
{
    return (int32_t)(weight->qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE ? weight->qparams.zero_points[channel]
                                                                              : weight->qparams.zero_point);
}

// |sum| <= depth * 255 * (128 + |zw|) must fit 32 bits: kernels accumulate there.
static bool sums_fit(struct oct_op_infer_call *call)
{
    const struct oct_tensor_desc *weight = call->inputs[OCTI_WEIGHTED_WEIGHT];
    int64_t depth = 1;
    for (int32_t d = 1; d < weight->shape.rank; d++) {
        if (!octi_mul_int64(depth, weight->shape.dims[d], &depth)) {
            return octi_infer_fail(call, OCT_ERR_LIMIT, "the weight's size overflows");
        }
    }
    int64_t most = 0; // magnitude of a zero point
    for (int64_t channel = 0; channel < weight->shape.dims[0]; channel++) {
        const int64_t zero_point = octi_weight_zero_point(weight, channel);
        const int64_t magnitude = zero_point < 0 ? -zero_point : zero_point;
        most = magnitude > most ? magnitude : most;
    }
    const int64_t limit = INT32_MAX / (255 * (128 + most));
    return depth <= limit ||
           octi_infer_fail(call, OCT_ERR_LIMIT,
                           "%lld products per output can overflow a 32-bit sum, expected at most %lld",
                           (long long)depth, (long long)limit);
}

static bool scales_are_sane(struct oct_op_infer_call *call, const struct oct_qparams *y)
{
    const struct oct_tensor_desc *weight = call->inputs[OCTI_WEIGHTED_WEIGHT];
    float x_scale = (float)call->inputs[OCTI_WEIGHTED_X]->qparams.scale;
    for (int64_t channel = 0; channel < weight->shape.dims[0]; channel++) {
        float a = x_scale * (float)weight_scale(weight, channel);
        if (!(a > 0.0f) || !isfinite(1.0f / a) || !isfinite(a / (float)y->scale)) {
            return octi_infer_fail(call, OCT_ERR_INVALID,
                                   "scales of activations (%g), weight channel %lld (%g) and output (%g) give no "
                                   "multiplier that float32 can hold",
                                   (double)x_scale, (long long)channel, weight_scale(weight, channel), y->scale);
        }
    }
    return true;
}

bool octi_infer_quantized_weights(struct oct_op_infer_call *call, int32_t rank, const struct oct_qparams *y)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_QINT8};
    return octi_infer_dtype(call, OCTI_WEIGHTED_WEIGHT, allowed, 1) &&
           octi_infer_rank(call, OCTI_WEIGHTED_WEIGHT, rank, rank) && octi_infer_constant(call, OCTI_WEIGHTED_WEIGHT) &&
           weight_has_elements(call) && weight_scheme_is_known(call) && bias_fits(call) && sums_fit(call) &&
           scales_are_sane(call, y);
}

struct octi_panel_column octi_weight_column(const struct oct_tensor_desc *x,
                                            const struct oct_tensor_desc *weight,
                                            const struct oct_view *bias,
                                            const struct oct_qparams *y,
                                            int64_t channel)
{
    bool per_channel = weight->qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE;
    float a = (float)x->qparams.scale * (float)weight_scale(weight, channel);
    struct octi_panel_column column = {.bias = 0.0f, .multiplier = a / (float)y->scale};
    column.zero_point = octi_weight_zero_point(weight, channel);
    if (bias != NULL) {
        float b = ((const float *)bias->data)[channel * bias->strides[0]];
        column.bias = per_channel ? b / a : b;
    }
    return column;
}

float octi_weight_bias_factor(const struct oct_tensor_desc *x, const struct oct_tensor_desc *weight)
{
    bool per_channel = weight->qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE;
    float a = (float)x->qparams.scale * (float)weight_scale(weight, 0);
    return per_channel ? 1.0f : (float)(1.0 / (double)a);
}

const struct oct_view *octi_bias_view(size_t n_inputs, const struct oct_view *inputs)
{
    return n_inputs > OCTI_WEIGHTED_BIAS && inputs[OCTI_WEIGHTED_BIAS].data != NULL ? &inputs[OCTI_WEIGHTED_BIAS]
                                                                                    : NULL;
}
