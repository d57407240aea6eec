#include "engine/kernels/elementwise/dequantize.h"
#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/walk.h"

#include <string.h>

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8, OCT_DTYPE_QINT32};
    if (!octi_infer_dtype(call, 0, allowed, 3)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    memset(out, 0, sizeof *out);
    out->dtype = OCT_DTYPE_FLOAT32;
    out->shape = call->inputs[0]->shape;
    return OCT_OK;
}

/// The difference wraps for qint32, as PyTorch's does.
static inline int32_t difference(int32_t code, int64_t zero_point)
{
    return (int32_t)((uint32_t)code - (uint32_t)zero_point);
}

/// Per channel PyTorch multiplies in float64 and rounds once (measured, torch 2.13); per tensor in float32.
static float dequantize(const struct oct_qparams *q, const int64_t *index, int32_t code)
{
    if (q->scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        int64_t channel = index[q->axis];
        return (float)(q->scales[channel] * (double)difference(code, q->zero_points[channel]));
    }
    return octi_dequantize(difference(code, q->zero_point), (float)q->scale, 0);
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int32_t code = octi_load_code(x, octi_view_offset(x, index));
        octi_store_float(y, octi_view_offset(y, index), dequantize(&x->desc.qparams, index, code));
    } while (octi_index_next(&y->desc.shape, index));
}

struct dequantizing {
    const struct octi_dequantize *kernel;
    const struct octi_transpose *transpose;
    float scale;
    int32_t zero_point;
};

static void dequantize_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    const struct dequantizing *d = context;
    if (strides[0] == sizeof(float) && strides[1] == 1) {
        d->kernel->run((size_t)n, data[1], (float *)(void *)data[0], d->scale, d->zero_point);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        float real = octi_dequantize(data[1][i * strides[1]], d->scale, d->zero_point);
        *(float *)(void *)(data[0] + i * strides[0]) = real;
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct oct_view *views[] = {&call->outputs[0], &call->inputs[0]};
    octi_walk(views, 2, dequantize_row, call->state, call->executor);
}

/// Pixels [begin, end) of all images: channels-last bytes to contiguous floats.
static void run_pixels(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct dequantizing *d = call->state;
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    const int64_t pixels = dims[2] * dims[3], channels = dims[1];
    for (int64_t n; begin < end; begin += n) {
        n = octi_left_in_image(begin, end, pixels);
        float *y = (float *)call->outputs[0].data + begin / pixels * channels * pixels + begin % pixels;
        octi_dequantize_transposed(d->kernel, d->transpose, (size_t)n, (size_t)channels,
                                   (const uint8_t *)call->inputs[0].data + begin * channels, y, (size_t)pixels,
                                   d->scale, d->zero_point);
    }
}

static void run_transposed(const struct oct_op_run_call *call)
{
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    octi_parallel_for(call->executor, dims[0] * dims[2] * dims[3], dims[1], run_pixels, call);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *in = call->inputs[0];
    if (in->dtype != OCT_DTYPE_QUINT8 || in->qparams.scheme != OCT_QSCHEME_PER_TENSOR_AFFINE) {
        return OCT_OK; // weights and biases: folded before they run
    }
    struct dequantizing *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->kernel = octi_dequantize_select(call->cpu_features);
    state->transpose = octi_transpose_select(call->cpu_features);
    state->scale = (float)in->qparams.scale;
    state->zero_point = (int32_t)in->qparams.zero_point;
    bool transposes = in->shape.rank == 4 && in->format == OCT_FORMAT_CHANNELS_LAST &&
                      call->outputs[0].format == OCT_FORMAT_CONTIGUOUS && !octi_shape_is_empty(&in->shape);
    call->state = state;
    call->run = transposes ? run_transposed : run;
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

const struct oct_op octi_op_dequantize = {
    .name = "aten::dequantize",
    .covers = (const char *const[]){"aten::dequantize.self", "aten::dequantize", NULL},
    .doc = "scale * (q - zero_point), per tensor or per channel. Bit exact.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 qint32 -> float32",
    .flags = OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
