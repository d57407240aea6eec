// Four tiles of sums: more than the latency of a product needs. The operands are no zeros: a core may run faster on
// those.
#include "engine/kernels/x86/tiles.h"
#include "engine/kernels/yardstick/yardstick.h"

#define DOTS                                                                                                           \
    OCTI_TILE_DOT_U8S8(0, 4, 5);                                                                                       \
    OCTI_TILE_DOT_U8S8(1, 4, 6);                                                                                       \
    OCTI_TILE_DOT_U8S8(2, 7, 5);                                                                                       \
    OCTI_TILE_DOT_U8S8(3, 7, 6);

void octi_yardstick_16x64__amxint8_dots(uint64_t turns)
{
    struct octi_tile_config config = {.palette = 1};
    uint8_t row[OCTI_TILE_ROW];
    for (size_t i = 0; i < OCTI_TILES; i++) {
        config.row_bytes[i] = OCTI_TILE_ROW;
        config.rows[i] = OCTI_TILE_ROWS;
    }
    for (size_t i = 0; i < sizeof row; i++) {
        row[i] = (uint8_t)(100 + i);
    }
    octi_tiles_configure(&config);
    OCTI_TILE_LOAD(4, row, 0);
    OCTI_TILE_LOAD(5, row, 0);
    OCTI_TILE_LOAD(6, row, 0);
    OCTI_TILE_LOAD(7, row, 0);
    for (uint64_t turn = 0; turn < turns; turn++) {
        DOTS DOTS
    }
    octi_tiles_release();
}

void octi_yardstick_16x64__amxint8_read(const void *bytes, size_t n_bytes)
{
    octi_yardstick_16x64__avx512vnni_read(bytes, n_bytes);
}
