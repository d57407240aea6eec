/// What the float convolutions of one, two and three spatial dimensions share, which is everything but their names: the
/// phases read the number of dimensions from the attributes. Inputs as in float_weights.h.
/// Threads: [any], preparing [one].
#ifndef OCTET_ENGINE_OPS_FLOAT_CONV_H
#define OCTET_ENGINE_OPS_FLOAT_CONV_H

#include "engine/ops/conv_geometry.h"
#include "octet/op.h"

/// The fields that a record of `n` spatial dimensions has besides name, covers and doc.
#define OCTI_FLOAT_CONV_FIELDS(n, axes)                                                                                \
    .input_names = (const char *const[]){"input", "weight", "bias", NULL}, .min_inputs = 2, .max_inputs = 3,           \
    .n_outputs = 1, .dtypes = "float32 -> float32", .flags = OCT_OP_CHANNELS_LAST, .image_rank = 2 + (n),              \
    .attributes = (const struct oct_attribute_spec[]){OCTI_CONV_ATTRIBUTES(n, axes), OCTI_ATTRIBUTES_END},             \
    .infer = octi_float_conv_infer, .reference = octi_float_conv_reference, .prepare = octi_float_conv_prepare

enum oct_status octi_float_conv_infer(struct oct_op_infer_call *call);
void octi_float_conv_reference(const struct oct_op_run_call *call);
enum oct_status octi_float_conv_prepare(struct oct_op_prepare_call *call);

#endif
