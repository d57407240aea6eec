#include "engine/ops/attributes.h"
#include "engine/ops/clamp.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

static inline float hardsigmoid(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return octi_clamp_float(x + 3.0f, 0.0f, 6.0f) / 6.0f;
}

static int32_t hardsigmoid_code(int32_t code,
                                const struct oct_tensor_desc *in,
                                const struct oct_tensor_desc *out,
                                const struct oct_attribute *attributes)
{
    return octi_unary_canonical(hardsigmoid, code, in, out, attributes);
}

OCTI_UNARY_RUN_FLOAT(run_float, hardsigmoid)

static const struct octi_unary UNARY = {hardsigmoid, hardsigmoid_code, run_float};

static void reference(const struct oct_op_run_call *call)
{
    octi_unary_reference(call, &UNARY);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return octi_unary_prepare(call, &UNARY);
}

const struct oct_op octi_op_hardsigmoid = {
    .name = "aten::hardsigmoid",
    .covers = (const char *const[]){"aten::hardsigmoid", "aten::hardsigmoid_", NULL},
    .doc = "min(max(x + 3, 0), 6) / 6; quantized outputs have scale 1/256 and the lowest zero point. Class E0, F on "
           "floats.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_unary_infer_unit,
    .reference = reference,
    .prepare = prepare,
};
