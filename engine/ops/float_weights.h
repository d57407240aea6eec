/// What float linear and convolution share: the demands on weight and bias, and adding the bias.
/// Inputs are (activations, weight, bias?). Threads: [any].
#ifndef OCTET_ENGINE_OPS_FLOAT_WEIGHTS_H
#define OCTET_ENGINE_OPS_FLOAT_WEIGHTS_H

#include "octet/op.h"

/// Activations are float32; the weight is a constant float32 of `rank` without an empty dimension; the bias, if there
/// is one, a constant float32 with one number per output channel.
bool octi_infer_float_weights(struct oct_op_infer_call *call, int32_t rank);

/// The bias as a dense array in plan memory; `*bias` stays NULL when there is none. OCT_ERR_NOMEM.
enum oct_status octi_float_bias(struct oct_op_prepare_call *call, const float **bias);

/// y[r][c] += bias[c] for dense rows; nothing when `bias` is NULL.
void octi_add_bias(float *y, size_t n_rows, size_t n_columns, const float *bias);

#endif
