#include "engine/ops/attributes.h"
#include "engine/ops/binary.h"
#include "engine/ops/op_support.h"

enum { ALPHA };

static inline float add(float a, float b, const struct oct_attribute *attributes)
{
    return a + (float)attributes[ALPHA].number * b;
}

OCTI_BINARY_RUN(run, add)

static void reference(const struct oct_op_run_call *call)
{
    octi_binary_reference(call, add);
}

static enum oct_status prepare(struct oct_op_prepare_call *call)
{
    call->run = run;
    call->kernel = "float_rows";
    return OCT_OK;
}

const struct oct_op octi_op_add = {
    .name = "aten::add",
    .covers = (const char *const[]){"aten::add.Tensor", "aten::add_.Tensor", NULL},
    .doc = "self + alpha * other with broadcasting. Class F; bit exact for alpha = 1.",
    .input_names = (const char *const[]){"self", "other", NULL},
    .min_inputs = 2,
    .max_inputs = 2,
    .n_outputs = 1,
    .dtypes = "float32 -> float32",
    .flags = OCT_OP_IN_PLACE | OCT_OP_ANY_FORMAT,
    .attributes =
        (const struct oct_attribute_spec[]){
            [ALPHA] = {.name = "alpha",
                       .type = OCT_ATTRIBUTE_FLOAT,
                       .has_default = true,
                       .default_number = 1.0,
                       .minimum = -FLT_MAX,
                       .maximum = FLT_MAX,
                       .doc = "factor of other"},
            OCTI_ATTRIBUTES_END,
        },
    .infer = octi_binary_infer,
    .reference = reference,
    .prepare = prepare,
};
