#include "engine/kernels/elementwise/quantize.h"
#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/walk.h"

#include <string.h>

enum { SCALE, ZERO_POINT, DTYPE };

/// What octet::quantize_signed's zero point and bytes have more than the qint8 they stand for.
#define SIGN_OFFSET 128

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32};
    if (!octi_infer_dtype(call, 0, allowed, 1)) {
        return octi_infer_failed(call);
    }
    const char *name = call->attributes[DTYPE].string;
    enum oct_dtype dtype;
    if (oct_dtype_parse(name, strlen(name), &dtype) != OCT_OK || !oct_dtype_is_quantized(dtype)) {
        octi_infer_fail(call, OCT_ERR_INVALID, "dtype is '%.32s', expected quint8, qint8 or qint32", name);
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    *out = *call->inputs[0];
    out->dtype = dtype;
    out->format = OCT_FORMAT_CONTIGUOUS;
    return octi_infer_output_qparams(call, SCALE, ZERO_POINT, dtype, &out->qparams) ? OCT_OK : octi_infer_failed(call);
}

static struct octi_quantizer quantizer_of(const struct oct_tensor_desc *y, int32_t offset)
{
    return octi_quantizer_make(y->qparams.scale, y->qparams.zero_point - offset, oct_dtype_qmin(y->dtype) - offset,
                               oct_dtype_qmax(y->dtype) - offset, offset);
}

static void quantize(const struct oct_op_run_call *call, int32_t offset)
{
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    float inverse = octi_inverse_scale(y->desc.qparams.scale);
    struct octi_quantizer quantizer = quantizer_of(&y->desc, offset);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        float value = octi_load_float(x, octi_view_offset(x, index));
        int32_t code = y->desc.dtype == OCT_DTYPE_QINT32
                           ? octi_quantize_int32(value, inverse, y->desc.qparams.zero_point)
                           : octi_quantize_tensor(value, &quantizer);
        octi_store_code(y, octi_view_offset(y, index), code);
    } while (octi_index_next(&y->desc.shape, index));
}

static void reference(const struct oct_op_run_call *call)
{
    quantize(call, 0);
}

static void reference_signed(const struct oct_op_run_call *call)
{
    quantize(call, SIGN_OFFSET);
}

struct quantizing {
    const struct octi_quantize *kernel;
    const struct octi_transpose *transpose;
    struct octi_quantizer quantizer;
};

static void quantize_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    const struct quantizing *q = context;
    if (strides[0] == 1 && strides[1] == sizeof(float)) {
        q->kernel->run((size_t)n, (const float *)(const void *)data[1], data[0], &q->quantizer);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        float x = *(const float *)(const void *)(data[1] + i * strides[1]);
        data[0][i * strides[0]] = octi_byte_of_code(octi_quantize_tensor(x, &q->quantizer));
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct oct_view *views[] = {&call->outputs[0], &call->inputs[0]};
    octi_walk(views, 2, quantize_row, call->state, call->executor);
}

/// Pixels [begin, end) of all images: contiguous floats to channels-last bytes.
static void run_pixels(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct quantizing *q = call->state;
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    const int64_t pixels = octi_pixels(&call->inputs[0].desc.shape), channels = dims[1];
    for (int64_t n; begin < end; begin += n) {
        n = octi_left_in_image(begin, end, pixels);
        const float *x = (const float *)call->inputs[0].data + begin / pixels * channels * pixels + begin % pixels;
        octi_quantize_transposed(q->kernel, q->transpose, (size_t)channels, (size_t)n, x, (size_t)pixels,
                                 (uint8_t *)call->outputs[0].data + begin * channels, &q->quantizer);
    }
}

static void run_transposed(const struct oct_op_run_call *call)
{
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    octi_parallel_for(call->executor, dims[0] * octi_pixels(&call->inputs[0].desc.shape), dims[1], run_pixels, call);
}

static enum oct_status prepare_bytes(struct oct_op_prepare_call *call, int32_t offset)
{
    const struct oct_tensor_desc *in = call->inputs[0], *out = &call->outputs[0];
    if (out->dtype != OCT_DTYPE_QUINT8) {
        return OCT_OK; // rewriting leaves no qint8, and qint32 is rare
    }
    struct quantizing *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->kernel = octi_quantize_select(call->cpu_features);
    state->transpose = octi_transpose_select(call->cpu_features);
    state->quantizer = quantizer_of(out, offset);
    bool transposes = oct_format_applies(in->shape.rank) && in->format == OCT_FORMAT_CONTIGUOUS &&
                      out->format == OCT_FORMAT_CHANNELS_LAST && !octi_shape_is_empty(&in->shape);
    call->state = state;
    call->run = transposes ? run_transposed : run;
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return prepare_bytes(call, 0);
}

static enum oct_status prepare_signed(struct oct_op_prepare_call *call)
{
    return prepare_bytes(call, SIGN_OFFSET);
}

#define ATTRIBUTES                                                                                                     \
    (const struct oct_attribute_spec[])                                                                                \
    {                                                                                                                  \
        [SCALE] = OCTI_ATTRIBUTE_SCALE("scale"), [ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("zero_point"),               \
        [DTYPE] = {.name = "dtype", .type = OCT_ATTRIBUTE_STRING, .required = true, .doc = "quint8, qint8 or qint32"}, \
        OCTI_ATTRIBUTES_END,                                                                                           \
    }

const struct oct_op octi_op_quantize_per_tensor = {
    .name = "aten::quantize_per_tensor",
    .covers = (const char *const[]){"aten::quantize_per_tensor", NULL},
    .doc =
        "clamp(round_half_even(fma(x, 1 / scale, zero_point))), for qint32 without fusing. Class E0 for finite x; NaN "
        "becomes the lowest code.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 -> quint8 qint8 qint32",
    .flags = OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes = ATTRIBUTES,
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantize_signed = {
    .name = "octet::quantize_signed",
    .covers = (const char *const[]){"octet::quantize_signed", NULL},
    .doc = "aten::quantize_per_tensor to qint8, each byte with its sign bit flipped: a quint8 whose zero point is 128 "
           "higher. Rounds as the qint8 does.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 -> quint8",
    .flags = OCT_OP_INTERNAL | OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes = ATTRIBUTES,
    .infer = infer,
    .reference = reference_signed,
    .prepare = prepare_signed,
};
