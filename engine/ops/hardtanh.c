#include "engine/ops/attributes.h"
#include "engine/ops/clamp.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

enum { MIN_VAL, MAX_VAL };

static inline float hardtanh(float x, const struct oct_attribute *attributes)
{
    return octi_clamp_float(x, (float)attributes[MIN_VAL].number, (float)attributes[MAX_VAL].number);
}

static int32_t hardtanh_code(int32_t code,
                             const struct oct_tensor_desc *in,
                             const struct oct_tensor_desc *out,
                             const struct oct_attribute *attributes)
{
    (void)out;
    return octi_clamp_code(code, in, (float)attributes[MIN_VAL].number, (float)attributes[MAX_VAL].number);
}

OCTI_UNARY(hardtanh, hardtanh_code)

static enum oct_status infer(struct oct_op_infer_call *call)
{
    double low = call->attributes[MIN_VAL].number, high = call->attributes[MAX_VAL].number;
    if (low > high) {
        octi_infer_fail(call, OCT_ERR_INVALID, "min_val %g is greater than max_val %g", low, high);
        return octi_infer_failed(call);
    }
    return octi_unary_infer_same(call);
}

const struct oct_op octi_op_hardtanh = {
    .name = "aten::hardtanh",
    .covers = (const char *const[]){"aten::hardtanh", "aten::hardtanh_", NULL},
    .doc = "min(max(x, min_val), max_val); on quantized tensors the bounds are quantized first. Class E0.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCTI_UNARY_FLAGS,
    .attributes =
        (const struct oct_attribute_spec[]){
            [MIN_VAL] = {.name = "min_val",
                         .type = OCT_ATTRIBUTE_FLOAT,
                         .has_default = true,
                         .default_number = -1.0,
                         .minimum = -DBL_MAX,
                         .maximum = DBL_MAX,
                         .doc = "lowest value"},
            [MAX_VAL] = {.name = "max_val",
                         .type = OCT_ATTRIBUTE_FLOAT,
                         .has_default = true,
                         .default_number = 1.0,
                         .minimum = -DBL_MAX,
                         .maximum = DBL_MAX,
                         .doc = "highest value"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = infer,
    .reference = reference,
    .prepare = prepare,
};
