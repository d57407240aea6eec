#include "engine/ops/op_support.h"
#include "engine/ops/quantized_conv.h"

const struct oct_op octi_op_quantized_conv1d = {
    .name = "quantized::conv1d",
    .covers = (const char *const[]){"quantized::conv1d", NULL},
    .doc = "1-D convolution plus bias, requantized; FBGEMM's formula without 16-bit saturation. Class E0.",
    .reference = octi_quantized_conv_reference,
    .prepare = octi_quantized_conv_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(1, "length"),
};

const struct oct_op octi_op_quantized_conv1d_relu = {
    .name = "quantized::conv1d_relu",
    .covers = (const char *const[]){"quantized::conv1d_relu", NULL},
    .doc = "quantized::conv1d, nothing below the output's zero point. Class E0.",
    .reference = octi_quantized_conv_relu_reference,
    .prepare = octi_quantized_conv_relu_prepare,
    OCTI_QUANTIZED_CONV_FIELDS(1, "length"),
};
