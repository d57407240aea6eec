#include "engine/ops/attributes.h"
#include "engine/ops/copying.h"
#include "engine/ops/extent.h"
#include "engine/ops/op_support.h"

enum { START_DIM, END_DIM };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    if (!octi_copying_infer(call)) {
        return octi_infer_failed(call);
    }
    const struct oct_shape *in = &call->inputs[0]->shape;
    struct oct_shape *out = &call->outputs[0].shape;
    int32_t rank = in->rank > 0 ? in->rank : 1; // a scalar flattens to one element
    int32_t first, last;
    if (!octi_infer_dim(call, call->attributes[START_DIM].integer, rank, &first) ||
        !octi_infer_dim(call, call->attributes[END_DIM].integer, rank, &last)) {
        return octi_infer_failed(call);
    }
    if (first > last) {
        octi_infer_fail(call, OCT_ERR_INVALID, "start_dim %d comes after end_dim %d", (int)first, (int)last);
        return octi_infer_failed(call);
    }
    if (in->rank == 0) {
        *out = (struct oct_shape){.rank = 1, .dims = {1}};
        return OCT_OK;
    }
    struct octi_extent extent;
    struct oct_shape flat = {.rank = in->rank - (last - first)};
    for (int32_t d = 0; d < first; d++) {
        flat.dims[d] = in->dims[d];
    }
    if (!octi_extent_of(call, in, first, last + 1, &extent) || !octi_extent_dim(call, extent, &flat.dims[first])) {
        return octi_infer_failed(call);
    }
    for (int32_t d = last + 1; d < in->rank; d++) {
        flat.dims[d - (last - first)] = in->dims[d];
    }
    if (!octi_batch_leads(in)) {
        call->mixes_rows = "flattens a tensor in which the batch is not the first dimension";
    }
    *out = flat;
    return OCT_OK;
}

const struct oct_op octi_op_flatten = {
    .name = "aten::flatten",
    .covers = (const char *const[]){"aten::flatten.using_ints", NULL},
    .doc = "Makes one dimension of start_dim to end_dim. Moves nothing.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "any -> same",
    .flags = OCT_OP_VIEW,
    .attributes =
        (const struct oct_attribute_spec[]){
            [START_DIM] = OCTI_ATTRIBUTE_DIM("start_dim", false, 0, "first dimension"),
            [END_DIM] = OCTI_ATTRIBUTE_DIM("end_dim", false, -1, "last dimension"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = octi_copying_reference_in_order,
    .prepare = octi_copying_prepare_in_order,
};
