#include "engine/ops/view_rows.h"

struct octi_outer_dims octi_outer_dims_of(const struct oct_view *view, int32_t dim)
{
    const struct oct_shape *shape = &view->desc.shape;
    struct octi_outer_dims outer = {.n = 0};
    for (int32_t d = 0; d < shape->rank; d++) {
        if (d == dim || shape->dims[d] == 1 || view->strides[d] < view->strides[dim] * shape->dims[dim]) {
            continue;
        }
        int32_t at = outer.n++;
        for (; at > 0 && view->strides[outer.dims[at - 1]] > view->strides[d]; at--) {
            outer.dims[at] = outer.dims[at - 1];
        }
        outer.dims[at] = d;
    }
    return outer;
}

bool octi_view_rows(const struct oct_view *view,
                    int32_t dim,
                    const struct octi_outer_dims *outer,
                    struct octi_view_rows *rows)
{
    const struct oct_shape *shape = &view->desc.shape;
    const int64_t bytes = (int64_t)oct_dtype_bytes(view->desc.dtype);
    *rows = (struct octi_view_rows){.n = 1, .bytes = bytes};
    bool is_outer[OCT_MAX_RANK] = {false};
    for (int32_t i = 0; i < outer->n; i++) {
        const int32_t d = outer->dims[i];
        is_outer[d] = true;
        rows->pitch = i == 0 ? view->strides[d] * bytes : rows->pitch;
        if (view->strides[d] * bytes != rows->pitch * rows->n) {
            return false;
        }
        rows->n *= shape->dims[d];
    }
    // A row is dense when as many elements lie between its first and its last as it has.
    int64_t last = 0, elements = 1;
    for (int32_t d = 0; d < shape->rank; d++) {
        if (!is_outer[d]) {
            last += (shape->dims[d] - 1) * view->strides[d];
            elements *= shape->dims[d];
        }
    }
    rows->bytes = elements * bytes;
    return last + 1 == elements && view->strides[dim] * shape->dims[dim] == elements;
}
