#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/walk.h"

#include <math.h>

enum { INPUT, WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR, N_INPUTS };
enum { EPS };

static const enum oct_dtype FLOAT_ONLY[] = {OCT_DTYPE_FLOAT32};

static bool check_parameter(struct oct_op_infer_call *call, size_t index, int64_t channels)
{
    if (!octi_infer_dtype(call, index, FLOAT_ONLY, 1) || !octi_infer_constant(call, index) ||
        !octi_infer_rank(call, index, 1, 1)) {
        return false;
    }
    int64_t length = call->inputs[index]->shape.dims[0];
    if (length != channels) {
        return octi_infer_fail(call, OCT_ERR_INVALID, "%s has %lld elements, expected one for each of %lld channels",
                               call->op->input_names[index], (long long)length, (long long)channels);
    }
    return true;
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    if (!octi_infer_dtype(call, INPUT, FLOAT_ONLY, 1) || !octi_infer_rank(call, INPUT, 2, OCT_MAX_RANK)) {
        return octi_infer_failed(call);
    }
    int64_t channels = call->inputs[INPUT]->shape.dims[1];
    if (channels < 0) {
        octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "dimension 1, the channels, depends on the batch N");
        return octi_infer_failed(call);
    }
    for (size_t i = WEIGHT; i < N_INPUTS; i++) {
        bool optional = i == WEIGHT || i == BIAS;
        if (optional && i < call->n_inputs && call->inputs[i] == NULL) {
            continue;
        }
        if (!check_parameter(call, i, channels)) {
            return octi_infer_failed(call);
        }
    }
    call->outputs[0] = *call->inputs[INPUT];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    return OCT_OK;
}

struct factors {
    float alpha, beta; ///< y = x * alpha + beta
};

static float parameter_at(const struct oct_view *view, int64_t channel, float absent)
{
    return view != NULL && view->data != NULL ? octi_load_float(view, channel * view->strides[0]) : absent;
}

/// Worked out in float64, rounded once.
static struct factors
factors_of(const struct oct_attribute *attributes, const struct oct_view *const *parameters, int64_t channel)
{
    double weight = (double)parameter_at(parameters[WEIGHT], channel, 1.0f);
    double bias = (double)parameter_at(parameters[BIAS], channel, 0.0f);
    double mean = (double)parameter_at(parameters[RUNNING_MEAN], channel, 0.0f);
    double variance = (double)parameter_at(parameters[RUNNING_VAR], channel, 1.0f);
    double alpha = weight / sqrt(variance + attributes[EPS].number);
    return (struct factors){(float)alpha, (float)(bias - mean * alpha)};
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[INPUT], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    const struct oct_view *parameters[N_INPUTS];
    for (size_t i = 0; i < N_INPUTS; i++) {
        parameters[i] = &call->inputs[i];
    }
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        struct factors f = factors_of(call->attributes, parameters, index[1]);
        float value = octi_load_float(x, octi_view_offset(x, index));
        octi_store_float(y, octi_view_offset(y, index), value * f.alpha + f.beta);
    } while (octi_index_next(&y->desc.shape, index));
}

struct normalizing {
    float *alphas, *betas; ///< one per channel
};

static void normalize_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    (void)context;
    for (int64_t i = 0; i < n; i++) {
        float x = *(const float *)(const void *)(data[1] + i * strides[1]);
        float alpha = *(const float *)(const void *)(data[2] + i * strides[2]);
        float beta = *(const float *)(const void *)(data[3] + i * strides[3]);
        *(float *)(void *)(data[0] + i * strides[0]) = x * alpha + beta;
    }
}

/// A row of channel values as a tensor of the output's shape.
static struct oct_view per_channel(const struct oct_view *y, float *values)
{
    struct oct_view view = *y;
    for (int32_t d = 0; d < y->desc.shape.rank; d++) {
        view.strides[d] = d == 1 ? 1 : 0;
    }
    view.data = values;
    return view;
}

static void run(const struct oct_op_run_call *call)
{
    const struct normalizing *state = call->state;
    const struct oct_view *y = &call->outputs[0];
    struct oct_view alphas = per_channel(y, state->alphas), betas = per_channel(y, state->betas);
    const struct oct_view *views[] = {y, &call->inputs[INPUT], &alphas, &betas};
    octi_walk(views, 4, normalize_row, NULL, call->executor);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    int64_t channels = call->inputs[INPUT]->shape.dims[1];
    size_t bytes = (size_t)channels * sizeof(float); // a constant of this many bytes exists
    struct normalizing *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL || (state->alphas = oct_op_prepare_alloc(call, bytes)) == NULL ||
        (state->betas = oct_op_prepare_alloc(call, bytes)) == NULL) {
        return OCT_ERR_NOMEM;
    }
    for (int64_t c = 0; c < channels; c++) {
        struct factors f = factors_of(call->attributes, call->constants, c);
        state->alphas[c] = f.alpha;
        state->betas[c] = f.beta;
    }
    call->state = state;
    call->run = run;
    call->kernel = "float_rows";
    return OCT_OK;
}

const struct oct_op octi_op_batch_norm = {
    .name = "aten::batch_norm",
    .covers = (const char *const[]){"aten::batch_norm", "aten::_native_batch_norm_legit_no_training", NULL},
    .doc = "(x - running_mean) / sqrt(running_var + eps) * weight + bias per channel, as one multiply and one add. "
           "Class F.",
    .input_names = (const char *const[]){"input", "weight", "bias", "running_mean", "running_var", NULL},
    .min_inputs = N_INPUTS,
    .max_inputs = N_INPUTS,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT,
    .attributes =
        (const struct oct_attribute_spec[]){
            [EPS] = {.name = "eps",
                     .type = OCT_ATTRIBUTE_FLOAT,
                     .has_default = true,
                     .default_number = 1e-5,
                     .minimum = 0.0,
                     .maximum = FLT_MAX,
                     .doc = "added to the variance"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
