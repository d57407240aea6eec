#include "engine/ops/conv_geometry.h"

#include "engine/ops/op_support.h"

enum { X, WEIGHT };

bool octi_infer_conv_shape(struct oct_op_infer_call *call, struct oct_shape *shape)
{
    const struct oct_shape *x = &call->inputs[X]->shape;
    const struct oct_shape *weight = &call->inputs[WEIGHT]->shape;
    int64_t groups = call->attributes[OCTI_CONV_GROUPS].integer;
    int64_t channels = x->dims[1];
    if (channels < 1 || channels % groups != 0 || channels / groups != weight->dims[1] ||
        weight->dims[0] % groups != 0) {
        char x_text[128];
        char weight_text[128];
        oct_shape_format(x, x_text, sizeof x_text);
        oct_shape_format(weight, weight_text, sizeof weight_text);
        return octi_infer_fail(call, OCT_ERR_INVALID,
                               "input %s, weight %s and groups %lld do not go together: expected a weight of "
                               "[groups * n, channels / groups, height, width]",
                               x_text, weight_text, (long long)groups);
    }
    *shape = *x;
    shape->dims[1] = weight->dims[0];
    for (int d = 0; d < 2; d++) {
        const char *name = d == 0 ? "height" : "width";
        if (x->dims[2 + d] < 1) {
            return octi_infer_fail(call, OCT_ERR_UNSUPPORTED, "the input's %s must be a positive number", name);
        }
        int64_t extent = octi_window_extent(
            x->dims[2 + d], weight->dims[2 + d], call->attributes[OCTI_CONV_STRIDE].integers[d],
            call->attributes[OCTI_CONV_PADDING].integers[d], call->attributes[OCTI_CONV_DILATION].integers[d], false);
        if (extent < 1) {
            return octi_infer_fail(call, OCT_ERR_INVALID, "the dilated window of %s %lld does not fit the padded input",
                                   name, (long long)weight->dims[2 + d]);
        }
        shape->dims[2 + d] = extent;
    }
    return true;
}

struct octi_conv_geometry octi_conv_geometry(const struct oct_attribute *attributes,
                                             const struct oct_tensor_desc *x,
                                             const struct oct_tensor_desc *weight,
                                             const struct oct_tensor_desc *y)
{
    struct octi_conv_geometry geometry;
    for (int d = 0; d < 2; d++) {
        geometry.in[d] = x->shape.dims[2 + d];
        geometry.out[d] = y->shape.dims[2 + d];
        geometry.kernel[d] = weight->shape.dims[2 + d];
        geometry.stride[d] = attributes[OCTI_CONV_STRIDE].integers[d];
        geometry.padding[d] = attributes[OCTI_CONV_PADDING].integers[d];
        geometry.dilation[d] = attributes[OCTI_CONV_DILATION].integers[d];
    }
    geometry.groups = attributes[OCTI_CONV_GROUPS].integer;
    geometry.group_channels = weight->shape.dims[1];
    geometry.group_out_channels = weight->shape.dims[0] / geometry.groups;
    return geometry;
}

bool octi_conv_is_pointwise(const struct octi_conv_geometry *geometry)
{
    for (int d = 0; d < 2; d++) {
        if (geometry->kernel[d] != 1 || geometry->stride[d] != 1 || geometry->padding[d] != 0) {
            return false;
        }
    }
    return true;
}

bool octi_is_channels_last(const struct oct_tensor_desc *desc)
{
    const int64_t *dims = desc->shape.dims;
    return desc->format == OCT_FORMAT_CHANNELS_LAST || dims[1] == 1 || (dims[2] == 1 && dims[3] == 1);
}
