/// The tile instructions in plain C, for kernels that are compiled into a test (OCTI_TILES_HEADER): what they compute
/// is then known on machines that have no tiles. What the processor would refuse fails an assertion of the test.
#ifndef OCTET_TESTS_SUPPORT_EMULATED_TILES_H
#define OCTET_TESTS_SUPPORT_EMULATED_TILES_H

#include <string.h>

#include "engine/kernels/x86/tile_config.h"
#include "tests/support/oct_check.h"

static struct octi_tile_config emulated_config;
static uint8_t emulated_tiles[OCTI_TILES][OCTI_TILE_ROWS][OCTI_TILE_ROW];

static inline void octi_tiles_configure(const struct octi_tile_config *config)
{
    ck_assert_uint_eq(config->palette, 1);
    for (size_t i = 0; i < 16; i++) {
        ck_assert_uint_le(config->row_bytes[i], i < OCTI_TILES ? OCTI_TILE_ROW : 0);
        ck_assert_uint_le(config->rows[i], i < OCTI_TILES ? OCTI_TILE_ROWS : 0);
        ck_assert_int_eq(config->row_bytes[i] == 0, config->rows[i] == 0);
    }
    emulated_config = *config;
    memset(emulated_tiles, 0, sizeof emulated_tiles);
}

static inline void octi_tiles_current(struct octi_tile_config *config)
{
    *config = emulated_config;
}

static inline void octi_tiles_release(void)
{
    memset(&emulated_config, 0, sizeof emulated_config);
}

static inline void emulate_load(size_t tile, const void *address, size_t stride)
{
    ck_assert_uint_gt(emulated_config.rows[tile], 0);
    memset(emulated_tiles[tile], 0, sizeof emulated_tiles[tile]);
    for (size_t r = 0; r < emulated_config.rows[tile]; r++) {
        memcpy(emulated_tiles[tile][r], (const char *)address + r * stride, emulated_config.row_bytes[tile]);
    }
}

static inline void emulate_store(size_t tile, void *address, size_t stride)
{
    ck_assert_uint_gt(emulated_config.rows[tile], 0);
    for (size_t r = 0; r < emulated_config.rows[tile]; r++) {
        memcpy((char *)address + r * stride, emulated_tiles[tile][r], emulated_config.row_bytes[tile]);
    }
}

static inline void emulate_dot(size_t sums, size_t u, size_t s)
{
    ck_assert_uint_eq(emulated_config.rows[sums], emulated_config.rows[u]);
    ck_assert_uint_eq(emulated_config.row_bytes[u], 4 * emulated_config.rows[s]);
    ck_assert_uint_eq(emulated_config.row_bytes[sums], emulated_config.row_bytes[s]);
    for (size_t r = 0; r < emulated_config.rows[sums]; r++) {
        for (size_t j = 0; j < emulated_config.row_bytes[sums]; j += 4) {
            uint32_t sum;
            memcpy(&sum, &emulated_tiles[sums][r][j], sizeof sum);
            for (size_t k = 0; k < emulated_config.row_bytes[u]; k++) {
                sum += (uint32_t)(emulated_tiles[u][r][k] * (int8_t)emulated_tiles[s][k / 4][j + k % 4]);
            }
            memcpy(&emulated_tiles[sums][r][j], &sum, sizeof sum);
        }
    }
}

#define OCTI_TILE_LOAD(tile, address, stride)  emulate_load(tile, address, (size_t)(stride))
#define OCTI_TILE_STORE(tile, address, stride) emulate_store(tile, address, (size_t)(stride))
#define OCTI_TILE_DOT_U8S8(sums, u, s)         emulate_dot(sums, u, s)

#endif
