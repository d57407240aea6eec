#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/quant/functions.h"

#include <math.h>
#include <string.h>

enum { DIM };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32};
    int32_t dim;
    if (!octi_infer_dtype(call, 0, allowed, 1) ||
        !octi_infer_dim(call, call->attributes[DIM].integer, call->inputs[0]->shape.rank, &dim)) {
        return octi_infer_failed(call);
    }
    call->outputs[0] = *call->inputs[0];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    if (call->inputs[0]->shape.dims[dim] < 0) {
        call->mixes_rows = "takes a softmax over the batch";
    }
    return OCT_OK;
}

/// One softmax: n elements, `x_step` and `y_step` elements apart. The sum runs in float64, in order.
static void softmax_line(const float *x, int64_t x_step, float *y, int64_t y_step, int64_t n)
{
    float largest = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        float value = x[i * x_step];
        largest = value > largest || value != value ? value : largest;
    }
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        float e = octi_exp(x[i * x_step] - largest);
        y[i * y_step] = e;
        sum += (double)e;
    }
    for (int64_t i = 0; i < n; i++) {
        y[i * y_step] = (float)((double)y[i * y_step] / sum);
    }
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    int64_t dim = call->attributes[DIM].integer;
    dim += dim < 0 ? x->desc.shape.rank : 0;
    if (octi_shape_is_empty(&x->desc.shape)) {
        return;
    }
    struct oct_shape lines = x->desc.shape;
    lines.dims[dim] = 1;
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        softmax_line((const float *)x->data + octi_view_offset(x, index), x->strides[dim],
                     (float *)y->data + octi_view_offset(y, index), y->strides[dim], x->desc.shape.dims[dim]);
    } while (octi_index_next(&lines, index));
}

const struct oct_op octi_op_softmax = {
    .name = "aten::softmax",
    .covers = (const char *const[]){"aten::softmax.int", "aten::_softmax", NULL},
    .doc = "exp(x - max) / sum over dim, each line by itself: independent of the batch. Class F.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCT_OP_STRIDED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIM] = OCTI_ATTRIBUTE_DIM("dim", true, 0, "along which the results sum to 1"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = NULL,
};
