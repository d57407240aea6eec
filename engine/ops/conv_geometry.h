/// What quantized and float convolution share: attributes, shape, and the arithmetic of windows, in one, two or three
/// spatial dimensions. Inputs are (activations [N, C, spatial...], weight [O, C/groups, window...], bias?); as many
/// spatial dimensions as the attribute `stride` has elements. Fewer than three are three of which the first have
/// extent 1. Threads: [any].
#ifndef OCTET_ENGINE_OPS_CONV_GEOMETRY_H
#define OCTET_ENGINE_OPS_CONV_GEOMETRY_H

#include "engine/ops/attributes.h"
#include "octet/op.h"

enum { OCTI_CONV_STRIDE, OCTI_CONV_PADDING, OCTI_CONV_DILATION, OCTI_CONV_GROUPS, OCTI_CONV_N_ATTRIBUTES };

/// The first rows of a convolution's attribute table.
/// @param n     spatial dimensions, 1 to 3
/// @param axes  what they are called, for the docs
#define OCTI_CONV_ATTRIBUTES(n, axes)                                                                                  \
    [OCTI_CONV_STRIDE] = OCTI_ATTRIBUTE_EXTENTS_OR("stride", n, 1, 1, "step of the window: " axes),                    \
    [OCTI_CONV_PADDING] = OCTI_ATTRIBUTE_EXTENTS_OR("padding", n, 0, 0, "zeros on each side: " axes),                  \
    [OCTI_CONV_DILATION] = OCTI_ATTRIBUTE_EXTENTS_OR("dilation", n, 1, 1, "step inside the window: " axes),            \
    [OCTI_CONV_GROUPS] = {.name = "groups",                                                                            \
                          .type = OCT_ATTRIBUTE_INT,                                                                   \
                          .has_default = true,                                                                         \
                          .default_number = 1,                                                                         \
                          .minimum = 1,                                                                                \
                          .maximum = OCTI_MAX_WINDOW,                                                                  \
                          .doc = "independent parts that channels are cut into"}

/// Indices of a geometry's arrays.
enum { OCTI_CONV_DEPTH, OCTI_CONV_HEIGHT, OCTI_CONV_WIDTH, OCTI_CONV_DIMS };
#define OCTI_CONV_RANK (2 + OCTI_CONV_DIMS)

struct octi_conv_geometry {
    int64_t in[OCTI_CONV_DIMS], out[OCTI_CONV_DIMS], kernel[OCTI_CONV_DIMS];
    int64_t stride[OCTI_CONV_DIMS], padding[OCTI_CONV_DIMS], dilation[OCTI_CONV_DIMS];
    int64_t groups, group_channels, group_out_channels;
};

/// Spatial dimensions of a node.
static inline int32_t octi_conv_dims(const struct oct_attribute *attributes)
{
    return (int32_t)attributes[OCTI_CONV_STRIDE].count;
}

/// Channels divide into groups as the weight says, and the window fits; fills in the output's shape. Input and weight
/// have two dimensions more than the node has spatial ones, the weight none that is empty.
bool octi_infer_conv_shape(struct oct_op_infer_call *call, struct oct_shape *shape);

/// For a node that infer has accepted.
struct octi_conv_geometry octi_conv_geometry(const struct oct_attribute *attributes,
                                             const struct oct_tensor_desc *x,
                                             const struct oct_tensor_desc *weight,
                                             const struct oct_tensor_desc *y);

/// An activation or weight with all three spatial dimensions.
struct oct_view octi_conv_view(const struct oct_view *view);

/// Input position along dimension d that element `k` of the window sees at output position `out`; -1 in the padding.
static inline int64_t octi_conv_position(const struct octi_conv_geometry *geometry, int d, int64_t out, int64_t k)
{
    int64_t position = out * geometry->stride[d] - geometry->padding[d] + k * geometry->dilation[d];
    return position >= 0 && position < geometry->in[d] ? position : -1;
}

/// Where output pixel `out` sees element `k` of the window (all three dimensions); false in the padding.
static inline bool
octi_conv_sees(const struct octi_conv_geometry *geometry, const int64_t *out, const int64_t *k, int64_t *at)
{
    bool inside = true;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        at[d] = octi_conv_position(geometry, d, out[d], k[d]);
        inside = inside && at[d] >= 0;
    }
    return inside;
}

/// Input positions that the window reaches over along dimension d.
static inline int64_t octi_conv_extent(const struct octi_conv_geometry *geometry, int d)
{
    return (geometry->kernel[d] - 1) * geometry->dilation[d] + 1;
}

/// Number of positions within three extents. Bounded by a tensor that exists.
static inline int64_t octi_conv_count(const int64_t *extents)
{
    return extents[OCTI_CONV_DEPTH] * extents[OCTI_CONV_HEIGHT] * extents[OCTI_CONV_WIDTH];
}

/// Output pixels are input pixels: a plain matrix product.
bool octi_conv_is_pointwise(const struct octi_conv_geometry *geometry);

/// An activation's bytes are in channels-last order, by format or because both orders are the same.
bool octi_is_channels_last(const struct oct_tensor_desc *desc);

#endif
