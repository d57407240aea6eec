#include "engine/kernels/elementwise/qadd.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/quantized_binary.h"
#include "engine/ops/walk.h"

static void reference_add(const struct oct_op_run_call *call, bool relu)
{
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct oct_view a = octi_view_broadcast(&call->inputs[0], &y->desc.shape);
    struct oct_view b = octi_view_broadcast(&call->inputs[1], &y->desc.shape);
    float inverse = octi_inverse_scale(y->desc.qparams.scale);
    // max(r, 0) before quantizing and a lower bound at the zero point after it are one and the same.
    struct octi_output output = octi_output_of(&y->desc, relu);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        float real_a = octi_real_of(&a.desc, octi_load_code(&a, octi_view_offset(&a, index)));
        float real_b = octi_real_of(&b.desc, octi_load_code(&b, octi_view_offset(&b, index)));
        octi_store_code(y, octi_view_offset(y, index), octi_quantize(real_a + real_b, inverse, output));
    } while (octi_index_next(&y->desc.shape, index));
}

static void reference(const struct oct_op_run_call *call)
{
    reference_add(call, false);
}

static void reference_relu(const struct oct_op_run_call *call)
{
    reference_add(call, true);
}

struct adding {
    struct octi_quantized_binary binary;
    const struct octi_qadd *kernel;
    struct octi_qadd_params params;
};

static void apply(const struct octi_quantized_binary *state, size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y)
{
    const struct adding *adding = (const struct adding *)state;
    adding->kernel->run(n, a, b, y, &adding->params);
}

static enum oct_status prepare_add(struct oct_op_prepare_call *call, bool relu)
{
    const struct oct_tensor_desc *a = call->inputs[0], *b = call->inputs[1], *y = &call->outputs[0];
    if (y->dtype != OCT_DTYPE_QUINT8) {
        return OCT_OK; // rewriting leaves no other
    }
    struct adding *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->binary.apply = apply;
    state->kernel = octi_qadd_select(call->cpu_features);
    state->params.a_scale = (float)a->qparams.scale;
    state->params.b_scale = (float)b->qparams.scale;
    state->params.a_zero_point = (int32_t)a->qparams.zero_point;
    state->params.b_zero_point = (int32_t)b->qparams.zero_point;
    state->params.inverse_scale = octi_inverse_scale(y->qparams.scale);
    state->params.output = octi_output_of(y, relu);
    call->state = state;
    octi_quantized_binary_choose(call);
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return prepare_add(call, false);
}

static enum oct_status prepare_relu(struct oct_op_prepare_call *call)
{
    return prepare_add(call, true);
}

const struct oct_op octi_op_quantized_add = {
    .name = "quantized::add",
    .covers = (const char *const[]){"quantized::add", NULL},
    .doc = "Q(DQ(a) + DQ(b)) with broadcasting. Class E0; PyTorch's fused multiply-adds can differ by one step.",
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

const struct oct_op octi_op_quantized_add_relu = {
    .name = "quantized::add_relu",
    .covers = (const char *const[]){"quantized::add_relu", NULL},
    .doc =
        "Q(max(DQ(a) + DQ(b), 0)) with broadcasting. Class E0; PyTorch's fused multiply-adds can differ by one step.",
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
