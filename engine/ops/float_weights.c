#include "engine/ops/float_weights.h"

#include "engine/base/checked.h"
#include "engine/ops/op_support.h"

enum { X, WEIGHT, BIAS };

static bool is_float(struct oct_op_infer_call *call, size_t index)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32};
    return octi_infer_dtype(call, index, allowed, 1);
}

static bool bias_fits(struct oct_op_infer_call *call)
{
    if (call->n_inputs <= BIAS || call->inputs[BIAS] == NULL) {
        return true;
    }
    if (!is_float(call, BIAS) || !octi_infer_rank(call, BIAS, 1, 1) || !octi_infer_constant(call, BIAS)) {
        return false;
    }
    int64_t length = call->inputs[BIAS]->shape.dims[0];
    int64_t channels = call->inputs[WEIGHT]->shape.dims[0];
    return length == channels ||
           octi_infer_fail(call, OCT_ERR_INVALID, "the bias has %lld elements for %lld output channels",
                           (long long)length, (long long)channels);
}

bool octi_infer_float_weights(struct oct_op_infer_call *call, int32_t rank)
{
    if (!is_float(call, X) || !is_float(call, WEIGHT) || !octi_infer_rank(call, WEIGHT, rank, rank) ||
        !octi_infer_constant(call, WEIGHT)) {
        return false;
    }
    for (int32_t d = 0; d < rank; d++) {
        if (call->inputs[WEIGHT]->shape.dims[d] < 1) {
            return octi_infer_fail(call, OCT_ERR_INVALID, "dimension %d of the weight is empty", (int)d);
        }
    }
    return bias_fits(call);
}

enum oct_status octi_float_bias(struct oct_op_prepare_call *call, const float **bias)
{
    *bias = NULL;
    if (call->n_inputs <= BIAS || call->constants[BIAS] == NULL) {
        return OCT_OK;
    }
    const struct oct_view *view = call->constants[BIAS];
    size_t n = (size_t)view->desc.shape.dims[0];
    size_t bytes;
    float *copy = octi_mul_size(n, sizeof *copy, &bytes) ? oct_op_prepare_alloc(call, bytes) : NULL;
    if (copy == NULL) {
        return OCT_ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        copy[i] = ((const float *)view->data)[(int64_t)i * view->strides[0]];
    }
    *bias = copy;
    return OCT_OK;
}

void octi_add_bias(float *y, size_t n_rows, size_t n_columns, const float *bias)
{
    for (size_t r = 0; bias != NULL && r < n_rows; r++) {
        for (size_t c = 0; c < n_columns; c++) {
            y[r * n_columns + c] += bias[c];
        }
    }
}
