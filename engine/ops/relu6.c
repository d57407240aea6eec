#include "engine/ops/attributes.h"
#include "engine/ops/clamp.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

static inline float relu6(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return octi_clamp_float(x, 0.0f, 6.0f);
}

static int32_t relu6_code(int32_t code,
                          const struct oct_tensor_desc *in,
                          const struct oct_tensor_desc *out,
                          const struct oct_attribute *attributes)
{
    (void)out;
    (void)attributes;
    return octi_clamp_code(code, in, 0.0f, 6.0f);
}

OCTI_UNARY(relu6, relu6_code)

const struct oct_op octi_op_relu6 = {
    .name = "aten::relu6",
    .covers = (const char *const[]){"aten::relu6", "aten::relu6_", NULL},
    .doc = "min(max(x, 0), 6); on quantized tensors the bounds are quantized first. Class E0.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "float32 quint8 qint8 -> same",
    .flags = OCTI_UNARY_FLAGS,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_unary_infer_same,
    .reference = reference,
    .prepare = prepare,
};

const struct oct_op octi_op_quantized_relu6 = {
    .name = "quantized::relu6",
    .covers = (const char *const[]){"quantized::relu6", NULL},
    .doc = "min(max(q, zero_point), Q(6)). Class E0.",
    .input_names = (const char *const[]){"qx", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCTI_UNARY_FLAGS,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_unary_infer_quantized_same,
    .reference = reference,
    .prepare = prepare,
};
