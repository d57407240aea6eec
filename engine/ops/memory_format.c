#include "engine/kernels/transpose/transpose.h"
#include "engine/ops/attributes.h"
#include "engine/ops/copying.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/walk.h"

#include <string.h>

enum { FORMAT };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    const char *format = call->attributes[FORMAT].string;
    if (!octi_copying_infer(call)) {
        return octi_infer_failed(call);
    }
    if (strcmp(format, "contiguous") != 0 && strcmp(format, "channels_last") != 0) {
        octi_infer_fail(call, OCT_ERR_INVALID, "format is '%.32s', expected contiguous or channels_last", format);
        return octi_infer_failed(call);
    }
    return octi_infer_rank(call, 0, 3, 5) ? OCT_OK : octi_infer_failed(call);
}

static void reference(const struct oct_op_run_call *call)
{
    oct_view_copy(&call->outputs[0], &call->inputs[0]);
}

static void run(const struct oct_op_run_call *call)
{
    octi_walk_copy(&call->outputs[0], &call->inputs[0], NULL, call->executor);
}

struct transposing {
    const struct octi_transpose *kernel;
    bool to_channels_last;
};

/// Images [begin, end), each a matrix of channels and pixels that becomes its transpose.
static void run_images(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct transposing *t = call->state;
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t *dims = x->desc.shape.dims;
    size_t channels = (size_t)dims[1], pixels = (size_t)octi_pixels(&x->desc.shape);
    size_t rows = t->to_channels_last ? channels : pixels, columns = t->to_channels_last ? pixels : channels;
    for (int64_t n = begin; n < end; n++) {
        size_t first = (size_t)n * channels * pixels;
        if (oct_dtype_bytes(x->desc.dtype) == 1) {
            const uint8_t *from = (const uint8_t *)x->data + first;
            t->kernel->bytes(rows, columns, from, columns, (uint8_t *)y->data + first, rows);
        } else {
            const uint32_t *from = (const uint32_t *)x->data + first;
            t->kernel->words(rows, columns, from, columns, (uint32_t *)y->data + first, rows);
        }
    }
}

static void run_transposed(const struct oct_op_run_call *call)
{
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    octi_parallel_for(call->executor, dims[0], dims[1] * octi_pixels(&call->inputs[0].desc.shape), run_images, call);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *in = call->inputs[0], *out = &call->outputs[0];
    size_t bytes = oct_dtype_bytes(in->dtype);
    call->run = run;
    call->kernel = "strided_copy";
    if (in->format == out->format || (bytes != 1 && bytes != 4) || octi_shape_is_empty(&in->shape)) {
        return OCT_OK;
    }
    struct transposing *state = oct_op_prepare_alloc(call, sizeof *state);
    if (state == NULL) {
        return OCT_ERR_NOMEM;
    }
    state->kernel = octi_transpose_select(call->cpu_features);
    state->to_channels_last = out->format == OCT_FORMAT_CHANNELS_LAST;
    call->state = state;
    call->run = run_transposed;
    call->kernel = state->kernel->kernel.name;
    return OCT_OK;
}

const struct oct_op octi_op_memory_format = {
    .name = "octet::memory_format",
    .covers = (const char *const[]){"aten::contiguous", NULL},
    .doc = "The same tensor in another order of memory. The logical value does not change.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_INTERNAL | OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [FORMAT] = {.name = "format",
                        .type = OCT_ATTRIBUTE_STRING,
                        .required = true,
                        .doc = "contiguous or channels_last"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
