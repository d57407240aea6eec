// DESIGN: one walker instead of a loop nest per operator and format. The dimensions are sorted by the stride of the
// view that is written, then merged where all views agree; the innermost loop is the caller's. When the innermost
// dimension is short (three channels) and the next one long, the two change places: calls are dearer than strided
// writes.
#include "engine/ops/walk.h"

#include "engine/ops/parallel.h"

#include <string.h>

#define SHORT_ROW 16

struct walk {
    int32_t n_views, rank; ///< rank >= 1
    int64_t extents[OCT_MAX_RANK];
    int64_t strides[OCT_MAX_RANK][OCTI_WALK_MAX_VIEWS]; ///< bytes
    unsigned char *data[OCTI_WALK_MAX_VIEWS];
    int32_t split; ///< the dimension that is cut into ranges
    octi_walk_row_fn row;
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

/// Fills in all but the row function. False when there is nothing to do.
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
    int32_t inner = whole->rank - 1;
    int64_t index[OCT_MAX_RANK] = {0};
    for (;;) {
        unsigned char *data[OCTI_WALK_MAX_VIEWS] = {NULL};
        for (int32_t v = 0; v < whole->n_views; v++) {
            data[v] = whole->data[v] + offsets[v];
        }
        whole->row(whole->context, extents[inner], data, whole->strides[inner]);
        int32_t d = inner - 1;
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

void octi_walk(const struct oct_view *const *views,
               int32_t n_views,
               octi_walk_row_fn row,
               const void *context,
               const struct oct_executor *executor)
{
    struct walk walk;
    if (!make_walk(&walk, views, n_views)) {
        return;
    }
    walk.row = row;
    walk.context = context;
    int64_t cost = 1;
    for (int32_t d = 0; d < walk.rank; d++) {
        cost *= d == walk.split ? 1 : walk.extents[d];
    }
    octi_parallel_for(executor, walk.extents[walk.split], cost, walk_range, &walk);
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

void octi_walk_copy_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides)
{
    const size_t bytes = *(const size_t *)context;
    const unsigned char *from = data[1];
    unsigned char *to = data[0];
    if (strides[0] == (int64_t)bytes && strides[1] == (int64_t)bytes) {
        if (to != from) {
            memcpy(to, from, (size_t)n * bytes);
        }
        return;
    }
    switch (bytes) { // constant sizes, so that each copy is one load and one store
    case 1:
        for (int64_t i = 0; i < n; i++) {
            to[i * strides[0]] = from[i * strides[1]];
        }
        break;
    case 4:
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * strides[0], from + i * strides[1], 4);
        }
        break;
    default:
        for (int64_t i = 0; i < n; i++) {
            memcpy(to + i * strides[0], from + i * strides[1], bytes);
        }
        break;
    }
}

void octi_walk_copy(const struct oct_view *to, const struct oct_view *from, const struct oct_executor *executor)
{
    const size_t bytes = oct_dtype_bytes(to->desc.dtype);
    const struct oct_view *views[] = {to, from};
    octi_walk(views, 2, octi_walk_copy_row, &bytes, executor);
}
