/// Products of activations with packed weights: packing them into a plan, and spreading a run over an executor.
/// Quantized linear is one group of rows; quantized convolution is the same with addresses out of a table.
/// Threads: packing is [one]; running is [any].
#ifndef OCTET_ENGINE_OPS_PACKED_PRODUCT_H
#define OCTET_ENGINE_OPS_PACKED_PRODUCT_H

#include "engine/kernels/qgemm/qgemm.h"
#include "octet/op.h"

/// Packs the weight of a quantized linear or convolution (inputs as in quantized_weights.h) into plan memory.
/// @param source   of group 0; later groups' columns follow it
/// @param n_groups divides the output channels
/// @param[out] packed  [n_groups]
/// OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_product_pack(struct oct_op_prepare_call *call,
                                  const struct octi_panel_geometry *geometry,
                                  const struct octi_panel_source *source,
                                  size_t n_groups,
                                  struct octi_panels *packed);

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
    struct octi_qgemm_call call; ///< of row 0; `m` and `line_first` are ignored
};

/// @param executor  may be NULL
void octi_product_run(const struct octi_product *product, const struct oct_executor *executor);

#endif
