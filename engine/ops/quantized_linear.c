#include "engine/kernels/qgemm/qgemm.h"
#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/packed_product.h"
#include "engine/ops/product_run.h"
#include "engine/ops/quantized_weights.h"

enum { SCALE, ZERO_POINT };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    struct oct_qparams qparams;
    if (!octi_infer_quantized_activations(call) || !octi_infer_rank(call, OCTI_WEIGHTED_X, 1, OCT_MAX_RANK) ||
        !octi_infer_output_qparams(call, SCALE, ZERO_POINT, call->inputs[OCTI_WEIGHTED_X]->dtype, &qparams) ||
        !octi_infer_quantized_weights(call, 2, &qparams)) {
        return octi_infer_failed(call);
    }
    const struct oct_tensor_desc *x = call->inputs[OCTI_WEIGHTED_X];
    const int64_t *weight = call->inputs[OCTI_WEIGHTED_WEIGHT]->shape.dims;
    int32_t last = x->shape.rank - 1;
    if (x->shape.dims[last] != weight[1]) {
        char text[128];
        oct_shape_format(&x->shape, text, sizeof text);
        octi_infer_fail(call, OCT_ERR_INVALID, "X has shape %s, expected %lld in its last dimension, as the weight has",
                        text, (long long)weight[1]);
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *y = &call->outputs[0];
    *y = *x;
    y->format = OCT_FORMAT_CONTIGUOUS;
    y->shape.dims[last] = weight[0];
    y->qparams = qparams;
    return OCT_OK;
}

static int32_t dot(const struct oct_view *x, int64_t row, const struct oct_view *weight, int64_t column)
{
    int32_t last = x->desc.shape.rank - 1;
    int32_t x_zero = (int32_t)x->desc.qparams.zero_point;
    int32_t w_zero = octi_weight_zero_point(&weight->desc, column);
    int32_t sum = 0;
    for (int64_t k = 0; k < weight->desc.shape.dims[1]; k++) {
        int32_t q = octi_load_code(x, row + k * x->strides[last]);
        int32_t w = octi_load_code(weight, column * weight->strides[0] + k * weight->strides[1]);
        sum += (q - x_zero) * (w - w_zero);
    }
    return sum;
}

static void reference_linear(const struct oct_op_run_call *call, bool relu)
{
    const struct oct_view *x = &call->inputs[OCTI_WEIGHTED_X];
    const struct oct_view *weight = &call->inputs[OCTI_WEIGHTED_WEIGHT];
    const struct oct_view *y = &call->outputs[0];
    const struct oct_view *bias = octi_bias_view(call->n_inputs, call->inputs);
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct octi_output output = octi_output_of(&y->desc, relu);
    int32_t last = y->desc.shape.rank - 1;
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int64_t column = index[last];
        int64_t row = octi_view_offset(x, index) - column * x->strides[last];
        struct octi_panel_column terms = octi_weight_column(&x->desc, &weight->desc, bias, &y->desc.qparams, column);
        float sum = (float)dot(x, row, weight, column);
        float t = fmaf(terms.bias, octi_weight_bias_factor(&x->desc, &weight->desc), sum) * terms.multiplier;
        octi_store_code(y, octi_view_offset(y, index), octi_round_clamp(t, output));
    } while (octi_index_next(&y->desc.shape, index));
}

static void reference(const struct oct_op_run_call *call)
{
    reference_linear(call, false);
}

static void reference_relu(const struct oct_op_run_call *call)
{
    reference_linear(call, true);
}

struct linear {
    const struct octi_qgemm *kernel;
    struct octi_panels weights;
    struct octi_gathered_rows gathered; // where the kernel wants rows aligned and K does not make them so
    struct octi_output output;
};

