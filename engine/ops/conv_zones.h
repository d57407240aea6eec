/// Zones: output pixels of a convolution that see the same elements of the window, the others of which lie in the
/// padding. A zone's products are done for what it sees only: 16 % of a 3x3 window on 7x7 pixels is padding, 18 % of
/// one dilated by 4 on 28x28. Zones are joined where so few pixels lie in them that reading their weights would cost
/// more than the products saved: corners belong to a border. Threads: [any]; no allocation.
#ifndef OCTET_ENGINE_OPS_CONV_ZONES_H
#define OCTET_ENGINE_OPS_CONV_ZONES_H

#include "engine/ops/conv_geometry.h"

#define OCTI_MAX_ZONES 64

/// Elements of the window along a dimension.
struct octi_conv_span {
    int64_t begin, end;
};

/// Neighbouring output positions along a dimension that see the same elements.
struct octi_conv_band {
    int64_t begin, end;
    struct octi_conv_span sees;
};

struct octi_conv_zone {
    int64_t pixels;
    int64_t first, last;                        ///< pixel of an image
    struct octi_conv_span sees[OCTI_CONV_DIMS]; ///< what some pixel of it sees
};

/// Bands of three dimensions cut the output into boxes, and every box belongs to a zone.
struct octi_conv_zones {
    size_t n;
    struct octi_conv_zone zones[OCTI_MAX_ZONES];
    size_t n_bands[OCTI_CONV_DIMS];
    struct octi_conv_band bands[OCTI_CONV_DIMS][OCTI_MAX_ZONES];
    uint8_t zone_of[OCTI_MAX_ZONES]; ///< [depth][height][width] of bands
};

/// What a product is made of, for weighing zones.
struct octi_conv_zone_costs {
    int64_t block_rows;  ///< rows of an image that are done together
    int64_t quads;       ///< of channels that a tap has
    double least_saving; ///< share of the products: zones that save less are not worth it
};

/// False: one zone is as good, or nearly.
bool octi_conv_zones_plan(const struct octi_conv_geometry *geometry,
                          const struct octi_conv_zone_costs *costs,
                          struct octi_conv_zones *zones);

/// Elements of the window that a zone sees.
int64_t octi_conv_zone_taps(const struct octi_conv_zone *zone);

#endif
