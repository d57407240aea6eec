#include "engine/ops/op_support.h"
#include "engine/ops/quantized_conv.h"

const struct oct_op octi_op_quantized_conv2d = {
    .name = "quantized::conv2d",
    .covers = (const char *const[]){"quantized::conv2d", "quantized::conv2d.new", NULL},
    .doc = "2-D convolution plus bias, requantized; FBGEMM's formula without 16-bit saturation. Class E0.",
    .reference = octi_quantized_conv_reference,
    .prepare = octi_quantized_conv_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(2, "height, width"),
};

const struct oct_op octi_op_quantized_conv2d_relu = {
    .name = "quantized::conv2d_relu",
    .covers = (const char *const[]){"quantized::conv2d_relu", "quantized::conv2d_relu.new", NULL},
    .doc = "quantized::conv2d, nothing below the output's zero point. Class E0.",
    .reference = octi_quantized_conv_relu_reference,
    .prepare = octi_quantized_conv_relu_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(2, "height, width"),
};
