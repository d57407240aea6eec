#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

enum { SCALE, ZERO_POINT };

static inline float same(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return x;
}

static int32_t requantize_code(int32_t code,
                               const struct oct_tensor_desc *in,
                               const struct oct_tensor_desc *out,
                               const struct oct_attribute *attributes)
{
    return octi_unary_canonical(same, code, in, out, attributes);
}

static const struct octi_unary UNARY = {.on_code = requantize_code};

static void reference(const struct oct_op_run_call *call)
{
    octi_unary_reference(call, &UNARY);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    return octi_unary_prepare(call, &UNARY);
}

const struct oct_op octi_op_requantize = {
    .name = "octet::requantize",
    .covers = (const char *const[]){"octet::requantize", NULL},
    .doc = "Q(DQ(q)) with the given output parameters.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCT_OP_INTERNAL | OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT | OCT_OP_PITCHED,
    .attributes =
        (const struct oct_attribute_spec[]){
            [SCALE] = OCTI_ATTRIBUTE_SCALE("scale"),
            [ZERO_POINT] = OCTI_ATTRIBUTE_ZERO_POINT("zero_point"),
            OCTI_ATTRIBUTES_END,
        },
    .infer = octi_unary_infer_given,
    .reference = reference,
    .prepare = prepare,
};
