#include "engine/base/checked.h"
#include "engine/kernels/sgemm/sgemm.h"
#include "engine/ops/element.h"
#include "engine/ops/float_weights.h"
#include "engine/ops/op_support.h"

enum { X, WEIGHT, BIAS };

// Rows of one product: far inside what OpenBLAS' int can count.
#define MAX_CALL_ROWS 65536

static enum oct_status infer(struct oct_op_infer_call *call)
{
    if (!octi_infer_float_weights(call, 2) || !octi_infer_rank(call, X, 1, OCT_MAX_RANK)) {
        return octi_infer_failed(call);
    }
    const struct oct_tensor_desc *x = call->inputs[X];
    const int64_t *weight = call->inputs[WEIGHT]->shape.dims;
    int32_t last = x->shape.rank - 1;
    if (x->shape.dims[last] != weight[1]) {
        char text[128];
        oct_shape_format(&x->shape, text, sizeof text);
        octi_infer_fail(call, OCT_ERR_INVALID,
                        "input has shape %s, expected %lld in its last dimension, as the weight has", text,
                        (long long)weight[1]);
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *x;
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape.dims[last] = weight[0];
    return OCT_OK;
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[X];
    const struct oct_view *weight = &call->inputs[WEIGHT];
    const struct oct_view *bias = call->n_inputs > BIAS && call->inputs[BIAS].data != NULL ? &call->inputs[BIAS] : NULL;
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    int32_t last = y->desc.shape.rank - 1;
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int64_t column = index[last];
        int64_t row = octi_view_offset(x, index) - column * x->strides[last];
        float sum = 0.0f;
        for (int64_t k = 0; k < weight->desc.shape.dims[1]; k++) {
            sum += octi_load_float(x, row + k * x->strides[last]) *
                   octi_load_float(weight, column * weight->strides[0] + k * weight->strides[1]);
        }
        sum = bias != NULL ? sum + octi_load_float(bias, column * bias->strides[0]) : sum;
        octi_store_float(y, octi_view_offset(y, index), sum);
    } while (octi_index_next(&y->desc.shape, index));
}

struct linear {
    size_t n, k;
    const float *weight; // [n][k], dense
    const float *bias;   // [n] or NULL
};

static void run(const struct oct_op_run_call *call)
{
    const struct linear *state = call->state;
    const struct oct_shape *shape = &call->inputs[X].desc.shape;
    size_t rows = 1;
    for (int32_t d = 0; d < shape->rank - 1; d++) {
        rows *= (size_t)shape->dims[d];
    }
    const float *x = call->inputs[X].data;
    float *y = call->outputs[0].data;
    for (size_t first = 0; first < rows; first += MAX_CALL_ROWS) {
        size_t m = rows - first < MAX_CALL_ROWS ? rows - first : MAX_CALL_ROWS;
        octi_sgemm(m, state->n, state->k, x + first * state->k, state->k, state->weight, state->k, y + first * state->n,
                   state->n);
    }
    octi_add_bias(y, rows, state->n, state->bias);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *x = call->inputs[X];
    const struct oct_view *weight = call->constants[WEIGHT];
    const int64_t *dims = weight->desc.shape.dims;
    if ((oct_format_applies(x->shape.rank) && x->format != OCT_FORMAT_CONTIGUOUS) || dims[0] > OCTI_SGEMM_MAX_EXTENT ||
        dims[1] > OCTI_SGEMM_MAX_EXTENT) {
        return OCT_OK; // the reference reads anything
    }
    struct linear *state = oct_op_prepare_alloc(call, sizeof *state);
    size_t bytes;
    if (state == NULL || !octi_mul_size((size_t)dims[0], (size_t)dims[1], &bytes) ||
        !octi_mul_size(bytes, sizeof(float), &bytes)) {
        return OCT_ERR_NOMEM;
    }
    struct oct_view dense = oct_view_dense(&weight->desc, 1, oct_op_prepare_alloc(call, bytes));
    enum oct_status status = dense.data != NULL ? octi_float_bias(call, &state->bias) : OCT_ERR_NOMEM;
    if (status != OCT_OK) {
        return status;
    }
    oct_view_copy(&dense, weight);
    state->n = (size_t)dims[0];
    state->k = (size_t)dims[1];
    state->weight = dense.data;
    octi_sgemm_prepare();
    call->state = state;
    call->run = run;
    call->kernel = octi_sgemm_name();
    call->class_f = octi_sgemm_is_class_f();
    call->constants_packed = true;
    return OCT_OK;
}

const struct oct_op octi_op_linear = {
    .name = "aten::linear",
    .covers = (const char *const[]){"aten::linear", NULL},
    .doc = "input times weight transposed plus bias, in float32. Class F when OpenBLAS multiplies.",
    .input_names = (const char *const[]){"input", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .attributes = (const struct oct_attribute_spec[]){{.name = NULL}},
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
