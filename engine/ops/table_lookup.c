#include "engine/ops/attributes.h"
#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/table.h"

#include <string.h>

enum { SELF, TABLE };

static enum oct_status infer(struct oct_op_infer_call *call)
{
    static const enum oct_dtype CODES[] = {OCT_DTYPE_QUINT8};
    if (!octi_infer_dtype(call, SELF, CODES, 1) || !octi_infer_per_tensor(call, SELF) ||
        !octi_infer_dtype(call, TABLE, CODES, 1) || !octi_infer_per_tensor(call, TABLE) ||
        !octi_infer_rank(call, TABLE, 1, 1)) {
        return octi_infer_failed(call);
    }
    if (call->constants[TABLE] == NULL || call->inputs[TABLE]->shape.dims[0] != OCTI_TABLE_BYTES) {
        octi_infer_fail(call, OCT_ERR_INVALID, "table must be a constant of %d elements", OCTI_TABLE_BYTES);
        return octi_infer_failed(call);
    }
    call->outputs[0] = *call->inputs[SELF];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    call->outputs[0].qparams = call->inputs[TABLE]->qparams;
    return OCT_OK;
}

static void reference(const struct oct_op_run_call *call)
{
    const struct oct_view *x = &call->inputs[SELF], *table = &call->inputs[TABLE], *y = &call->outputs[0];
    if (octi_shape_is_empty(&y->desc.shape)) {
        return;
    }
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        int64_t at = octi_load_code(x, octi_view_offset(x, index));
        int32_t code = octi_load_code(table, octi_view_offset(table, &at));
        octi_store_code(y, octi_view_offset(y, index), code);
    } while (octi_index_next(&y->desc.shape, index));
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    uint8_t *table = octi_table_prepare(call);
    if (table == NULL) {
        return OCT_ERR_NOMEM;
    }
    memcpy(table, call->constants[TABLE]->data, OCTI_TABLE_BYTES);
    call->constants_packed = true;
    return OCT_OK;
}

const struct oct_op octi_op_table_lookup = {
    .name = "octet::table_lookup",
    .covers = (const char *const[]){"octet::table_lookup", NULL},
    .doc = "table[q], which has the parameters of the result. Class E0.",
    .input_names = (const char *const[]){"self", "table", NULL},
    .min_inputs = 2,
    .max_inputs = 2,
    .n_outputs = 1,
    .dtypes = "quint8 -> same",
    .flags = OCT_OP_INTERNAL | OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED | OCT_OP_POINTWISE,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
