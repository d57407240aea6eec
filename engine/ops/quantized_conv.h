/// What the quantized convolutions of one, two and three spatial dimensions share, which is everything but their names:
/// the phases read the number of dimensions from the attributes. Inputs as in quantized_weights.h.
/// Threads: [any], preparing [one].
#ifndef OCTET_ENGINE_OPS_QUANTIZED_CONV_H
#define OCTET_ENGINE_OPS_QUANTIZED_CONV_H

#include "engine/ops/conv_geometry.h"
#include "octet/op.h"

enum {
    OCTI_QUANTIZED_CONV_OUTPUT_SCALE = OCTI_CONV_N_ATTRIBUTES,
    OCTI_QUANTIZED_CONV_OUTPUT_ZERO_POINT,
};

/// The attribute table of `n` spatial dimensions.
#define OCTI_QUANTIZED_CONV_ATTRIBUTES(n, axes)                                                                        \
    (const struct oct_attribute_spec[])                                                                                \
    {                                                                                                                  \
        OCTI_CONV_ATTRIBUTES(n, axes), [OCTI_QUANTIZED_CONV_OUTPUT_SCALE] = OCTI_ATTRIBUTE_SCALE("output_scale"),      \
                                       [OCTI_QUANTIZED_CONV_OUTPUT_ZERO_POINT] =                                       \
                                           OCTI_ATTRIBUTE_ZERO_POINT("output_zero_point"),                             \
                                       OCTI_ATTRIBUTES_END,                                                            \
    }

/// The fields that a record of `n` spatial dimensions has besides name, covers, doc, reference and prepare.
#define OCTI_QUANTIZED_CONV_FIELDS(n, axes)                                                                            \
    .input_names = (const char *const[]){"qx", "weight", "bias", NULL}, .min_inputs = 2, .max_inputs = 3,              \
    .n_outputs = 1, .dtypes = "quint8 qint8 (weight qint8, bias float32) -> same",                                     \
    .flags = OCT_OP_CHANNELS_LAST | OCT_OP_PITCHED | OCT_OP_READS_PIECES, .image_rank = 2 + (n),                       \
    .attributes = OCTI_QUANTIZED_CONV_ATTRIBUTES(n, axes), .infer = octi_quantized_conv_infer

enum oct_status octi_quantized_conv_infer(struct oct_op_infer_call *call);
void octi_quantized_conv_reference(const struct oct_op_run_call *call);
void octi_quantized_conv_relu_reference(const struct oct_op_run_call *call);
enum oct_status octi_quantized_conv_prepare(struct oct_op_prepare_call *call);
enum oct_status octi_quantized_conv_relu_prepare(struct oct_op_prepare_call *call);

#endif
