/// Grouped convolution with few channels: a group fills neither the columns of a panel nor its quads, so neighbouring
/// groups are taken together as one whose weights outside the diagonal blocks stand for nothing (they equal the weight
/// zero point). Products that a vector unit would leave idle pay for them; the sums are the same.
/// Threads: [one] like all preparing.
#ifndef OCTET_ENGINE_OPS_MERGED_GROUPS_H
#define OCTET_ENGINE_OPS_MERGED_GROUPS_H

#include "engine/kernels/panel/panel.h"
#include "engine/ops/conv_geometry.h"

/// How many groups become one, a divisor of geometry->groups; 1: they stay as they are.
int64_t octi_merged_groups(const struct octi_conv_geometry *geometry, const struct octi_panel_geometry *layout);

/// Spreads the weight into plan memory and describes it.
/// @param merged  as octi_merged_groups() says
/// @param[in,out] source  all groups as they are; then the spread ones
/// OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_merge_groups(struct oct_op_prepare_call *call,
                                  const struct octi_conv_geometry *geometry,
                                  int64_t merged,
                                  struct octi_panel_source *source);

#endif
