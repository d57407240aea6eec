#include "engine/ops/float_conv.h"
#include "engine/ops/op_support.h"

const struct oct_op octi_op_conv2d = {
    .name = "aten::conv2d",
    .covers = (const char *const[]){"aten::conv2d", NULL},
    .doc = "2-D convolution plus bias, in float32. Class F when OpenBLAS multiplies.",
    OCTI_FLOAT_CONV_FIELDS(2, "height, width"),
};
