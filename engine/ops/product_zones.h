/// The zones of a convolution (conv_zones.h) as its product has them: tables in plan memory, the rows and offsets of
/// which layers of the same geometry share.
/// Threads: preparing [one]; else [any].
#ifndef OCTET_ENGINE_OPS_PRODUCT_ZONES_H
#define OCTET_ENGINE_OPS_PRODUCT_ZONES_H

#include "engine/kernels/panel/panel.h"
#include "engine/ops/conv_zones.h"

struct octi_product_zone {
    int64_t n_rows;
    const int32_t *rows;      ///< [n_rows] of an image's output, ascending
    const int32_t *offsets;   ///< [taps.n][n_rows]
    struct octi_tap_set taps; ///< of the weights
};

/// Every row of an image is in one of them.
struct octi_product_zones {
    size_t n; ///< 0: there are none
    const struct octi_product_zone *zones;
    size_t positions;      ///< of a vector of starts
    const int32_t *starts; ///< [groups][n][positions]
};

/// Makes the tables, but not the starts.
/// @param channels  of a pixel of the image
/// OCT_ERR_NOMEM, OCT_ERR_LIMIT.
enum oct_status octi_product_zones_plan(struct oct_op_prepare_call *call,
                                        const struct octi_conv_geometry *geometry,
                                        size_t channels,
                                        const struct octi_conv_zones *from,
                                        struct octi_product_zones *zones);

/// Index of the zone's first row that is `row` of the image or lies behind it.
int64_t octi_product_zone_find(const struct octi_product_zone *zone, int64_t row);

#endif
