/// Tensors: element types, quantization parameters, shapes with a symbolic batch, descriptors, and strided views.
///
/// Shapes are logical, in PyTorch's order (N, C, H, W), whatever the memory format; strides say where elements lie.
/// Nothing here owns memory: descriptors borrow their per-channel arrays, views borrow their data.
/// Threads: [any], all plain values.
#ifndef OCTET_TENSOR_H
#define OCTET_TENSOR_H

#include "octet/status.h"

#define OCT_MAX_RANK 8

enum oct_dtype {
#define OCT_DTYPE(name, text, bytes, quantized) OCT_DTYPE_##name,
#include "octet/dtypes.def"
#undef OCT_DTYPE
    OCT_DTYPE_COUNT
};

/// "quint8"; never NULL.
OCT_API const char *oct_dtype_name(enum oct_dtype dtype);
/// Bytes per element, 1..8.
OCT_API size_t oct_dtype_bytes(enum oct_dtype dtype);
OCT_API bool oct_dtype_is_quantized(enum oct_dtype dtype);
/// Smallest and largest stored integer of a quantized dtype (0..255, -128..127, -2^31..2^31-1).
OCT_API int64_t oct_dtype_qmin(enum oct_dtype dtype);
OCT_API int64_t oct_dtype_qmax(enum oct_dtype dtype);
/// Finds a dtype by its name (not terminated; `length` bytes). OCT_ERR_UNSUPPORTED when there is none.
OCT_API OCT_NODISCARD enum oct_status oct_dtype_parse(const char *name, size_t length, enum oct_dtype *dtype);

/// torch.qscheme. Symmetric schemes are an observer's matter; tensors report the affine ones, as in PyTorch.
enum oct_qscheme {
    OCT_QSCHEME_NONE, ///< not quantized
    OCT_QSCHEME_PER_TENSOR_AFFINE,
    OCT_QSCHEME_PER_CHANNEL_AFFINE,
};
/// "per_tensor_affine"; "none" for OCT_QSCHEME_NONE.
OCT_API const char *oct_qscheme_name(enum oct_qscheme qscheme);

/// real = (q - zero_point) * scale. Scales are float64 and zero points int64 as PyTorch stores them; arithmetic
/// narrows.
struct oct_qparams {
    enum oct_qscheme scheme;
    int32_t axis;               ///< per channel: the logical dimension that has one pair per index
    double scale;               ///< per tensor; finite, > 0
    int64_t zero_point;         ///< per tensor; within the dtype's range
    size_t channels;            ///< per channel: length of the arrays = shape.dims[axis]
    const double *scales;       ///< per channel, borrowed
    const int64_t *zero_points; ///< per channel, borrowed
};

/// Equal scheme, axis and bit-equal numbers.
OCT_API bool oct_qparams_equal(const struct oct_qparams *a, const struct oct_qparams *b);

/// A dimension is a count (>= 0) or, when negative, that many times the batch N: -1 is N, -3 is 3*N.
/// -1 only ever appears where a graph says so: nothing here means "unknown".
#define OCT_DIM_BATCH ((int64_t)-1)

struct oct_shape {
    int32_t rank; ///< 0..OCT_MAX_RANK
    int64_t dims[OCT_MAX_RANK];
};

/// The dimension for a batch of `rows`.
static inline int64_t oct_dim_at(int64_t dim, int64_t rows)
{
    return dim >= 0 ? dim : -dim * rows;
}

OCT_API bool oct_shape_equal(const struct oct_shape *a, const struct oct_shape *b);
/// True when dimension 0 is exactly N and no other dimension depends on N: the shape of independent rows.
OCT_API bool oct_shape_is_batched(const struct oct_shape *shape);
/// True when any dimension depends on N.
OCT_API bool oct_shape_has_batch(const struct oct_shape *shape);
/// Number of elements for a batch of `rows`. OCT_ERR_LIMIT on overflow of int64.
OCT_API OCT_NODISCARD enum oct_status
oct_shape_elements(const struct oct_shape *shape, int64_t rows, int64_t *elements);
/// "[N, 3, 224, 224]"; always terminates `out`.
OCT_API void oct_shape_format(const struct oct_shape *shape, char *out, size_t out_bytes);
/// The shape with every dimension resolved for `rows`.
OCT_API struct oct_shape oct_shape_at(const struct oct_shape *shape, int64_t rows);

/// How elements lie in memory. Models speak of logical shapes only; the planner chooses this.
enum oct_memory_format {
    OCT_FORMAT_CONTIGUOUS,    ///< row-major in logical order
    OCT_FORMAT_CHANNELS_LAST, ///< (N, C, spatial...) of rank 3 to 5 stored as N, spatial..., C
};

/// Has a tensor of this rank a channels-last order? Others are contiguous, whatever their format says.
static inline bool oct_format_applies(int32_t rank)
{
    return rank >= 3 && rank <= 5;
}
/// Do the two formats order the elements of this shape differently? Not with one channel or one pixel.
OCT_API bool oct_format_matters(const struct oct_shape *shape);

/// What is known of a value before there is data.
struct oct_tensor_desc {
    enum oct_dtype dtype;
    enum oct_memory_format format;
    struct oct_shape shape;
    struct oct_qparams qparams;
};

/// Data with its geometry; `shape` has no symbolic dimension. Strides count ELEMENTS and may be 0 (broadcast).
struct oct_view {
    struct oct_tensor_desc desc;
    int64_t strides[OCT_MAX_RANK];
    void *data; ///< borrowed
};

/// A view over `data` with dense strides for `desc->format`, shape resolved for `rows`.
OCT_API struct oct_view oct_view_dense(const struct oct_tensor_desc *desc, int64_t rows, void *data);
/// Dense bytes of a tensor of this descriptor. OCT_ERR_LIMIT on overflow of size_t or int64.
OCT_API OCT_NODISCARD enum oct_status oct_tensor_bytes(const struct oct_tensor_desc *desc, int64_t rows, size_t *bytes);
/// q[i] = sat(rne(fma(x[i], f32(1 / f32(scale)), zero_point))) for `n` elements, as aten::quantize_per_tensor does it
/// (for qint32 product and sum are rounded one after the other). NaN becomes the smallest stored integer.
/// @param qparams  per tensor
/// @param dtype    a quantized one: what `q` ([n], aligned to it) holds
OCT_API void
oct_quantize_array(const struct oct_qparams *qparams, enum oct_dtype dtype, const float *x, size_t n, void *q);
/// Copies all elements of `source` to `destination` by logical index; same dtype and shape, any strides, no overlap.
OCT_API void oct_view_copy(const struct oct_view *destination, const struct oct_view *source);

#endif
