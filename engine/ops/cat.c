#include "engine/base/checked.h"
#include "engine/ops/attributes.h"
#include "engine/ops/copy_rows.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"
#include "engine/ops/view_rows.h"
#include "engine/ops/walk.h"

enum { DIM, SCALE, ZERO_POINT };

/// Of the output, in whose cache lines several inputs meet: far inside a first-level cache.
#define BLOCK_BYTES 8192

/// Adds one input's extent along the concatenated dimension; counts and multiples of N do not add up to a dimension.
static bool add_extent(struct oct_op_infer_call *call, int64_t more, bool first, int64_t *sum)
{
    if (!first && (more < 0) != (*sum < 0)) {
        return octi_infer_fail(call, OCT_ERR_UNSUPPORTED,
                               "a dimension of the batch and one without it are concatenated; N must be known here");
    }
    if (!octi_add_int64(first ? 0 : *sum, more, sum)) {
        return octi_infer_fail(call, OCT_ERR_LIMIT, "the concatenated dimension does not fit 63 bits");
    }
    if (more < 0 && !first) {
        call->mixes_rows = "concatenates along the batch";
    }
    return true;
}

static bool infer_input(struct oct_op_infer_call *call, size_t index, int32_t dim, struct oct_shape *out)
{
    const struct oct_tensor_desc *first = call->inputs[0], *desc = call->inputs[index];
    if (desc->dtype != first->dtype) {
        return octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "input %zu is %s and input 0 is %s, expected one dtype",
                               index, oct_dtype_name(desc->dtype), oct_dtype_name(first->dtype));
    }
    bool fits = desc->shape.rank == first->shape.rank;
    for (int32_t d = 0; fits && d < desc->shape.rank; d++) {
        fits = d == dim || desc->shape.dims[d] == first->shape.dims[d];
    }
    if (!fits) {
        char a[128], b[128];
        oct_shape_format(&first->shape, a, sizeof a);
        oct_shape_format(&desc->shape, b, sizeof b);
        return octi_infer_fail(call, OCT_ERR_INVALID,
                               "input %zu has shape %s, expected that of input 0, %s, in all dimensions but %d", index,
                               b, a, (int)dim);
    }
    return add_extent(call, desc->shape.dims[dim], index == 0, &out->dims[dim]);
}

static enum oct_status infer_cat(struct oct_op_infer_call *call, const enum oct_dtype *allowed, size_t n_allowed)
{
    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!octi_infer_dtype(call, i, allowed, n_allowed) || !octi_infer_per_tensor(call, i) ||
            !octi_infer_rank(call, i, 1, OCT_MAX_RANK)) {
            return octi_infer_failed(call);
        }
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    int32_t dim;
    if (!octi_infer_dim(call, call->attributes[DIM].integer, call->inputs[0]->shape.rank, &dim)) {
        return octi_infer_failed(call);
    }
    *out = *call->inputs[0];
    out->format = OCT_FORMAT_CONTIGUOUS;
    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!infer_input(call, i, dim, &out->shape)) {
            return octi_infer_failed(call);
        }
    }
    return OCT_OK;
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    return infer_cat(call, allowed, 3);
}

static enum oct_status infer_quantized(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    enum oct_status status = infer_cat(call, allowed, 2);
    if (status != OCT_OK) {
        return status;
    }
    const struct oct_attribute *scale = &call->attributes[SCALE], *zero_point = &call->attributes[ZERO_POINT];
    struct oct_tensor_desc *out = &call->outputs[0];
    double given_scale = scale->present ? scale->number : out->qparams.scale;
    int64_t given_zero = zero_point->present ? zero_point->integer : out->qparams.zero_point;
    return octi_infer_qparams(call, given_scale, given_zero, out->dtype, &out->qparams) ? OCT_OK
                                                                                        : octi_infer_failed(call);
}

/// The part of the output that an input of extent `extent` along `dim` fills, `offset` from its beginning.
static struct oct_view part_of(const struct oct_view *y, int32_t dim, int64_t offset, int64_t extent)
{
    struct oct_view part = *y;
    part.desc.shape.dims[dim] = extent;
    int64_t bytes = (int64_t)oct_dtype_bytes(y->desc.dtype);
    part.data = (char *)y->data + offset * y->strides[dim] * bytes;
    return part;
}

static int32_t dim_of(const struct oct_attribute *attributes, int32_t rank)
{
    int64_t dim = attributes[DIM].integer;
    return (int32_t)(dim < 0 ? dim + rank : dim);
}

static int32_t convert_code(int32_t code, const struct oct_tensor_desc *from, const struct oct_tensor_desc *to)
{
    return octi_quantize(octi_real_of(from, code), octi_inverse_scale(to->qparams.scale), octi_output_of(to, false));
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *y = &call->outputs[0];
    int32_t dim = dim_of(call->attributes, y->desc.shape.rank);
    int64_t offset = 0;
    for (size_t i = 0; i < call->n_inputs; i++) {
        const struct oct_view *x = &call->inputs[i];
        struct oct_view part = part_of(y, dim, offset, x->desc.shape.dims[dim]);
        offset += x->desc.shape.dims[dim];
        if (octi_shape_is_empty(&x->desc.shape)) {
            continue;
        }
        int64_t index[OCT_MAX_RANK] = {0};
        do {
            int64_t from = octi_view_offset(x, index), to = octi_view_offset(&part, index);
            if (x->desc.dtype == OCT_DTYPE_FLOAT32) {
                octi_store_float(&part, to, octi_load_float(x, from));
            } else {
                octi_store_code(&part, to, convert_code(octi_load_code(x, from), &x->desc, &y->desc));
            }
        } while (octi_index_next(&x->desc.shape, index));
    }
}

