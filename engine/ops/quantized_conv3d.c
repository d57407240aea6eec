#include "engine/ops/op_support.h"
#include "engine/ops/quantized_conv.h"

const struct oct_op octi_op_quantized_conv3d = {
    .name = "quantized::conv3d",
    .covers = (const char *const[]){"quantized::conv3d", "quantized::conv3d.new", NULL},
    .doc = "3-D convolution plus bias, requantized; FBGEMM's formula without 16-bit saturation. Class E0.",
    .reference = octi_quantized_conv_reference,
    .prepare = octi_quantized_conv_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(3, "depth, height, width"),
};

const struct oct_op octi_op_quantized_conv3d_relu = {
    .name = "quantized::conv3d_relu",
    .covers = (const char *const[]){"quantized::conv3d_relu", "quantized::conv3d_relu.new", NULL},
    .doc = "quantized::conv3d, nothing below the output's zero point. Class E0.",
    .reference = octi_quantized_conv_relu_reference,
    .prepare = octi_quantized_conv_relu_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(3, "depth, height, width"),
};
