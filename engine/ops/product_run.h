/// Products of activations with packed weights, in blocks that stay in the cache, spread over an executor.
/// Quantized linear is one group of rows; quantized convolution is the same with addresses out of a table.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_PRODUCT_RUN_H
#define OCTET_ENGINE_OPS_PRODUCT_RUN_H

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/ops/gathered_rows.h"
#include "engine/ops/product_zones.h"
#include "octet/op.h"

/// A run. Rows come in images of `image_rows` (0: all rows are one image), which advance the activations by
/// `image_bytes`; group g reads at a + g*group_channels and writes at c + g*(columns of a group).
struct octi_product {
    octi_qgemm_fn run;
    const struct octi_panels *weights; ///< [groups]
    size_t groups;
    size_t group_channels;
    int64_t rows;
    int64_t image_rows;
    size_t image_bytes;
    struct octi_gathered_rows gathered; ///< set: the kernel gets its rows out of `buffer`, and knows of one tap
    uint8_t *buffer;
    const struct octi_product_zones *zones; ///< NULL: every row sees all taps; else they have the offsets
    struct octi_qgemm_call call;            ///< of row 0; `m` and `line_first` are ignored
    const struct oct_op_run_call *op;       ///< its followers get what is finished; rows count from `first_row` there
    int64_t first_row;
};

/// Rows of an image that are done together, before which and after which rows do not matter to one another.
/// @param k        of a tap
/// @param columns  of all groups
int64_t octi_product_block_rows(size_t groups, size_t taps, size_t k, size_t columns);

/// Runs it over the executor of `op`.
void octi_product_run(const struct octi_product *product);

#endif
