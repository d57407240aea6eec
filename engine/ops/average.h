/// Averages of rectangles of images: what avg_pool2d, adaptive_avg_pool2d and mean share.
///
/// On quantized tensors: a = S - n * base over the n valid elements, q = sat(base + rne(f32(f32(a) * f32(1 /
/// divisor)))). `base` decides where exact ties go. avg_pool2d rounds multiples of the scale: base is the zero point,
/// PyTorch's channels-last formula, whatever the memory format. adaptive_avg_pool2d and mean round the stored integers
/// themselves: base is the dtype's smallest, PyTorch's formula for contiguous tensors of any release. Its channels-last
/// kernel gives rne(fma(f32(S - n * z), f32(1 / divisor), z)) since 2.13 (measured: fbgemm now adds the zero point
/// before it rounds), which puts the same ties at the same places but for the rounding of the sum: one step in about
/// one of 700 averages. On floats: the sum in float64 in row-major order of the rectangle, divided there and rounded
/// once. Threads: [any].
#ifndef OCTET_ENGINE_OPS_AVERAGE_H
#define OCTET_ENGINE_OPS_AVERAGE_H

#include "engine/ops/element.h"
#include "octet/op.h"

/// Rows [top, bottom), columns [left, right), inside the image, and what their sum is divided by.
struct octi_rectangle {
    int64_t top, bottom, left, right;
    int64_t divisor;
};

/// What is subtracted before rounding and added after it.
enum octi_average_base {
    OCTI_AVERAGE_FROM_ZERO_POINT,
    OCTI_AVERAGE_FROM_QMIN,
};

/// The base as a number, with the bounds that go with it. One-byte dtypes, per tensor.
static inline struct octi_output octi_average_output(const struct oct_tensor_desc *desc, enum octi_average_base base)
{
    int64_t qmin = oct_dtype_qmin(desc->dtype);
    int64_t number = base == OCTI_AVERAGE_FROM_QMIN ? qmin : desc->qparams.zero_point;
    return octi_output_make(number, qmin, oct_dtype_qmax(desc->dtype), false);
}

/// @param sum, n  sum of the stored integers, and how many
static inline int32_t octi_average_code(int64_t sum, int64_t n, float reciprocal, struct octi_output output)
{
    return octi_round_clamp((float)(sum - n * output.zero_point) * reciprocal, output);
}

static inline float octi_average_reciprocal(int64_t divisor)
{
    return 1.0f / (float)divisor;
}

/// Which rectangle output pixel (oh, ow) averages. Rows and columns do not depend on one another: the divisor is a
/// number for the row times one for the column, or a constant.
/// @param in,out  shapes of rank 4
typedef struct octi_rectangle (*octi_rectangle_fn)(const struct oct_attribute *attributes,
                                                   const struct oct_shape *in,
                                                   const struct oct_shape *out,
                                                   int64_t oh,
                                                   int64_t ow);

void octi_average_reference(const struct oct_op_run_call *call,
                            octi_rectangle_fn rectangle_of,
                            enum octi_average_base base);
/// For what octi_average_prepare() said is possible. Equals the reference.
void octi_average_run(const struct oct_op_run_call *call, octi_rectangle_fn rectangle_of, enum octi_average_base base);
/// Chooses `run`, which calls octi_average_run(), where input and output are channels-last float32 or quint8.
enum oct_status octi_average_prepare(struct oct_op_prepare_call *call, oct_op_run_fn run);
/// Chooses kernel and `run` if the input has a fast path: channels-last, float32 or quint8, sums that fit int32.
void octi_average_choose(struct oct_op_prepare_call *call, oct_op_run_fn run);

/// Averages one rectangle of channels-last image `image` for all channels, which lie densely in `to`.
/// @param call  with the state that octi_average_choose() left
void octi_average_channels(const struct oct_op_run_call *call,
                           int64_t image,
                           const struct octi_rectangle *rectangle,
                           enum octi_average_base base,
                           void *to);

#endif
