#include "engine/ops/attributes.h"
#include "engine/ops/copying.h"
#include "engine/ops/op_support.h"
#include "engine/ops/walk.h"

enum { DIMS };
enum { DIM0, DIM1 };

/// dims[d] of the attribute, wrapped; `infer` has seen to it that they are a permutation.
static void read_dims(const struct oct_attribute *attributes, int32_t rank, int32_t *dims)
{
    for (int32_t d = 0; d < rank; d++) {
        int64_t dim = attributes[DIMS].integers[d];
        dims[d] = (int32_t)(dim < 0 ? dim + rank : dim);
    }
}

static void read_swap(const struct oct_attribute *attributes, int32_t rank, int32_t *dims)
{
    for (int32_t d = 0; d < rank; d++) {
        dims[d] = d;
    }
    int64_t a = attributes[DIM0].integer, b = attributes[DIM1].integer;
    if (rank > 0) {
        int32_t first = (int32_t)(a < 0 ? a + rank : a), second = (int32_t)(b < 0 ? b + rank : b);
        dims[first] = second;
        dims[second] = first;
    }
}

static enum oct_status infer_permute(struct oct_op_infer_call *call)
{
    if (!octi_copying_infer(call)) {
        return octi_infer_failed(call);
    }
    const struct oct_shape *in = &call->inputs[0]->shape;
    const struct oct_attribute *list = &call->attributes[DIMS];
    if (list->count != (size_t)in->rank) {
        octi_infer_fail(call, OCT_ERR_INVALID, "dims has %zu elements, expected one for each of %d dimensions",
                        list->count, (int)in->rank);
        return octi_infer_failed(call);
    }
    bool seen[OCT_MAX_RANK] = {false};
    for (int32_t d = 0; d < in->rank; d++) {
        int32_t dim;
        if (!octi_infer_dim(call, list->integers[d], in->rank, &dim)) {
            return octi_infer_failed(call);
        }
        if (seen[dim]) {
            octi_infer_fail(call, OCT_ERR_INVALID, "dims names dimension %d twice", (int)dim);
            return octi_infer_failed(call);
        }
        seen[dim] = true;
        call->outputs[0].shape.dims[d] = in->dims[dim];
    }
    return OCT_OK;
}

static enum oct_status infer_transpose(struct oct_op_infer_call *call)
{
    if (!octi_copying_infer(call)) {
        return octi_infer_failed(call);
    }
    const struct oct_shape *in = &call->inputs[0]->shape;
    int32_t first, second;
    if (!octi_infer_dim(call, call->attributes[DIM0].integer, in->rank, &first) ||
        !octi_infer_dim(call, call->attributes[DIM1].integer, in->rank, &second)) {
        return octi_infer_failed(call);
    }
    call->outputs[0].shape.dims[first] = in->dims[second];
    call->outputs[0].shape.dims[second] = in->dims[first];
    return OCT_OK;
}

static void reference_permute(const struct oct_op_run_call *call)
{
    int32_t dims[OCT_MAX_RANK];
    read_dims(call->attributes, call->inputs[0].desc.shape.rank, dims);
    struct oct_view permuted = octi_view_permuted(&call->inputs[0], dims);
    oct_view_copy(&call->outputs[0], &permuted);
}

static void reference_transpose(const struct oct_op_run_call *call)
{
    int32_t dims[OCT_MAX_RANK];
    read_swap(call->attributes, call->inputs[0].desc.shape.rank, dims);
    struct oct_view permuted = octi_view_permuted(&call->inputs[0], dims);
    oct_view_copy(&call->outputs[0], &permuted);
}

static void run_permute(const struct oct_op_run_call *call)
{
    int32_t dims[OCT_MAX_RANK];
    read_dims(call->attributes, call->inputs[0].desc.shape.rank, dims);
    struct oct_view permuted = octi_view_permuted(&call->inputs[0], dims);
    octi_walk_copy(&call->outputs[0], &permuted, call->state, call->executor);
}

static void run_transpose(const struct oct_op_run_call *call)
{
    int32_t dims[OCT_MAX_RANK];
    read_swap(call->attributes, call->inputs[0].desc.shape.rank, dims);
    struct oct_view permuted = octi_view_permuted(&call->inputs[0], dims);
    octi_walk_copy(&call->outputs[0], &permuted, call->state, call->executor);
}

static enum oct_status prepare_copy(struct oct_op_prepare_call *call, oct_op_run_fn run)
{
    const struct octi_transpose *kernel = octi_transpose_select(call->cpu_features);
    // Records are constant and live for ever; a state is only ever read.
    call->state = (void *)(uintptr_t)kernel;
    call->run = run;
    call->kernel = kernel->kernel.name;
    return OCT_OK;
}

static enum oct_status prepare_permute(struct oct_op_prepare_call *call)
{
    return prepare_copy(call, run_permute);
}

static enum oct_status prepare_transpose(struct oct_op_prepare_call *call)
{
    return prepare_copy(call, run_transpose);
}

const struct oct_op octi_op_permute = {
    .name = "aten::permute",
    .covers = (const char *const[]){"aten::permute", NULL},
    .doc = "Dimension d of the output is dimension dims[d] of the input. Copies, unless memory formats make the bytes "
           "the same.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIMS] = {.name = "dims",
                      .type = OCT_ATTRIBUTE_INTS,
                      .required = true,
                      .minimum = -OCT_MAX_RANK,
                      .maximum = OCT_MAX_RANK - 1,
                      .max_count = OCT_MAX_RANK,
                      .doc = "which dimension of the input comes where"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer_permute,
    .reference = reference_permute,
    .prepare = prepare_permute,
    .permutation = read_dims,
};

const struct oct_op octi_op_transpose = {
    .name = "aten::transpose",
    .covers = (const char *const[]){"aten::transpose.int", NULL},
    .doc = "Exchanges two dimensions. Copies, unless memory formats make the bytes the same.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_ANY_FORMAT | OCT_OP_STRIDED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIM0] = OCTI_ATTRIBUTE_DIM("dim0", true, 0, "one dimension"),
            [DIM1] = OCTI_ATTRIBUTE_DIM("dim1", true, 0, "the other"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer_transpose,
    .reference = reference_transpose,
    .prepare = prepare_transpose,
    .permutation = read_swap,
};
