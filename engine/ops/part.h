/// Parts of tensors: what steps that follow another one are written with (struct oct_op_part).
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_PART_H
#define OCTET_ENGINE_OPS_PART_H

#include "engine/ops/walk.h"
#include "octet/op.h"

/// The dimension that is innermost in memory.
static inline int32_t octi_part_inner_dim(const struct oct_tensor_desc *desc)
{
    int32_t rank = desc->shape.rank;
    return desc->format == OCT_FORMAT_CHANNELS_LAST && oct_format_applies(rank) ? 1 : rank - 1;
}

/// octi_walk() over a part, on the calling thread. The views have one shape and one format and are dense, but for a
/// pitch between rows that may be larger than a row.
void octi_part_walk(const struct oct_op_part *part,
                    const struct oct_view *const *views,
                    int32_t n_views,
                    octi_walk_row_fn row,
                    const void *context);

/// The same as one plane, of one row where the part is dense.
void octi_part_walk_planes(const struct oct_op_part *part,
                           const struct oct_view *const *views,
                           int32_t n_views,
                           octi_walk_plane_fn plane,
                           const void *context);

/// Hands a finished part of output 0 to the followers of `call`, in their order.
static inline void octi_part_done(const struct oct_op_run_call *call, const struct oct_op_part *part)
{
    for (size_t i = 0; i < call->n_followers; i++) {
        call->followers[i].run(call->followers[i].call, part);
    }
}

#endif
