/// One element of a view, by its element offset: what the references are written with.
/// The tensor's dtype decides the width; quantized elements are read and written as their stored integer.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_ELEMENT_H
#define OCTET_ENGINE_OPS_ELEMENT_H

#include "engine/quant/affine.h"
#include "octet/tensor.h"

/// The stored integer of a quint8, qint8 or qint32 view.
static inline int32_t octi_load_code(const struct oct_view *view, int64_t offset)
{
    switch (view->desc.dtype) {
    case OCT_DTYPE_QUINT8:
        return ((const uint8_t *)view->data)[offset];
    case OCT_DTYPE_QINT8:
        return ((const int8_t *)view->data)[offset];
    default:
        return ((const int32_t *)view->data)[offset];
    }
}

/// @param code  within the range of the view's dtype
static inline void octi_store_code(const struct oct_view *view, int64_t offset, int32_t code)
{
    switch (view->desc.dtype) {
    case OCT_DTYPE_QUINT8:
        ((uint8_t *)view->data)[offset] = (uint8_t)code;
        break;
    case OCT_DTYPE_QINT8:
        ((int8_t *)view->data)[offset] = (int8_t)code;
        break;
    default:
        ((int32_t *)view->data)[offset] = code;
        break;
    }
}

static inline float octi_load_float(const struct oct_view *view, int64_t offset)
{
    return ((const float *)view->data)[offset];
}

static inline void octi_store_float(const struct oct_view *view, int64_t offset, float value)
{
    ((float *)view->data)[offset] = value;
}

/// A byte of a one-byte quantized dtype as its stored integer, and back.
static inline int32_t octi_code_of_byte(enum oct_dtype dtype, uint8_t byte)
{
    return dtype == OCT_DTYPE_QINT8 ? (int8_t)byte : byte;
}
static inline uint8_t octi_byte_of_code(int32_t code)
{
    return (uint8_t)(code & 0xff);
}

/// Where numbers quantized to a tensor of this description end up. One-byte dtypes, per tensor.
static inline struct octi_output octi_output_of(const struct oct_tensor_desc *desc, bool relu)
{
    return octi_output_make(desc->qparams.zero_point, oct_dtype_qmin(desc->dtype), oct_dtype_qmax(desc->dtype), relu);
}

/// The real number that a stored integer of a per-tensor quantized tensor stands for.
static inline float octi_real_of(const struct oct_tensor_desc *desc, int32_t code)
{
    return octi_dequantize(code, (float)desc->qparams.scale, (int32_t)desc->qparams.zero_point);
}

#endif
