// DESIGN: one walker instead of a loop nest per operator and format. The dimensions are sorted by the stride of the
// view that is written, then merged where all views agree; the two innermost loops, a plane, are the caller's. When the
// innermost dimension is short (three channels) and the next one long, the two change places: calls are dearer than
// strided writes.
#include "engine/ops/walk.h"

#include "engine/ops/copy_rows.h"
#include "engine/ops/parallel.h"

#include <string.h>

#define SHORT_ROW 16

struct walk {
    int32_t n_views, rank; ///< rank >= 2
    int64_t extents[OCT_MAX_RANK];
    int64_t strides[OCT_MAX_RANK][OCTI_WALK_MAX_VIEWS]; ///< bytes
    unsigned char *data[OCTI_WALK_MAX_VIEWS];
    int32_t split; ///< the dimension that is cut into ranges
    octi_walk_plane_fn plane;
    const void *context;
};

static void swap_dims(struct walk *walk, int32_t a, int32_t b)
{
    int64_t extent = walk->extents[a];
    walk->extents[a] = walk->extents[b];
    walk->extents[b] = extent;
    for (int32_t v = 0; v < walk->n_views; v++) {
        int64_t stride = walk->strides[a][v];
        walk->strides[a][v] = walk->strides[b][v];
        walk->strides[b][v] = stride;
    }
}

/// Largest stride of view 0 first.
static void sort_dims(struct walk *walk)
{
    for (int32_t i = 1; i < walk->rank; i++) {
        for (int32_t d = i; d > 0 && walk->strides[d][0] > walk->strides[d - 1][0]; d--) {
            swap_dims(walk, d, d - 1);
        }
    }
}

/// True when dimension `inner` continues in `outer` without a gap, in every view.
static bool dims_merge(const struct walk *walk, int32_t outer, int32_t inner)
{
    for (int32_t v = 0; v < walk->n_views; v++) {
        if (walk->strides[outer][v] != walk->strides[inner][v] * walk->extents[inner]) {
            return false;
        }
    }
    return true;
}

static void merge_dims(struct walk *walk)
{
    int32_t last = 0;
    for (int32_t d = 1; d < walk->rank; d++) {
        if (dims_merge(walk, last, d)) {
            walk->extents[last] *= walk->extents[d];
            memcpy(walk->strides[last], walk->strides[d], sizeof walk->strides[d]);
        } else {
            last++;
            walk->extents[last] = walk->extents[d];
            memmove(walk->strides[last], walk->strides[d], sizeof walk->strides[d]);
        }
    }
    walk->rank = last + 1;
}

/// A dimension of extent 1 in front of all others.
static void add_outer_dim(struct walk *walk)
{
    memmove(walk->extents + 1, walk->extents, (size_t)walk->rank * sizeof walk->extents[0]);
    memmove(walk->strides + 1, walk->strides, (size_t)walk->rank * sizeof walk->strides[0]);
    walk->extents[0] = 1;
    memset(walk->strides[0], 0, sizeof walk->strides[0]);
    walk->rank++;
}

/// Fills in all but the plane function. False when there is nothing to do.
static bool make_walk(struct walk *walk, const struct oct_view *const *views, int32_t n_views)
{
    const struct oct_shape *shape = &views[0]->desc.shape;
    walk->n_views = n_views;
    walk->rank = 0;
    for (int32_t v = 0; v < n_views; v++) {
        walk->data[v] = views[v]->data;
    }
    for (int32_t d = 0; d < shape->rank; d++) {
        if (shape->dims[d] == 0) {
            return false;
        }
        if (shape->dims[d] == 1) {
            continue;
        }
        walk->extents[walk->rank] = shape->dims[d];
        for (int32_t v = 0; v < n_views; v++) {
            walk->strides[walk->rank][v] = views[v]->strides[d] * (int64_t)oct_dtype_bytes(views[v]->desc.dtype);
        }
        walk->rank++;
    }
    if (walk->rank == 0) { // a single element
        walk->rank = 1;
        walk->extents[0] = 1;
        for (int32_t v = 0; v < n_views; v++) {
            walk->strides[0][v] = (int64_t)oct_dtype_bytes(views[v]->desc.dtype);
        }
    }
    sort_dims(walk);
    merge_dims(walk);
    int32_t inner = walk->rank - 1;
    if (inner > 0 && walk->extents[inner] < SHORT_ROW && walk->extents[inner - 1] > walk->extents[inner]) {
        swap_dims(walk, inner, inner - 1);
    }
    if (walk->rank == 1) {
        add_outer_dim(walk);
    }
    walk->split = 0;
    for (int32_t d = 1; d < walk->rank; d++) {
        if (walk->extents[d] > walk->extents[walk->split]) {
            walk->split = d;
        }
    }
    return true;
}

