/// Packing the weights of quantized linear and convolution into a plan; product_run.h runs them.
/// Threads: [one].
#ifndef OCTET_ENGINE_OPS_PACKED_PRODUCT_H
#define OCTET_ENGINE_OPS_PACKED_PRODUCT_H

#include "engine/ops/product_zones.h"
#include "octet/op.h"

/// Packs the weight of a quantized linear or convolution (inputs as in quantized_weights.h) into plan memory.
/// @param source   of group 0; later groups' columns follow it. `weights` NULL: the weight as it is given, read in
///                 pieces (oct_op_prepare_read); its columns lie `column_stride` bytes apart
/// @param n_groups divides the output channels
/// @param[out] packed  [n_groups]
/// @param[in,out] zones  get their starts; NULL or n == 0: there are none
/// @param[in,out] holds  stays true if octi_qwinograd_holds() says so of all that was read; NULL: nobody asks
/// OCT_ERR_NOMEM, OCT_ERR_LIMIT, those of reading.
enum oct_status octi_product_pack(struct oct_op_prepare_call *call,
                                  const struct octi_panel_geometry *geometry,
                                  const struct octi_panel_source *source,
                                  size_t n_groups,
                                  struct octi_panels *packed,
                                  struct octi_product_zones *zones,
                                  bool *holds);

#endif
