#include "engine/ops/unary.h"

#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/table.h"

static const enum oct_dtype FLOAT_OR_CODES[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};

static int32_t on_code(const struct octi_unary *unary,
                       int32_t code,
                       const struct oct_tensor_desc *in,
                       const struct oct_tensor_desc *out,
                       const struct oct_attribute *attributes)
{
    if (unary->on_code != NULL) {
        return unary->on_code(code, in, out, attributes);
    }
    float y = unary->on_float(octi_real_of(in, code), attributes);
    return octi_quantize(y, octi_inverse_scale(out->qparams.scale), octi_output_of(out, false));
}

static bool infer_like(struct oct_op_infer_call *call, const enum oct_dtype *allowed, size_t n)
{
    if (!octi_infer_dtype(call, 0, allowed, n) || !octi_infer_per_tensor(call, 0)) {
        return false;
    }
    call->outputs[0] = *call->inputs[0];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    return true;
}

enum oct_status octi_unary_infer_same(struct oct_op_infer_call *call)
{
    return infer_like(call, FLOAT_OR_CODES, 3) ? OCT_OK : octi_infer_failed(call);
}

enum oct_status octi_unary_infer_quantized_same(struct oct_op_infer_call *call)
{
    return infer_like(call, FLOAT_OR_CODES + 1, 2) ? OCT_OK : octi_infer_failed(call);
}

enum oct_status octi_unary_infer_float(struct oct_op_infer_call *call)
{
    return infer_like(call, FLOAT_OR_CODES, 1) ? OCT_OK : octi_infer_failed(call);
}

enum oct_status octi_unary_infer_unit(struct oct_op_infer_call *call)
{
    if (!infer_like(call, FLOAT_OR_CODES, 3)) {
        return octi_infer_failed(call);
    }
    struct oct_tensor_desc *out = &call->outputs[0];
    if (oct_dtype_is_quantized(out->dtype)) {
        out->qparams.scale = 1.0 / 256.0;
        out->qparams.zero_point = oct_dtype_qmin(out->dtype);
    }
    return OCT_OK;
}

enum oct_status octi_unary_infer_given(struct oct_op_infer_call *call)
{
    if (!infer_like(call, FLOAT_OR_CODES + 1, 2) ||
        !octi_infer_output_qparams(call, 0, 1, call->outputs[0].dtype, &call->outputs[0].qparams)) {
        return octi_infer_failed(call);
    }
    return OCT_OK;
}

void octi_unary_reference(const struct oct_op_run_call *call, const struct octi_unary *unary)
{
    const struct oct_view *x = &call->inputs[0], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int64_t from = octi_view_offset(x, index), to = octi_view_offset(y, index);
        if (x->desc.dtype == OCT_DTYPE_FLOAT32) {
            octi_store_float(y, to, unary->on_float(octi_load_float(x, from), call->attributes));
        } else {
            octi_store_code(y, to, on_code(unary, octi_load_code(x, from), &x->desc, &y->desc, call->attributes));
        }
    } while (octi_index_next(&y->desc.shape, index));
}

enum oct_status octi_unary_prepare(struct oct_op_prepare_call *call, const struct octi_unary *unary)
{
    const struct oct_tensor_desc *in = call->inputs[0], *out = &call->outputs[0];
    if (in->dtype == OCT_DTYPE_FLOAT32) {
        call->run = unary->run_float;
        call->kernel = "float_rows";
        return OCT_OK;
    }
    uint8_t *table = octi_table_prepare(call);
    if (table == NULL) {
        return OCT_ERR_NOMEM;
    }
    for (int32_t byte = 0; byte < 256; byte++) {
        int32_t code = octi_code_of_byte(in->dtype, (uint8_t)byte);
        table[byte] = octi_byte_of_code(on_code(unary, code, in, out, call->attributes));
    }
    return OCT_OK;
}
