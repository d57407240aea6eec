#include "engine/ops/conv_geometry.h"

#include "engine/ops/op_support.h"

enum { X, WEIGHT };

static const char *axis_name(int32_t n, int32_t d)
{
    static const char *const names[] = {"depth", "height", "width"};
    return n == 1 ? "length" : names[OCTI_CONV_DIMS - n + d];
}

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
                               "[groups * n, channels / groups, window...]",
                               x_text, weight_text, (long long)groups);
    }
    *shape = *x;
    shape->dims[1] = weight->dims[0];
    int32_t n = octi_conv_dims(call->attributes);
    for (int32_t d = 0; d < n; d++) {
        const char *name = axis_name(n, d);
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
    int32_t absent = OCTI_CONV_DIMS - octi_conv_dims(attributes);
    for (int32_t d = 0; d < absent; d++) {
        geometry.in[d] = geometry.out[d] = geometry.kernel[d] = geometry.stride[d] = geometry.dilation[d] = 1;
        geometry.padding[d] = 0;
    }
    for (int32_t d = absent, i = 0; d < OCTI_CONV_DIMS; d++, i++) {
        geometry.in[d] = x->shape.dims[2 + i];
        geometry.out[d] = y->shape.dims[2 + i];
        geometry.kernel[d] = weight->shape.dims[2 + i];
        geometry.stride[d] = attributes[OCTI_CONV_STRIDE].integers[i];
        geometry.padding[d] = attributes[OCTI_CONV_PADDING].integers[i];
        geometry.dilation[d] = attributes[OCTI_CONV_DILATION].integers[i];
    }
    geometry.groups = attributes[OCTI_CONV_GROUPS].integer;
    geometry.group_channels = weight->shape.dims[1];
    geometry.group_out_channels = weight->shape.dims[0] / geometry.groups;
    return geometry;
}

struct oct_view octi_conv_view(const struct oct_view *view)
{
    struct oct_view full = *view;
    int32_t spatial = view->desc.shape.rank - 2;
    int32_t absent = OCTI_CONV_DIMS - spatial;
    full.desc.shape.rank = OCTI_CONV_RANK;
    for (int32_t d = 0; d < OCTI_CONV_DIMS; d++) {
        full.desc.shape.dims[2 + d] = d < absent ? 1 : view->desc.shape.dims[2 + d - absent];
        full.strides[2 + d] = d < absent ? 0 : view->strides[2 + d - absent];
    }
    return full;
}

bool octi_conv_is_pointwise(const struct octi_conv_geometry *geometry)
{
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        if (geometry->kernel[d] != 1 || geometry->stride[d] != 1 || geometry->padding[d] != 0) {
            return false;
        }
    }
    return true;
}

bool octi_is_channels_last(const struct oct_tensor_desc *desc)
{
    return desc->format == OCT_FORMAT_CHANNELS_LAST || !oct_format_matters(&desc->shape);
}
