/// What operator records share: the built-in table, checks for `infer`, and window arithmetic.
/// Every check reports through the call's error and returns false, so that infer functions read as a list of demands.
#ifndef OCTET_ENGINE_OPS_OP_SUPPORT_H
#define OCTET_ENGINE_OPS_OP_SUPPORT_H

#include "octet/op.h"

#define OCT_OP(identifier) extern const struct oct_op octi_op_##identifier;
#include "engine/ops/ops.def"
#undef OCT_OP

/// Input `index` is there and has one of the dtypes in the list of `n` dtypes.
bool octi_infer_dtype(struct oct_op_infer_call *call, size_t index, const enum oct_dtype *allowed, size_t n);
/// Input `index` has a rank in [minimum, maximum].
bool octi_infer_rank(struct oct_op_infer_call *call, size_t index, int32_t minimum, int32_t maximum);
/// Input `index` is a constant (weights and biases must be).
bool octi_infer_constant(struct oct_op_infer_call *call, size_t index);
/// A quantized input has one scale for the whole tensor.
bool octi_infer_per_tensor(struct oct_op_infer_call *call, size_t index);
/// Reads output quantization parameters from the attributes at the two indices into `qparams` after checking them:
/// scale finite and > 0 as float32 and its reciprocal finite, zero point within `dtype`.
bool octi_infer_output_qparams(struct oct_op_infer_call *call,
                               size_t scale_attribute,
                               size_t zero_point_attribute,
                               enum oct_dtype dtype,
                               struct oct_qparams *qparams);
/// Wraps a dimension given as -rank..rank-1 to 0..rank-1.
bool octi_infer_dim(struct oct_op_infer_call *call, int64_t given, int32_t rank, int32_t *dim);
/// NumPy's broadcasting of two shapes; N broadcasts only with N or 1.
bool octi_infer_broadcast(struct oct_op_infer_call *call,
                          const struct oct_shape *a,
                          const struct oct_shape *b,
                          struct oct_shape *out);
/// The checks of octi_infer_output_qparams for numbers that come from elsewhere.
bool octi_infer_qparams(struct oct_op_infer_call *call,
                        double scale,
                        int64_t zero_point,
                        enum oct_dtype dtype,
                        struct oct_qparams *qparams);
/// Reports `status` and returns false.
bool octi_infer_fail(struct oct_op_infer_call *call, enum oct_status status, const char *format, ...) OCT_PRINTF(3, 4);
/// What an infer function returns after a check said false: the reported status, OCT_ERR_INVALID when nobody listens.
enum oct_status octi_infer_failed(const struct oct_op_infer_call *call);

/// Output extent of a sliding window: floor (or ceil) of (extent + 2*padding - dilation*(kernel-1) - 1) / stride + 1,
/// with PyTorch's rule that in ceil mode the last window starts inside the input or its left padding. Returns -1 when
/// the window does not fit or the arithmetic overflows.
int64_t
octi_window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil_mode);

/// A strided view's element offset at a logical index.
static inline int64_t octi_view_offset(const struct oct_view *view, const int64_t *index)
{
    int64_t offset = 0;
    for (int32_t d = 0; d < view->desc.shape.rank; d++) {
        offset += index[d] * view->strides[d];
    }
    return offset;
}
/// True when a dimension is 0: there is no first position.
static inline bool octi_shape_is_empty(const struct oct_shape *shape)
{
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] == 0) {
            return true;
        }
    }
    return false;
}
/// Pixels of an image (N, C, spatial...).
static inline int64_t octi_pixels(const struct oct_shape *shape)
{
    int64_t pixels = 1;
    for (int32_t d = 2; d < shape->rank; d++) {
        pixels *= shape->dims[d];
    }
    return pixels;
}
/// Of items [begin, end) in images of `per_image`, how many from `begin` on lie in its image.
static inline int64_t octi_left_in_image(int64_t begin, int64_t end, int64_t per_image)
{
    int64_t left = per_image - begin % per_image;
    return left < end - begin ? left : end - begin;
}
/// Steps `index` to the next position of `shape` in row-major order; false after the last. Start with all zeros.
bool octi_index_next(const struct oct_shape *shape, int64_t *index);

#endif
