#include "engine/ops/attributes.h"
#include "engine/ops/clamp.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

static inline float hardsigmoid(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return octi_clamp_float(x + 3.0f, 0.0f, 6.0f) / 6.0f;
}

OCTI_UNARY(hardsigmoid, NULL)

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
    .flags = OCTI_UNARY_FLAGS,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_unary_infer_unit,
    .reference = reference,
    .prepare = prepare,
};
