#include "engine/ops/attributes.h"
#include "engine/ops/op_support.h"
#include "engine/ops/unary.h"

enum { SCALE, ZERO_POINT };

static inline float same(float x, const struct oct_attribute *attributes)
{
    (void)attributes;
    return x;
}

OCTI_UNARY(same, NULL)

const struct oct_op octi_op_requantize = {
    .name = "octet::requantize",
    .covers = (const char *const[]){"octet::requantize", NULL},
    .doc = "Q(DQ(q)) with the given output parameters.",
    .input_names = (const char *const[]){"self", NULL},
    .min_inputs = 1,
    .max_inputs = 1,
    .n_outputs = 1,
    .dtypes = "quint8 qint8 -> same",
    .flags = OCT_OP_INTERNAL | OCTI_UNARY_FLAGS,
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
