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

// The part as a plane: one row when it is dense.
static struct octi_walk_plane
plane_of(const struct oct_op_part *part, const struct oct_view *const *views, int32_t n_views, unsigned char **data)
{
    const int64_t columns = columns_of(views[0]);
    int64_t n = part->column_end - part->column_begin, rows = part->row_end - part->row_begin;
    struct octi_walk_plane plane = {{rows, n}, {{0}}};
    bool dense = n == columns;
    for (int32_t v = 0; v < n_views; v++) {
        int64_t pitch = pitch_of(views[v]), bytes = (int64_t)oct_dtype_bytes(views[v]->desc.dtype);
        plane.strides[1][v] = bytes;
        plane.strides[0][v] = pitch * bytes;
        data[v] = (unsigned char *)views[v]->data + (part->row_begin * pitch + part->column_begin) * bytes;
        dense = dense && pitch == columns;
    }
    if (dense) {
        plane.extents[0] = 1;
        plane.extents[1] = n * rows;
    }
    return plane;
}

void octi_part_walk(const struct oct_op_part *part,
                    const struct oct_view *const *views,
                    int32_t n_views,
                    octi_walk_row_fn row,
                    const void *context)
{
    unsigned char *data[OCTI_WALK_MAX_VIEWS];
    const struct octi_walk_plane plane = plane_of(part, views, n_views, data);
    for (int64_t r = 0; r < plane.extents[0]; r++) {
        row(context, plane.extents[1], data, plane.strides[1]);
        for (int32_t v = 0; v < n_views; v++) {
            data[v] += plane.strides[0][v];
        }
    }
}

void octi_part_walk_planes(const struct oct_op_part *part,
                           const struct oct_view *const *views,
                           int32_t n_views,
                           octi_walk_plane_fn plane,
                           const void *context)
{
    unsigned char *data[OCTI_WALK_MAX_VIEWS];
    const struct octi_walk_plane whole = plane_of(part, views, n_views, data);
    plane(context, &whole, data);
}