static void run(const struct oct_op_run_call *call)
{
    const struct linear *state = call->state;
    const struct oct_shape *shape = &call->inputs[OCTI_WEIGHTED_X].desc.shape;
    int64_t rows = 1;
    for (int32_t d = 0; d < shape->rank - 1; d++) {
        rows *= shape->dims[d];
    }
    struct octi_product product = {.run = state->kernel->run, .weights = &state->weights, .groups = 1, .op = call};
    product.rows = rows;
    product.gathered = state->gathered;
    product.buffer = call->scratch;
    product.call.a = call->inputs[OCTI_WEIGHTED_X].data;
    product.call.a_stride = state->weights.k;
    product.call.c = call->outputs[0].data;
    product.call.c_stride =
        shape->rank > 1 ? (size_t)call->outputs[0].strides[shape->rank - 2] : state->weights.n_columns;
    product.call.output = state->output;
    octi_product_run(&product);
}

// Rows of the largest run.
static int64_t max_rows(const struct oct_op_prepare_call *call)
{
    struct oct_shape outer = call->inputs[OCTI_WEIGHTED_X]->shape;
    int64_t rows;
    outer.rank--;
    return oct_shape_elements(&outer, call->max_rows, &rows) == OCT_OK ? rows : INT64_MAX;
}

static enum oct_status prepare_linear(struct oct_op_prepare_call *call, bool relu)
{
    const struct oct_tensor_desc *x = call->inputs[OCTI_WEIGHTED_X];
    const struct oct_view *weight = call->constants[OCTI_WEIGHTED_WEIGHT];
    if (x->dtype != OCT_DTYPE_QUINT8 || (x->format != OCT_FORMAT_CONTIGUOUS && oct_format_applies(x->shape.rank))) {
        return OCT_OK; // the reference reads anything
    }
    struct linear *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->kernel = octi_qgemm_select_depth(call->cpu_features, (size_t)weight->desc.shape.dims[1]);
    state->output = octi_output_of(&call->outputs[0], relu);
    struct octi_panel_source source = {
        .column_stride = weight->strides[0],
        .channel_stride = weight->strides[1],
        .window_height = 1,
        .window_width = 1,
        .channels = (size_t)weight->desc.shape.dims[1],
    };
    if (state->kernel->geometry.gathered && source.channels % 64 != 0 &&
        !octi_gathered_rows_plan(call->cpu_features, 1, source.channels, max_rows(call), &state->gathered,
                                 &call->scratch_bytes)) {
        return oct_error_set(call->error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "gathered rows overflow size_t");
    }
    enum oct_status status = octi_product_pack(call, &state->kernel->geometry, &source, 1, &state->weights, NULL, NULL);
    if (status != OCT_OK) {
        return status;
    }
    call->state = state;
    call->run = run;
    call->takes_followers = true;
    call->constants_packed = true;
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return prepare_linear(call, false);
}

static enum oct_status prepare_relu(struct oct_op_prepare_call *call)
{
    return prepare_linear(call, true);
}

static const struct oct_attribute_spec attributes[] = {
    [SCALE] = OCTI_ATTRIBUTE_SCALE("Y_scale_i"),
    [ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("Y_zero_point_i"),
    OCTI_ATTRIBUTES_END,
};

const struct oct_op octi_op_quantized_linear = {
    .name = "quantized::linear",
    .covers = (const char *const[]){"quantized::linear", NULL},
    .doc = "X times weight transposed plus bias, requantized; FBGEMM's formula without 16-bit saturation. Class E0.",
    .input_names = (const char *const[]){"X", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 (weight qint8, bias float32) -> same",
    .flags = OCT_OP_PITCHED | OCT_OP_READS_PIECES,
    .attributes = attributes,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_linear_relu = {
    .name = "quantized::linear_relu",
    .covers = (const char *const[]){"quantized::linear_relu", NULL},
    .doc = "quantized::linear, nothing below the output's zero point. Class E0.",
    .input_names = (const char *const[]){"X", "weight", "bias", NULL},
    .min_inputs = 2,
    .max_inputs = 3,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 (weight qint8, bias float32) -> same",
    .flags = OCT_OP_PITCHED | OCT_OP_READS_PIECES,
    .attributes = attributes,
    .infer = infer,
    .reference = reference_relu,
    .prepare = prepare_relu,
};
