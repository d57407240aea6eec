/// Products of dimensions that may depend on the batch: factor * N^power.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_EXTENT_H
#define OCTET_ENGINE_OPS_EXTENT_H

#include "octet/op.h"

struct octi_extent {
    int64_t factor; ///< >= 0
    int32_t power;  ///< how often N occurs
};

/// The product of dimensions [first, end) of `shape`. Reports OCT_ERR_LIMIT and returns false on overflow.
bool octi_extent_of(struct oct_op_infer_call *call,
                    const struct oct_shape *shape,
                    int32_t first,
                    int32_t end,
                    struct octi_extent *extent);

/// The extent as one dimension. Reports OCT_ERR_UNSUPPORTED and returns false when N occurs more than once.
bool octi_extent_dim(struct oct_op_infer_call *call, struct octi_extent extent, int64_t *dim);

/// True when the shape does not depend on N, or when N occurs once, with nothing but dimensions of 1 before it: in
/// memory order the elements of a row of the batch then lie together, and the tensor can be cut anew without mixing
/// rows.
bool octi_batch_leads(const struct oct_shape *shape);

#endif
