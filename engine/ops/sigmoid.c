#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"
#include "engine/quant/functions.h"

enum { OUTPUT_SCALE, OUTPUT_ZERO_POINT };

static inline float sigmoid(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return octi_sigmoid(x);
}

OCTI_UNARY(sigmoid, NULL)

const struct oct_op octi_op_sigmoid = {
    .name = "aten::sigmoid",
    .covers = (const char *const[]){"aten::sigmoid", "aten::sigmoid_", NULL},
    .doc = "1 / (1 + e^-x); quantized outputs have scale 1/256 and the lowest zero point. "
           "Class E1 (one code of a table), F on floats.",
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

const struct oct_op octi_op_quantized_sigmoid = {
    .name = "quantized::sigmoid",
    .covers = (const char *const[]){"quantized::sigmoid", NULL},
    .doc = "Q(sigmoid(DQ(q))) with the given output parameters. Class E1 (one code of a table).",
    .input_names = (const char *const[]){"qx", NULL},
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
