/// What quantized and float convolution share: attributes, shape, and the arithmetic of windows.
/// Inputs are (activations [N, C, H, W], weight [O, C/groups, kh, kw], bias?).
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_CONV_GEOMETRY_H
#define OCTET_ENGINE_OPS_CONV_GEOMETRY_H

#include "engine/ops/attributes.h"
#include "octet/op.h"

enum { OCTI_CONV_STRIDE, OCTI_CONV_PADDING, OCTI_CONV_DILATION, OCTI_CONV_GROUPS, OCTI_CONV_N_ATTRIBUTES };

/// The first rows of a convolution's attribute table.
#define OCTI_CONV_ATTRIBUTES                                                                                           \
    [OCTI_CONV_STRIDE] = OCTI_ATTRIBUTE_PAIR_OR("stride", 1, 1, "step of the window: height, width"),                  \
    [OCTI_CONV_PADDING] = OCTI_ATTRIBUTE_PAIR_OR("padding", 0, 0, "zeros on each side: height, width"),                \
    [OCTI_CONV_DILATION] = OCTI_ATTRIBUTE_PAIR_OR("dilation", 1, 1, "step inside the window: height, width"),          \
    [OCTI_CONV_GROUPS] = {.name = "groups",                                                                            \
                          .type = OCT_ATTRIBUTE_INT,                                                                   \
                          .has_default = true,                                                                         \
                          .default_number = 1,                                                                         \
                          .minimum = 1,                                                                                \
                          .maximum = OCTI_MAX_WINDOW,                                                                  \
                          .doc = "independent parts that channels are cut into"}

/// Index 0 is height, 1 is width.
struct octi_conv_geometry {
    int64_t in[2], out[2], kernel[2];
    int64_t stride[2], padding[2], dilation[2];
    int64_t groups, group_channels, group_out_channels;
};

/// Channels divide into groups as the weight says, and the window fits; fills in the output's shape. Input and weight
/// are of rank 4, the weight without empty dimensions.
bool octi_infer_conv_shape(struct oct_op_infer_call *call, struct oct_shape *shape);

/// For a node that infer has accepted.
struct octi_conv_geometry octi_conv_geometry(const struct oct_attribute *attributes,
                                             const struct oct_tensor_desc *x,
                                             const struct oct_tensor_desc *weight,
                                             const struct oct_tensor_desc *y);

/// Input position along dimension d (0: height) that element `k` of the window sees at output position `out`; -1 in the
/// padding.
static inline int64_t octi_conv_position(const struct octi_conv_geometry *geometry, int d, int64_t out, int64_t k)
{
    int64_t position = out * geometry->stride[d] - geometry->padding[d] + k * geometry->dilation[d];
    return position >= 0 && position < geometry->in[d] ? position : -1;
}

/// Output pixels are input pixels: a plain matrix product.
bool octi_conv_is_pointwise(const struct octi_conv_geometry *geometry);

/// A rank-4 tensor's bytes are in channels-last order, by format or because both orders are the same.
bool octi_is_channels_last(const struct oct_tensor_desc *desc);

#endif
