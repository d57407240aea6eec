#include <string.h>

#include "engine/base/checked.h"
#include "octet/tensor.h"

static void contiguous_strides(const struct oct_shape *shape, int64_t *strides)
{
    int64_t stride = 1;
    for (int32_t d = shape->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= shape->dims[d];
    }
}

static void channels_last_strides(const struct oct_shape *shape, int64_t *strides)
{
    int64_t stride = shape->dims[1];
    strides[1] = 1;
    for (int32_t d = shape->rank - 1; d > 1; d--) {
        strides[d] = stride;
        stride *= shape->dims[d];
    }
    strides[0] = stride;
}

bool oct_format_matters(const struct oct_shape *shape)
{
    bool one_pixel = true;
    for (int32_t d = 2; d < shape->rank; d++) {
        one_pixel = one_pixel && shape->dims[d] == 1;
    }
    return oct_format_applies(shape->rank) && shape->dims[1] != 1 && !one_pixel;
}

struct oct_view oct_view_dense(const struct oct_tensor_desc *desc, int64_t rows, void *data)
{
    struct oct_view view = {.desc = *desc, .data = data};
    view.desc.shape = oct_shape_at(&desc->shape, rows);
    if (desc->format == OCT_FORMAT_CHANNELS_LAST && oct_format_applies(desc->shape.rank)) {
        channels_last_strides(&view.desc.shape, view.strides);
    } else {
        contiguous_strides(&view.desc.shape, view.strides);
    }
    return view;
}

enum oct_status oct_tensor_bytes(const struct oct_tensor_desc *desc, int64_t rows, size_t *bytes)
{
    int64_t elements;
    enum oct_status status = oct_shape_elements(&desc->shape, rows, &elements);
    if (status != OCT_OK) {
        return status;
    }
    if (!octi_mul_size((size_t)elements, oct_dtype_bytes(desc->dtype), bytes)) {
        return OCT_ERR_LIMIT;
    }
    return OCT_OK;
}

static void copy_line(char *to, int64_t to_stride, const char *from, int64_t from_stride, int64_t n, size_t bytes)
{
    if (to_stride == 1 && from_stride == 1) {
        memcpy(to, from, (size_t)n * bytes);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        memcpy(to, from, bytes);
        to += to_stride * (int64_t)bytes;
        from += from_stride * (int64_t)bytes;
    }
}

void oct_view_copy(const struct oct_view *destination, const struct oct_view *source)
{
    const struct oct_shape *shape = &source->desc.shape;
    size_t bytes = oct_dtype_bytes(source->desc.dtype);
    int32_t last = shape->rank - 1;
    if (shape->rank == 0) {
        memcpy(destination->data, source->data, bytes);
        return;
    }
    for (int32_t d = 0; d <= last; d++) {
        if (shape->dims[d] == 0) {
            return;
        }
    }
    int64_t index[OCT_MAX_RANK] = {0};
    for (;;) {
        int64_t to = 0;
        int64_t from = 0;
        for (int32_t d = 0; d < last; d++) {
            to += index[d] * destination->strides[d];
            from += index[d] * source->strides[d];
        }
        copy_line((char *)destination->data + to * (int64_t)bytes, destination->strides[last],
                  (const char *)source->data + from * (int64_t)bytes, source->strides[last], shape->dims[last], bytes);
        int32_t d = last - 1;
        while (d >= 0 && ++index[d] == shape->dims[d]) {
            index[d--] = 0;
        }
        if (d < 0) {
            return;
        }
    }
}