static void walk_range(const void *context, int64_t begin, int64_t end)
{
    const struct walk *whole = context;
    int64_t extents[OCT_MAX_RANK];
    memcpy(extents, whole->extents, sizeof extents);
    extents[whole->split] = end - begin;
    int64_t offsets[OCTI_WALK_MAX_VIEWS];
    for (int32_t v = 0; v < whole->n_views; v++) {
        offsets[v] = begin * whole->strides[whole->split][v];
    }
    const int32_t outer = whole->rank - 2;
    struct octi_walk_plane plane = {{extents[outer], extents[outer + 1]}, {{0}}};
    memcpy(plane.strides, whole->strides[outer], sizeof plane.strides);
    int64_t index[OCT_MAX_RANK] = {0};
    for (;;) {
        unsigned char *data[OCTI_WALK_MAX_VIEWS] = {NULL};
        for (int32_t v = 0; v < whole->n_views; v++) {
            data[v] = whole->data[v] + offsets[v];
        }
        whole->plane(whole->context, &plane, data);
        int32_t d = outer - 1;
        for (; d >= 0; d--) {
            int64_t steps = ++index[d] < extents[d] ? 1 : 1 - extents[d];
            for (int32_t v = 0; v < whole->n_views; v++) {
                offsets[v] += whole->strides[d][v] * steps;
            }
            if (steps == 1) {
                break;
            }
            index[d] = 0;
        }
        if (d < 0) {
            return;
        }
    }
}

void octi_walk_planes(const struct oct_view *const *views,
                      int32_t n_views,
                      octi_walk_plane_fn plane,
                      const void *context,
                      const struct oct_executor *executor)
{
    struct walk walk;
    if (!make_walk(&walk, views, n_views)) {
        return;
    }
    walk.plane = plane;
    walk.context = context;
    int64_t cost = 1;
    for (int32_t d = 0; d < walk.rank; d++) {
        cost *= d == walk.split ? 1 : walk.extents[d];
    }
    octi_parallel_for(executor, walk.extents[walk.split], cost, walk_range, &walk);
}

struct rows {
    int32_t n_views;
    octi_walk_row_fn row;
    const void *context;
};

static void row_by_row(const void *context, const struct octi_walk_plane *plane, unsigned char *const *data)
{
    const struct rows *rows = context;
    unsigned char *at[OCTI_WALK_MAX_VIEWS] = {NULL};
    for (int32_t v = 0; v < rows->n_views; v++) {
        at[v] = data[v];
    }
    for (int64_t r = 0; r < plane->extents[0]; r++) {
        rows->row(rows->context, plane->extents[1], at, plane->strides[1]);
        for (int32_t v = 0; v < rows->n_views; v++) {
            at[v] += plane->strides[0][v];
        }
    }
}

void octi_walk(const struct oct_view *const *views,
               int32_t n_views,
               octi_walk_row_fn row,
               const void *context,
               const struct oct_executor *executor)
{
    const struct rows rows = {n_views, row, context};
    octi_walk_planes(views, n_views, row_by_row, &rows, executor);
}

