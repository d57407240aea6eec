#include "engine/kernels/elementwise/qmul.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/quantized_binary.h"
#include "engine/ops/walk.h"

/// M = f32(f32(f32(s_a) * f32(s_b)) * f32(1 / f32(s_y))).
static float
multiplier_of(const struct oct_tensor_desc *a, const struct oct_tensor_desc *b, const struct oct_tensor_desc *y)
{
    float product = (float)a->qparams.scale * (float)b->qparams.scale;
    return product * octi_inverse_scale(y->qparams.scale);
}

static void reference_mul(const struct oct_op_run_call *call, bool relu)
{
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct oct_view a = octi_view_broadcast(&call->inputs[0], &y->desc.shape);
    struct oct_view b = octi_view_broadcast(&call->inputs[1], &y->desc.shape);
    float multiplier = multiplier_of(&a.desc, &b.desc, &y->desc);
    struct octi_output output = octi_output_of(&y->desc, relu);
    int32_t zero_a = (int32_t)a.desc.qparams.zero_point, zero_b = (int32_t)b.desc.qparams.zero_point;
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int32_t code_a = octi_load_code(&a, octi_view_offset(&a, index)) - zero_a;
        int32_t code_b = octi_load_code(&b, octi_view_offset(&b, index)) - zero_b;
        octi_store_code(y, octi_view_offset(y, index), octi_requantize(code_a * code_b, multiplier, output));
    } while (octi_index_next(&y->desc.shape, index));
}

static void reference(const struct oct_op_run_call *call)
{
    reference_mul(call, false);
}

static void reference_relu(const struct oct_op_run_call *call)
{
    reference_mul(call, true);
}

struct multiplying {
    struct octi_quantized_binary binary;
    const struct octi_qmul *kernel;
    struct octi_qmul_params params;
};

static void apply(const struct octi_quantized_binary *state, size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y)
{
    const struct multiplying *multiplying = (const struct multiplying *)state;
    multiplying->kernel->run(n, a, b, y, &multiplying->params);
}

static enum oct_status prepare_mul(struct oct_op_prepare_call *call, bool relu)
{
    const struct oct_tensor_desc *a = call->inputs[0], *b = call->inputs[1], *y = &call->outputs[0];
    if (y->dtype != OCT_DTYPE_QUINT8) {
        return OCT_OK; // rewriting leaves no other
    }
    struct multiplying *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->binary.apply = apply;
    state->kernel = octi_qmul_select(call->cpu_features);
    state->params.a_zero_point = (int32_t)a->qparams.zero_point;
    state->params.b_zero_point = (int32_t)b->qparams.zero_point;
    state->params.multiplier = multiplier_of(a, b, y);
    state->params.output = octi_output_of(y, relu);
    call->state = state;
    octi_quantized_binary_choose(call);
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return prepare_mul(call, false);
}

static enum oct_status prepare_relu(struct oct_op_prepare_call *call)
{
    return prepare_mul(call, true);
}

const struct oct_op octi_op_quantized_mul = {
    .name = "quantized::mul",
    .covers = (const char *const[]){"quantized::mul", NULL},
    .doc = "RQ((qa - za) * (qb - zb)) with broadcasting. Class E0.",
    .input_names = (const char *const[]){"qa", "qb", NULL},
    .min_inputs = 2,
    .max_inputs = 2,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCTI_QUANTIZED_BINARY_FLAGS,
    .attributes = octi_quantized_binary_attributes,
    .infer = octi_quantized_binary_infer,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_mul_relu = {
    .name = "quantized::mul_relu",
    .covers = (const char *const[]){"quantized::mul_relu", NULL},
    .doc = "max(RQ((qa - za) * (qb - zb)), zero_point) with broadcasting. Class E0.",
    .input_names = (const char *const[]){"qa", "qb", NULL},
    .min_inputs = 2,
    .max_inputs = 2,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCTI_QUANTIZED_BINARY_FLAGS,
    .attributes = octi_quantized_binary_attributes,
    .infer = octi_quantized_binary_infer,
    .reference = reference_relu,
    .prepare = prepare_relu,
};
