/// Views as rows of bytes at a pitch: what lies inside a dimension, and outside of it.
/// Threads: [any]; no allocation.
#ifndef OCTET_ENGINE_OPS_VIEW_ROWS_H
#define OCTET_ENGINE_OPS_VIEW_ROWS_H

#include <stdbool.h>

#include "octet/tensor.h"

/// Dimensions outside of another one, the nearest in memory first; those of one element are left out.
struct octi_outer_dims {
    int32_t n;
    int32_t dims[OCT_MAX_RANK];
};

struct octi_view_rows {
    int64_t n;     ///< rows
    int64_t bytes; ///< of a row
    int64_t pitch; ///< BYTES between rows; 0 where there is only one
};

/// Those outside of `dim` in the memory of `view`, which has elements.
struct octi_outer_dims octi_outer_dims_of(const struct oct_view *view, int32_t dim);

/// Describes `view` (with elements) as rows that hold `dim` and all but the `outer` dimensions. False when it is not
/// that: rows with gaps in them, at more than one pitch, or with the dimensions in another order.
bool octi_view_rows(const struct oct_view *view,
                    int32_t dim,
                    const struct octi_outer_dims *outer,
                    struct octi_view_rows *rows);

#endif
