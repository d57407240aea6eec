/// The weights of one panel, without its header. For panel.c. Threads: [one].
#ifndef OCTET_ENGINE_KERNELS_PANEL_WEIGHTS_H
#define OCTET_ENGINE_KERNELS_PANEL_WEIGHTS_H

#include "engine/kernels/panel/panel.h"

/// All that packing a panel goes by.
struct octi_panel_packing {
    const struct octi_panel_geometry *geometry;
    const struct octi_panel_source *source; ///< of the panel: column 0 is its first
    const struct octi_quads *quads;
    size_t width;
    const uint16_t *columns; ///< [width] octi_panel_column_at() of each position
    int8_t *weights;         ///< of the panel
    uint32_t *sums;          ///< [taps][width] or [width]: where the weights of each position are added up, modulo 2^32
    size_t sums_step;        ///< from one tap's sums to the next; 0: those of all taps are one
};

/// Packs n columns, at most the width, and adds up their weights. What no weight belongs to is left as it is.
void octi_panel_pack_weights(const struct octi_panel_packing *packing, size_t n);

#endif
