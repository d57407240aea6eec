#include "engine/ops/pool.h"

#include "engine/ops/op_support.h"

struct octi_taps octi_taps_of(int64_t start, int64_t extent, int64_t kernel, int64_t dilation)
{
    int64_t skipped = start < 0 ? (-start + dilation - 1) / dilation : 0;
    struct octi_taps taps = {start + skipped * dilation, 0};
    if (skipped < kernel && taps.first < extent) {
        int64_t inside = (extent - 1 - taps.first) / dilation + 1;
        int64_t left = kernel - skipped;
        taps.count = inside < left ? inside : left;
    }
    return taps;
}

bool octi_pool_infer_image(struct oct_op_infer_call *call)
{
    static const enum oct_dtype allowed[] = {OCT_DTYPE_FLOAT32, OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};
    if (!octi_infer_dtype(call, 0, allowed, 3) || !octi_infer_per_tensor(call, 0) || !octi_infer_rank(call, 0, 3, 4)) {
        return false;
    }
    const struct oct_shape *shape = &call->inputs[0]->shape;
    for (int32_t d = shape->rank - 2; d < shape->rank; d++) {
        if (shape->dims[d] < 0) {
            return octi_infer_fail(call, OCT_ERR_UNSUPPORTED,
                                   "height or width depends on the batch N, expected a known number");
        }
        if (shape->dims[d] == 0) {
            return octi_infer_fail(call, OCT_ERR_INVALID, "the image has no height or no width");
        }
    }
    call->outputs[0] = *call->inputs[0];
    call->outputs[0].format = OCT_FORMAT_CONTIGUOUS;
    return true;
}

void octi_pool_set_extents(struct oct_shape *shape, int64_t height, int64_t width)
{
    shape->dims[shape->rank - 2] = height;
    shape->dims[shape->rank - 1] = width;
}

bool octi_pool_infer_windows(struct oct_op_infer_call *call, const struct octi_window *window, const int64_t *reach)
{
    static const char *const axes[] = {"height", "width"};
    const struct oct_shape *shape = &call->inputs[0]->shape;
    int64_t extents[2];
    for (int a = 0; a < 2; a++) {
        if (window->padding[a] > reach[a] / 2) {
            return octi_infer_fail(call, OCT_ERR_INVALID,
                                   "padding of the %s is %lld, expected at most half of the window's %lld", axes[a],
                                   (long long)window->padding[a], (long long)reach[a]);
        }
        int64_t extent = shape->dims[shape->rank - 2 + a];
        extents[a] = octi_window_extent(extent, window->kernel[a], window->stride[a], window->padding[a],
                                        window->dilation[a], window->ceil_mode);
        if (extents[a] < 0) {
            return octi_infer_fail(call, OCT_ERR_INVALID,
                                   "a window of kernel %lld, dilation %lld, padding %lld does not fit a %s of %lld",
                                   (long long)window->kernel[a], (long long)window->dilation[a],
                                   (long long)window->padding[a], axes[a], (long long)extent);
        }
    }
    octi_pool_set_extents(&call->outputs[0].shape, extents[0], extents[1]);
    return true;
}

struct oct_view octi_view_as_images(const struct oct_view *view)
{
    if (view->desc.shape.rank == 4) {
        return *view;
    }
    struct oct_view images = *view;
    images.desc.shape.rank = 4;
    images.desc.shape.dims[0] = 1;
    images.strides[0] = 0;
    for (int32_t d = 0; d < 3; d++) {
        images.desc.shape.dims[d + 1] = view->desc.shape.dims[d];
        images.strides[d + 1] = view->strides[d];
    }
    return images;
}

bool octi_pool_is_channels_last(const struct oct_op_prepare_call *call)
{
    const struct oct_tensor_desc *in = call->inputs[0], *out = &call->outputs[0];
    return in->shape.rank == 4 && in->format == OCT_FORMAT_CHANNELS_LAST && out->format == OCT_FORMAT_CHANNELS_LAST;
}
