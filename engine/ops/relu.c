#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

static inline float relu(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return x < 0.0f ? 0.0f : x; // NaN stays NaN, as in PyTorch
}

static int32_t relu_code(int32_t code,
                         const struct oct_tensor_desc *in,
                         const struct oct_tensor_desc *out,
                         const struct oct_attribute *attributes)
{
    (void)out;
    (void)attributes;
    int32_t zero = (int32_t)in->qparams.zero_point;
    return code > zero ? code : zero;
}

OCTI_UNARY(relu, relu_code)

const struct oct_op octi_op_relu = {
    .name = "aten::relu",
    .covers = (const char *const[]){"aten::relu", "aten::relu_", NULL},
    .doc = "max(x, 0); on quantized tensors max(q, zero_point). Class E0.",
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
