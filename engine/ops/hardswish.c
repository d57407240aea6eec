#include "engine/ops/attributes.h"
#include "engine/ops/clamp.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

enum { OUTPUT_SCALE, OUTPUT_ZERO_POINT };

static inline float hardswish(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return x * octi_clamp_float(x + 3.0f, 0.0f, 6.0f) / 6.0f; // multiplied first, then divided, as PyTorch does
}

OCTI_UNARY(hardswish, NULL)

const struct oct_op octi_op_hardswish = {
    .name = "aten::hardswish",
    .covers = (const char *const[]){"aten::hardswish", "aten::hardswish_", NULL},
    .doc = "x * min(max(x + 3, 0), 6) / 6. Class F.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCTI_UNARY_FLAGS,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_unary_infer_float,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_hardswish = {
    .name = "quantized::hardswish",
    .covers = (const char *const[]){"quantized::hardswish", NULL},
    .doc = "Q(hardswish(DQ(q))) with the given output parameters. Class E0.",
    .input_names = (const char *const[]){"input", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCTI_UNARY_FLAGS,
    .attributes =
        (const struct oct_attribute_spec[]){
            [OUTPUT_SCALE] = OCTI_ATTRIBUTE_SCALE("output_scale"),
            [OUTPUT_ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("output_zero_point"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = octi_unary_infer_given,
    .reference = reference,
    .prepare = prepare,
};
