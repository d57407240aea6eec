#include "engine/ops/attributes.h"
#include "engine/ops/binary.h"
#include "engine/ops/op_support.h"

static inline float multiply(float a, float b, const struct oct_attribute *attributes)
{
    (void)attributes;
    return a * b;
}

OCTI_BINARY_RUN(run, multiply)

static void reference(const struct oct_op_run_call *call)
{
    octi_binary_reference(call, multiply);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    call->run = run;
    call->kernel = "float_rows";
    return OCT_OK;
}

const struct oct_op octi_op_mul = {
    .name = "aten::mul",
    .covers = (const char *const[]){"aten::mul.Tensor", "aten::mul_.Tensor", NULL},
    .doc = "self * other with broadcasting. Bit exact.",
    .input_names = (const char *const[]){"self", "other", NULL},
    .min_inputs = 2,
    .max_inputs = 2,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT,
    .attributes = (const struct oct_attribute_spec[]){OCTI_ATTRIBUTES_END},
    .infer = octi_binary_infer,
    .reference = reference,
    .prepare = prepare,
};