struct oct_view octi_view_broadcast(const struct oct_view *view, const struct oct_shape *shape)
{
    struct oct_view wide = *view;
    wide.desc.shape = *shape;
    int32_t missing = shape->rank - view->desc.shape.rank;
    for (int32_t d = 0; d < shape->rank; d++) {
        bool repeats = d < missing || (view->desc.shape.dims[d - missing] == 1 && shape->dims[d] != 1);
        wide.strides[d] = repeats ? 0 : view->strides[d - missing];
    }
    return wide;
}

struct copying {
    size_t bytes; ///< of an element
    const struct octi_transpose *transpose;
};

static void
copy_row(size_t bytes, int64_t n, unsigned char *to, int64_t to_stride, const unsigned char *from, int64_t from_stride)
{
    switch (bytes) { // constant sizes, so that each copy is one load and one store
    case 1:
        for (int64_t i = 0; i < n; i++) {
            to[i * to_stride] = from[i * from_stride];
        }
        break;
    case 4:
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * to_stride, from + i * from_stride, 4);
        }
        break;
    default:
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * to_stride, from + i * from_stride, bytes);
        }
        break;
    }
}

/// Rows of one view are columns of the other, and their elements lie densely in both.
static void transpose_plane(const struct octi_transpose *kernel,
                            size_t bytes,
                            const struct octi_walk_plane *plane,
                            bool rows_are_dense, // in view 0
                            unsigned char *const *data)
{
    // As the kernel sees it: x has `rows` rows of `columns` elements, y the reverse.
    const int across = rows_are_dense ? 1 : 0; // the dimension along which y is dense
    const size_t rows = (size_t)plane->extents[across], columns = (size_t)plane->extents[1 - across];
    const size_t x_stride = (size_t)plane->strides[across][1] / bytes;
    const size_t y_stride = (size_t)plane->strides[1 - across][0] / bytes;
    if (bytes == 1) {
        kernel->bytes(rows, columns, data[1], x_stride, data[0], y_stride);
    } else {
        kernel->words(rows, columns, (const uint32_t *)(const void *)data[1], x_stride, (uint32_t *)(void *)data[0],
                      y_stride);
    }
}

static void copy_plane(const void *context, const struct octi_walk_plane *plane, unsigned char *const *data)
{
    const struct copying *copying = context;
    const int64_t bytes = (int64_t)copying->bytes;
    const int64_t(*strides)[OCTI_WALK_MAX_VIEWS] = plane->strides;
    if (copying->transpose != NULL && (bytes == 1 || bytes == 4) && plane->extents[0] > 1) {
        if (strides[1][0] == bytes && strides[0][1] == bytes) {
            transpose_plane(copying->transpose, copying->bytes, plane, true, data);
            return;
        }
        if (strides[0][0] == bytes && strides[1][1] == bytes) {
            transpose_plane(copying->transpose, copying->bytes, plane, false, data);
            return;
        }
    }
    for (int rows = 0; rows < 2; rows++) { // short rows have changed places with what lies across them
        const int along = 1 - rows;
        if (strides[along][0] == bytes && strides[along][1] == bytes) {
            if (data[0] != data[1]) {
                octi_copy_rows((size_t)plane->extents[rows], (size_t)(plane->extents[along] * bytes), data[0],
                               strides[rows][0], data[1], strides[rows][1]);
            }
            return;
        }
    }
    unsigned char *to = data[0];
    const unsigned char *from = data[1];
    for (int64_t r = 0; r < plane->extents[0]; r++, to += strides[0][0], from += strides[0][1]) {
        copy_row(copying->bytes, plane->extents[1], to, strides[1][0], from, strides[1][1]);
    }
}

void octi_walk_copy(const struct oct_view *to,
                    const struct oct_view *from,
                    const struct octi_transpose *transpose,
                    const struct oct_executor *executor)
{
    const struct copying copying = {oct_dtype_bytes(to->desc.dtype), transpose};
    const struct oct_view *views[] = {to, from};
    octi_walk_planes(views, 2, copy_plane, &copying, executor);
}
