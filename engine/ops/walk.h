/// Walks several views of one logical shape together, in the order of the first one's memory: what element-wise
/// operators run on. Whatever the formats, dimensions that lie densely in all views become one, so two tensors of the
/// same format are one long row, and a broadcast or a change of format costs a few strided rows.
///
/// Threads: [any]; no allocation.
#ifndef OCTET_ENGINE_OPS_WALK_H
#define OCTET_ENGINE_OPS_WALK_H

#include "engine/kernels/transpose/transpose.h"
#include "octet/executor.h"
#include "octet/tensor.h"

#define OCTI_WALK_MAX_VIEWS 4

/// Does `n` elements; view v's element i is at data[v] + i * strides[v] (strides in BYTES, 0 where it is broadcast).
typedef void (*octi_walk_row_fn)(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides);

/// Rows beside one another: row r begins r * strides[0][v] bytes behind data[v], its elements are strides[1][v] apart.
struct octi_walk_plane {
    int64_t extents[2]; ///< rows, elements of a row; >= 1
    int64_t strides[2][OCTI_WALK_MAX_VIEWS];
};

/// Does all rows of a plane.
typedef void (*octi_walk_plane_fn)(const void *context,
                                   const struct octi_walk_plane *plane,
                                   unsigned char *const *data);

/// @param views  `n_views` views of one shape (broadcast ones with stride 0); the first is written, and no two of its
///               elements share storage. A view may be the same as the first one; otherwise they do not overlap it.
/// @param executor  may be NULL
void octi_walk(const struct oct_view *const *views,
               int32_t n_views,
               octi_walk_row_fn row,
               const void *context,
               const struct oct_executor *executor);

/// The same by planes, for what is cheaper done many rows at a time.
void octi_walk_planes(const struct oct_view *const *views,
                      int32_t n_views,
                      octi_walk_plane_fn plane,
                      const void *context,
                      const struct oct_executor *executor);

/// `view` as a tensor of the larger `shape` it broadcasts to: missing and single dimensions get stride 0.
struct oct_view octi_view_broadcast(const struct oct_view *view, const struct oct_shape *shape);

/// Copies a view into another of the same shape and dtype.
/// @param transpose  for rows that lie across those of `to`; NULL: element by element
void octi_walk_copy(const struct oct_view *to,
                    const struct oct_view *from,
                    const struct octi_transpose *transpose,
                    const struct oct_executor *executor);

#endif
