/// Walks several views of one logical shape together, in the order of the first one's memory: what element-wise
/// operators run on. Whatever the formats, dimensions that lie densely in all views become one, so two tensors of the
/// same format are one long row, and a broadcast or a change of format costs a few strided rows.
///
/// Threads: [any]; no allocation.
#ifndef OCTET_ENGINE_OPS_WALK_H
#define OCTET_ENGINE_OPS_WALK_H

#include "octet/executor.h"
#include "octet/tensor.h"

#define OCTI_WALK_MAX_VIEWS 4

/// Does `n` elements; view v's element i is at data[v] + i * strides[v] (strides in BYTES, 0 where it is broadcast).
typedef void (*octi_walk_row_fn)(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides);

/// @param views  `n_views` views of one shape (broadcast ones with stride 0); the first is written, and no two of its
///               elements share storage. A view may be the same as the first one; otherwise they do not overlap it.
/// @param executor  may be NULL
void octi_walk(const struct oct_view *const *views,
               int32_t n_views,
               octi_walk_row_fn row,
               const void *context,
               const struct oct_executor *executor);

/// `view` as a tensor of the larger `shape` it broadcasts to: missing and single dimensions get stride 0.
struct oct_view octi_view_broadcast(const struct oct_view *view, const struct oct_shape *shape);

/// A row function that copies elements of *(const size_t *)context bytes from view 1 to view 0.
void octi_walk_copy_row(const void *context, int64_t n, unsigned char *const *data, const int64_t *strides);

/// Copies a view into another of the same shape and dtype.
void octi_walk_copy(const struct oct_view *to, const struct oct_view *from, const struct oct_executor *executor);

#endif
