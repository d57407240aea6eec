#include "engine/ops/attributes.h"
#include "engine/ops/average.h"
#include "engine/ops/op_support.h"
#include "engine/ops/parallel.h"

#include <string.h>

enum { DIM, KEEPDIM };

/// Which dimensions are averaged over. `infer` has seen to it that they exist.
static void read_dims(const struct oct_attribute *attributes, int32_t rank, bool *reduced)
{
    const struct oct_attribute *dims = &attributes[DIM];
    bool all = !dims->present || dims->count == 0;
    for (int32_t d = 0; d < rank; d++) {
        reduced[d] = all;
    }
    for (size_t i = 0; dims->present && i < dims->count; i++) {
        reduced[dims->integers[i] < 0 ? dims->integers[i] + rank : dims->integers[i]] = true;
    }
}

static bool check_dims(struct oct_op_infer_call *call, int32_t rank)
{
    const struct oct_attribute *dims = &call->attributes[DIM];
    bool seen[OCT_MAX_RANK] = {false};
    for (size_t i = 0; dims->present && i < dims->count; i++) {
        int32_t dim;
        if (!octi_infer_dim(call, dims->integers[i], rank, &dim)) {
            return false;
        }
        if (seen[dim]) {
            return octi_infer_fail(call, OCT_ERR_INVALID, "dim names dimension %d twice", (int)dim);
        }
        seen[dim] = true;
    }
    return true;
}

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    if (!octi_infer_dtype(call, 0, allowed, 3) || !octi_infer_per_tensor(call, 0) ||
        !check_dims(call, call->inputs[0]->shape.rank)) {
        return octi_infer_failed(call);
    }
    const struct oct_shape *in = &call->inputs[0]->shape;
    bool keep = call->attributes[KEEPDIM].integer != 0, reduced[OCT_MAX_RANK];
    read_dims(call->attributes, in->rank, reduced);
    struct oct_shape out = {.rank = 0};
    for (int32_t d = 0; d < in->rank; d++) {
        if (reduced[d] && in->dims[d] < 0) {
            call->mixes_rows = "averages over the batch";
        }
        if (!reduced[d] || keep) {
            out.dims[out.rank++] = reduced[d] ? 1 : in->dims[d];
        }
    }
    call->outputs[0] = *call->inputs[0];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    call->outputs[0].shape = out;
    return OCT_OK;
}

/// `y` with the rank of the input: stride 0 where it was averaged over.
static struct oct_view widen(const struct oct_view *y, const struct oct_shape *in, const bool *reduced)
{
    struct oct_view wide = *y;
    bool kept = y->desc.shape.rank == in->rank;
    int32_t from = 0;
    wide.desc.shape.rank = in->rank;
    for (int32_t d = 0; d < in->rank; d++) {
        wide.desc.shape.dims[d] = reduced[d] ? 1 : in->dims[d];
        wide.strides[d] = reduced[d] ? 0 : y->strides[from];
        from += kept || !reduced[d] ? 1 : 0;
    }
    return wide;
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[0];
    const struct oct_shape *in = &x->desc.shape;
    bool reduced[OCT_MAX_RANK];
    read_dims(call->attributes, in->rank, reduced);
    struct oct_view y = widen(&call->outputs[0], in, reduced);
    if (octi_shape_is_empty(&y.desc.shape)) {
        return;
    }
    struct oct_shape inner = *in; // the elements of one average
    int64_t n = 1;
    for (int32_t d = 0; d < in->rank; d++) {
        inner.dims[d] = reduced[d] ? in->dims[d] : 1;
        n *= inner.dims[d];
    }
    bool is_float = x->desc.dtype == OCT_DTYPE_FLOAT32;
    struct octi_output output = octi_average_output(&y.desc, OCTI_AVERAGE_FROM_QMIN);
    int64_t outer[OCT_MAX_RANK] = {0};
    do {
        int64_t base = octi_view_offset(x, outer), code_sum = 0, index[OCT_MAX_RANK] = {0};
        double real_sum = 0.0;
        for (bool more = n > 0; more; more = octi_index_next(&inner, index)) {
            int64_t offset = base + octi_view_offset(x, index);
            if (is_float) {
                real_sum += (double)octi_load_float(x, offset);
            } else {
                code_sum += octi_load_code(x, offset);
            }
        }
        int64_t to = octi_view_offset(&y, outer);
        if (is_float) {
            octi_store_float(&y, to, (float)(real_sum / (double)n));
        } else {
            octi_store_code(&y, to, octi_average_code(code_sum, n, octi_average_reciprocal(n), output));
        }
    } while (octi_index_next(&y.desc.shape, outer));
}

/// Images [begin, end): channels-last, averaged over height and width, to dense rows of channels.
static void run_images(const void *context, int64_t begin, int64_t end)
{
    const struct oct_op_run_call *call = context;
    const struct oct_view *y = &call->outputs[0];
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    const struct octi_rectangle all = {0, dims[2], 0, dims[3], dims[2] * dims[3]};
    size_t row_bytes = (size_t)dims[1] * oct_dtype_bytes(y->desc.dtype);
    for (int64_t image = begin; image < end; image++) {
        octi_average_channels(call, image, &all, OCTI_AVERAGE_FROM_QMIN, (char *)y->data + (size_t)image * row_bytes);
    }
}

static void run(const struct oct_op_run_call *call)
{
    const int64_t *dims = call->inputs[0].desc.shape.dims;
    octi_parallel_for(call->executor, dims[0], dims[1] * dims[2] * dims[3], run_images, call);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    bool reduced[OCT_MAX_RANK];
    read_dims(call->attributes, call->inputs[0]->shape.rank, reduced);
    bool spatial = call->inputs[0]->shape.rank == 4 && !reduced[0] && !reduced[1] && reduced[2] && reduced[3];
    if (spatial) {
        octi_average_choose(call, run);
    }
    return OCT_OK;
}

const struct oct_op octi_op_mean = {
    .name = "aten::mean",
    .covers = (const char *const[]){"aten::mean", "aten::mean.dim", NULL},
    .doc = "Average over dim, or over all dimensions; on quantized tensors of their stored integers, keeping the "
           "parameters. Class E1 (the order of PyTorch's float sums), F on floats.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_STRIDED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [DIM] = {.name = "dim",
                     .type = OCT_ATTRIBUTE_INTS,
                     .minimum = -OCT_MAX_RANK,
                     .maximum = OCT_MAX_RANK - 1,
                     .max_count = OCT_MAX_RANK,
                     .doc = "dimensions to average over; absent or empty: all"},
            [KEEPDIM] = OCTI_ATTRIBUTE_BOOL_OR("keepdim", false, "leave averaged dimensions with extent 1"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