/// Rows of the output, and beside one another in them those of the inputs.
struct joining {
    const struct oct_op_run_call *call;
    struct octi_view_rows to;
    struct octi_view_rows from[OCT_OP_MAX_INPUTS];
};

/// False when the inputs are not parts of rows short enough to be joined one by one.
static bool joins_rows(const struct oct_op_run_call *call, int32_t dim, struct joining *joining)
{
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return false;
    }
    const struct octi_outer_dims outer = octi_outer_dims_of(y, dim);
    joining->call = call;
    if (outer.n == 0 || !octi_view_rows(y, dim, &outer, &joining->to) || joining->to.bytes > BLOCK_BYTES) {
        return false;
    }
    for (size_t i = 0; i < call->n_inputs; i++) {
        joining->from[i] = (struct octi_view_rows){.n = joining->to.n};
        const struct oct_view *x = &call->inputs[i];
        if (!octi_shape_is_empty(&x->desc.shape) && !octi_view_rows(x, dim, &outer, &joining->from[i])) {
            return false;
        }
    }
    return true;
}

/// Rows [begin, end) in blocks: rows of all inputs end in the same cache lines, which are written while they are near.
static void join_rows(const void *context, int64_t begin, int64_t end)
{
    const struct joining *joining = context;
    const int64_t pitch = joining->to.pitch, block = BLOCK_BYTES / joining->to.bytes;
    for (int64_t row = begin; row < end; row += block) {
        const int64_t n = end - row < block ? end - row : block;
        unsigned char *to = (unsigned char *)joining->call->outputs[0].data + row * pitch;
        for (size_t i = 0; i < joining->call->n_inputs; i++) {
            const struct octi_view_rows *rows = &joining->from[i];
            const unsigned char *from = (const unsigned char *)joining->call->inputs[i].data + row * rows->pitch;
            if (rows->bytes > 0 && from != to) { // else the plan had it made there
                octi_copy_rows((size_t)n, (size_t)rows->bytes, to, pitch, from, rows->pitch);
            }
            to += rows->bytes;
        }
    }
}

static void run(const struct oct_op_run_call *call)
{
    const struct oct_view *y = &call->outputs[0];
    int32_t dim = dim_of(call->attributes, y->desc.shape.rank);
    struct joining joining;
    if (joins_rows(call, dim, &joining)) {
        octi_parallel_for(call->executor, joining.to.n, joining.to.bytes, join_rows, &joining);
        return;
    }
    int64_t offset = 0;
    for (size_t i = 0; i < call->n_inputs; i++) {
        const struct oct_view *x = &call->inputs[i];
        struct oct_view part = part_of(y, dim, offset, x->desc.shape.dims[dim]);
        offset += x->desc.shape.dims[dim];
        if (x->data != part.data) { // else the plan had it made there
            octi_walk_copy(&part, x, NULL, call->executor);
        }
    }
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *out = &call->outputs[0];
    for (size_t i = 0; i < call->n_inputs; i++) {
        if (oct_dtype_is_quantized(out->dtype) && !oct_qparams_equal(&call->inputs[i]->qparams, &out->qparams)) {
            return OCT_OK; // rewriting leaves equal ones, which make the conversion the identity
        }
    }
    call->run = run;
    call->kernel = "strided_copy";
    return OCT_OK;
}

const struct oct_op octi_op_cat = {
    .name = "aten::cat",
    .covers = (const char *const[]){"aten::cat", NULL},
    .doc = "Joins tensors along dim; quantized ones take the parameters of the first. Class E0.",
    .input_names = (const char *const[]){"tensors", NULL},
    .min_inputs = 1,
    .max_inputs = OCT_OP_MAX_INPUTS,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_VARIADIC | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED | OCT_OP_JOINS,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIM] = OCTI_ATTRIBUTE_DIM("dim", false, 0, "along which the tensors are joined"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_cat = {
    .name = "quantized::cat",
    .covers = (const char *const[]){"quantized::cat", NULL},
    .doc =
        "Joins tensors along dim, each requantized as Q(DQ(q)) to the given parameters or the first input's. Class E0; "
        "PyTorch rounds ties as here in its channels-last kernel only: else one step.",
    .input_names = (const char *const[]){"qx", NULL},
    .min_inputs = 1,
    .max_inputs = OCT_OP_MAX_INPUTS,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCT_OP_VARIADIC | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED | OCT_OP_JOINS,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIM] = OCTI_ATTRIBUTE_DIM("dim", true, 0, "along which the tensors are joined"),
            [SCALE] = {.name = "scale",
                       .type = OCT_ATTRIBUTE_FLOAT,
                       .minimum = 0.0,
                       .maximum = DBL_MAX,
                       .doc = "scale of the output; absent: the first input's"},
            [ZERO_POINT] = {.name = "zero_point",
                            .type = OCT_ATTRIBUTE_INT,
                            .minimum = -2147483648.0,
                            .maximum = 2147483647.0,
                            .doc = "zero point of the output; absent: the first input's"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer_quantized,
    .reference = reference,
    .prepare = prepare,
};
