#include "engine/ops/copying.h"

#include "engine/ops/op_support.h"

#include <string.h>

bool octi_copying_infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype any[] = {
#define OCT_DTYPE(name, text, bytes, quantized) OCT_DTYPE_##name,
#include "octet/dtypes.def"
#undef OCT_DTYPE
    };
    if (!octi_infer_dtype(call, 0, any, OCT_DTYPE_COUNT) || !octi_infer_per_tensor(call, 0)) {
        return false;
    }
    call->outputs[0] = *call->inputs[0];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    return true;
}

struct oct_view octi_view_permuted(const struct oct_view *view, const int32_t *dims)
{
    struct oct_view permuted = *view;
    for (int32_t d = 0; d < view->desc.shape.rank; d++) {
        permuted.desc.shape.dims[d] = view->desc.shape.dims[dims[d]];
        permuted.strides[d] = view->strides[dims[d]];
    }
    return permuted;
}

void octi_copying_reference_in_order(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    const size_t bytes = oct_dtype_bytes(y->desc.dtype);
    int64_t from[OCT_MAX_RANK] = {0}, to[OCT_MAX_RANK] = {0};
    do {
        memmove((char *)y->data + (size_t)octi_view_offset(y, to) * bytes,
                (const char *)x->data + (size_t)octi_view_offset(x, from) * bytes, bytes);
    } while (octi_index_next(&y->desc.shape, to) && octi_index_next(&x->desc.shape, from));
}

void octi_copying_run_in_order(const struct oct_op_run_call *call)
{
    const struct oct_view *y = &call->outputs[0];
    if (y->data == call->inputs[0].data) {
        return;
    }
    size_t bytes = oct_dtype_bytes(y->desc.dtype);
    for (int32_t d = 0; d < y->desc.shape.rank; d++) {
        bytes *= (size_t)y->desc.shape.dims[d];
    }
    memcpy(y->data, call->inputs[0].data, bytes);
}

enum oct_status octi_copying_prepare_in_order(struct oct_op_prepare_call *call)
{
    call->run = octi_copying_run_in_order;
    call->kernel = "same_bytes";
    return OCT_OK;
}
