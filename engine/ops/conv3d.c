#include "engine/ops/float_conv.h"
#include "engine/ops/op_support.h"

const struct oct_op octi_op_conv3d = {
    .name = "aten::conv3d",
    .covers = (const char *const[]){"aten::conv3d", NULL},
    .doc = "3-D convolution plus bias, in float32. Class F when OpenBLAS multiplies.",
    OCTI_FLOAT_CONV_FIELDS(3, "depth, height, width"),
};
