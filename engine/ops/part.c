#include "engine/ops/part.h"

static int64_t columns_of(const struct oct_view *view)
{
    const struct oct_shape *shape = &view->desc.shape;
    return shape->rank > 0 ? shape->dims[octi_part_inner_dim(&view->desc)] : 1;
}

// Elements between rows.
static int64_t pitch_of(const struct oct_view *view)
{
    int32_t outer = view->desc.shape.rank - 1;
    outer -= outer == octi_part_inner_dim(&view->desc) ? 1 : 0;
    return outer >= 0 ? view->strides[outer] : columns_of(view);
}

void octi_part_walk(const struct oct_op_part *part,
                    const struct oct_view *const *views,
                    int32_t n_views,
                    octi_walk_row_fn row,
                    const void *context)
{
    const int64_t columns = columns_of(views[0]);
    int64_t n = part->column_end - part->column_begin, rows = part->row_end - part->row_begin;
    unsigned char *data[OCTI_WALK_MAX_VIEWS];
    int64_t strides[OCTI_WALK_MAX_VIEWS], pitches[OCTI_WALK_MAX_VIEWS];
    bool dense = n == columns;
    for (int32_t v = 0; v < n_views; v++) {
        int64_t pitch = pitch_of(views[v]);
        strides[v] = (int64_t)oct_dtype_bytes(views[v]->desc.dtype);
        pitches[v] = pitch * strides[v];
        data[v] = (unsigned char *)views[v]->data + part->row_begin * pitches[v] + part->column_begin * strides[v];
        dense = dense && pitch == columns;
    }
    if (dense) {
        row(context, n * rows, data, strides);
        return;
    }
    for (int64_t r = 0; r < rows; r++) {
        row(context, n, data, strides);
        for (int32_t v = 0; v < n_views; v++) {
            data[v] += pitches[v];
        }
    }
}
