/// Products of activations with packed weights, in blocks that stay in the cache, spread over an executor.
/// Quantized linear is one group of rows; quantized convolution is the same with addresses out of a table.
/// Threads: [any].
#ifndef OCTET_ENGINE_OPS_PRODUCT_RUN_H
#define OCTET_ENGINE_OPS_PRODUCT_RUN_H

#include "engine/kernels/qgemm/qgemm.h"
#include "engine/ops/gathered_rows.h"
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
    struct octi_qgemm_call call;      ///< of row 0; `m` and `line_first` are ignored
    const struct oct_op_run_call *op; ///< its followers get what is finished; rows count from `first_row` there
    int64_t first_row;
};

/// Runs it over the executor of `op`.
void octi_product_run(const struct octi_product *product);

#endif
