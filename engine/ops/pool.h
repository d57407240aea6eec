/// Sliding windows over images: what the pooling operators share. Images are [N, C, H, W] or [C, H, W].
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_POOL_H
#define OCTET_ENGINE_OPS_POOL_H

#include "octet/op.h"

/// Height first, then width.
struct octi_window {
    int64_t kernel[2], stride[2], padding[2], dilation[2];
    bool ceil_mode;
};

/// A run of `count` positions of one axis that lie inside the image: first, first + dilation, ...
struct octi_taps {
    int64_t first, count;
};
/// The taps of a window that starts at `start` (negative in the padding) on an axis of `extent`.
struct octi_taps octi_taps_of(int64_t start, int64_t extent, int64_t kernel, int64_t dilation);

/// Input 0 is a float32 or a per-tensor quint8 or qint8 image of known height and width; output 0 becomes its
/// description.
bool octi_pool_infer_image(struct oct_op_infer_call *call);
/// Sets height and width of output 0 to the number of windows; every window must overlap the image.
/// @param reach  extent of one window, dilation included, against which padding is held: at most half of it
bool octi_pool_infer_windows(struct oct_op_infer_call *call, const struct octi_window *window, const int64_t *reach);
/// Replaces height and width of output 0.
void octi_pool_set_extents(struct oct_shape *shape, int64_t height, int64_t width);

/// A [C, H, W] view as [1, C, H, W]; a rank 4 view as it is.
struct oct_view octi_view_as_images(const struct oct_view *view);
/// True when input and output are channels-last images, for which the fast paths are written.
bool octi_pool_is_channels_last(const struct oct_op_prepare_call *call);

#endif
