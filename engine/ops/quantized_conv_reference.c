// The formula, element by element: what kernels and plans are held against.
#include "engine/ops/quantized_conv.h"

#include <string.h>

#include "engine/ops/element.h"
#include "engine/ops/op_support.h"
#include "engine/ops/quantized_weights.h"

// The sum for the output channel and pixel `out` of an image: (n, channel, depth, row, column).
static int32_t window_sum(const struct octi_conv_geometry *geometry,
                          const struct oct_view *x,
                          const struct oct_view *weight,
                          const int64_t *out)
{
    int32_t x_zero = (int32_t)x->desc.qparams.zero_point;
    int32_t w_zero = octi_weight_zero_point(&weight->desc, out[1]);
    const int64_t channels = geometry->group_channels, x_step = x->strides[1], w_step = weight->strides[1];
    int64_t first_channel = out[1] / geometry->group_out_channels * channels;
    struct oct_shape window = {.rank = OCTI_CONV_DIMS};
    memcpy(window.dims, geometry->kernel, sizeof geometry->kernel);
    int64_t k[OCT_MAX_RANK] = {0};
    int32_t sum = 0;
    do {
        int64_t at[OCTI_CONV_RANK] = {out[0], first_channel};
        int64_t w_at[OCTI_CONV_RANK] = {out[1], 0, k[0], k[1], k[2]};
        if (octi_conv_sees(geometry, out + 2, k, at + 2)) { // padding holds the zero point
            int64_t pixel = octi_view_offset(x, at), tap = octi_view_offset(weight, w_at);
            for (int64_t c = 0; c < channels; c++, pixel += x_step, tap += w_step) {
                sum += (octi_load_code(x, pixel) - x_zero) * (octi_load_code(weight, tap) - w_zero);
            }
        }
    } while (octi_index_next(&window, k));
    return sum;
}

static void reference_conv(const struct oct_op_run_call *call, bool relu)
{
    struct oct_view x = octi_conv_view(&call->inputs[OCTI_WEIGHTED_X]);
    struct oct_view weight = octi_conv_view(&call->inputs[OCTI_WEIGHTED_WEIGHT]);
    struct oct_view y = octi_conv_view(&call->outputs[0]);
    const struct oct_view *bias = octi_bias_view(call->n_inputs, call->inputs);
    if (octi_shape_is_empty(&y.desc.shape)) {
        return;
    }
    struct octi_conv_geometry geometry =
        octi_conv_geometry(call->attributes, &call->inputs[OCTI_WEIGHTED_X].desc,
                           &call->inputs[OCTI_WEIGHTED_WEIGHT].desc, &call->outputs[0].desc);
    struct octi_output output = octi_output_of(&y.desc, relu);
    int64_t index[OCT_MAX_RANK] = {0};
    do {
        struct octi_panel_column terms = octi_weight_column(&x.desc, &weight.desc, bias, &y.desc.qparams, index[1]);
        int32_t sum = window_sum(&geometry, &x, &weight, index);
        float t = fmaf(terms.bias, octi_weight_bias_factor(&x.desc, &weight.desc), (float)sum) * terms.multiplier;
        octi_store_code(&y, octi_view_offset(&y, index), octi_round_clamp(t, output));
    } while (octi_index_next(&y.desc.shape, index));
}

void octi_quantized_conv_reference(const struct oct_op_run_call *call)
{
    reference_conv(call, false);
}

void octi_quantized_conv_relu_reference(const struct oct_op_run_call *call)
{
    reference_conv(call, true);
}
