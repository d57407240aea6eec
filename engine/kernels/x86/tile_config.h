/// The shape of AMX tiles, as the processor reads it.
#ifndef OCTET_ENGINE_KERNELS_X86_TILE_CONFIG_H
#define OCTET_ENGINE_KERNELS_X86_TILE_CONFIG_H

#include <stdint.h>

#define OCTI_TILES     8
#define OCTI_TILE_ROWS 16 ///< most rows of a tile
#define OCTI_TILE_ROW  64 ///< BYTES of a full row

/// Memory layout of ldtilecfg, palette 1.
struct octi_tile_config {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};
_Static_assert(sizeof(struct octi_tile_config) == 64, "what ldtilecfg reads");

#endif
