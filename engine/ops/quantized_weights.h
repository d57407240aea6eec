/// What quantized linear and convolution share: the demands on weights, bias and scales, and what their epilogue does
/// to an output channel. Inputs are (activations, weight, bias?). Threads: [any].
#ifndef OCTET_ENGINE_OPS_QUANTIZED_WEIGHTS_H
#define OCTET_ENGINE_OPS_QUANTIZED_WEIGHTS_H

#include "engine/kernels/panel/panel.h"
#include "octet/op.h"

enum { OCTI_WEIGHTED_X, OCTI_WEIGHTED_WEIGHT, OCTI_WEIGHTED_BIAS };

/// The activations are quint8 or qint8, per tensor.
bool octi_infer_quantized_activations(struct oct_op_infer_call *call);

/// The weight is a constant qint8 of `rank` without an empty dimension, quantized per tensor or per channel along
/// dimension 0; the bias, if there is one, a constant float32 with one number per output channel; no sum can overflow
/// 32 bits; every channel's multiplier is a finite float32.
/// @param y  output parameters, checked already
bool octi_infer_quantized_weights(struct oct_op_infer_call *call, int32_t rank, const struct oct_qparams *y);

/// The zero point of output channel `channel` of a weight.
int32_t octi_weight_zero_point(const struct oct_tensor_desc *weight, int64_t channel);

/// Bias, multiplier and zero point of one output channel, in FBGEMM's order of float32 operations:
/// a = sx * sw;  bias = B per tensor, B / a per channel;  multiplier = a / sy.
/// @param bias  NULL: none
struct octi_panel_column octi_weight_column(const struct oct_tensor_desc *x,
                                            const struct oct_tensor_desc *weight,
                                            const struct oct_view *bias,
                                            const struct oct_qparams *y,
                                            int64_t channel);

/// What biases are multiplied by inside fma(bias, factor, f32(sum)): f32(1.0 / a) per tensor, 1 per channel. FBGEMM
/// writes a product and a sum per tensor, which its build contracts (measured in torch 2.13).
float octi_weight_bias_factor(const struct oct_tensor_desc *x, const struct oct_tensor_desc *weight);

/// The input's view when it is there and holds data, else NULL.
const struct oct_view *octi_bias_view(size_t n_inputs, const struct oct_view *inputs);

#endif
