#include "engine/ops/float_conv.h"
#include "engine/ops/op_support.h"

const struct oct_op octi_op_conv1d = {
    .name = "aten::conv1d",
    .covers = (const char *const[]){"aten::conv1d", NULL},
    .doc = "1-D convolution plus bias, in float32. Class F when OpenBLAS multiplies.",
    OCTI_FLOAT_CONV_FIELDS(1, "length"),
};
