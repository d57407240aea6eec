#include "engine/ops/binary.h"

#include "engine/ops/element.h"
#include "engine/ops/op_support.h"

#include <string.h>

enum oct_status octi_binary_infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32};
    if (!octi_infer_dtype(call, 0, allowed, 1) || !octi_infer_dtype(call, 1, allowed, 1)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    memset(out, 0, sizeof *out);
    out->dtype = OCT_DTYPE_FLOAT32;
    if (!octi_infer_broadcast(call, &call->inputs[0]->shape, &call->inputs[1]->shape, &out->shape)) {
        return octi_infer_failed(call);
    }
    return OCT_OK;
}

void octi_binary_reference(const struct oct_op_run_call *call, octi_binary_fn function)
{
    const struct oct_view *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    struct oct_view a = octi_view_broadcast(&call->inputs[0], &y->desc.shape);
    struct oct_view b = octi_view_broadcast(&call->inputs[1], &y->desc.shape);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        float left = octi_load_float(&a, octi_view_offset(&a, index));
        float right = octi_load_float(&b, octi_view_offset(&b, index));
        octi_store_float(y, octi_view_offset(y, index), function(left, right, call->attributes));
    } while (octi_index_next(&y->desc.shape, index));
}

void octi_binary_run(const struct oct_op_run_call *call, octi_walk_row_fn row)
{
    const struct oct_view *y = &call->outputs[0];
    struct oct_view a = octi_view_broadcast(&call->inputs[0], &y->desc.shape);
    struct oct_view b = octi_view_broadcast(&call->inputs[1], &y->desc.shape);
    const struct oct_view *views[] = {y, &a, &b};
    octi_walk(views, 3, row, call->attributes, call->executor);
}
