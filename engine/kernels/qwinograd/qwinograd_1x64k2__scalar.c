// The reference of the family: the formula, one tile and one panel at a time.
#include "engine/kernels/qwinograd/qwinograd.h"

#define WINDOW OCTI_QWINOGRAD_WINDOW
#define TILE   OCTI_QWINOGRAD_TILE
#define FILTER 3

static const int32_t WINDOWS[WINDOW][WINDOW] = {
    // B^T
    {4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
    {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1},
};

static const int32_t FILTERS[WINDOW][FILTER] = {
    // G
    {3, 0, 0}, {-2, -2, -2}, {-2, 2, -2}, {1, 2, 4}, {1, -2, 4}, {0, 0, 12},
};

static const uint32_t OUTPUTS[TILE][WINDOW] = {
    // A^T modulo 2^32, row 0 doubled
    {2, 2, 2, 1, 1, 0},
    {0, 1, -1u, 1, -1u, 0},
    {0, 1, 1, 2, 2, 0},
    {0, 1, -1u, 4, -4u, 1},
};

void octi_qwinograd_1x64k2__scalar_windows(
    const uint8_t *const *pixels, size_t k, uint8_t zero_point, int16_t *v, size_t plane)
{
    for (size_t i = 0; i < k || i % OCTI_QWINOGRAD_CHANNELS != 0; i++) {
        for (size_t position = 0; position < OCTI_QWINOGRAD_POSITIONS; position++) {
            const int32_t *down = WINDOWS[position / WINDOW], *across = WINDOWS[position % WINDOW];
            int32_t sum = 0;
            for (size_t p = 0; p < OCTI_QWINOGRAD_POSITIONS && i < k; p++) {
                sum += down[p / WINDOW] * across[p % WINDOW] * (pixels[p][i] - zero_point);
            }
            v[position * plane + i] = (int16_t)sum;
        }
    }
}

void octi_qwinograd_1x64k2__scalar_filters(const struct octi_panels *weights,
                                           const struct octi_panel *panel,
                                           size_t third,
                                           int16_t *u)
{
    const int8_t *w = (const int8_t *)panel->bytes + octi_panel_header_bytes(panel->width);
    const size_t tap = octi_panel_padded_k(&weights->geometry, weights->k) * panel->width;
    for (size_t index = 0; index < OCTI_QWINOGRAD_THIRD; index++) {
        const size_t position = octi_qwinograd_position(third, index);
        const int32_t *down = FILTERS[position / WINDOW], *across = FILTERS[position % WINDOW];
        for (size_t i = 0; i < 2 * octi_qwinograd_pairs(weights->k); i++) {
            for (size_t j = 0; j < OCTI_QWINOGRAD_COLUMNS; j++) {
                int32_t sum = 0;
                for (size_t t = 0; t < FILTER * FILTER; t++) {
                    sum += down[t / FILTER] * across[t % FILTER] * w[t * tap + (i / 4 * panel->width + j) * 4 + i % 4];
                }
                u[(i / 2 * OCTI_QWINOGRAD_COLUMNS + j) * 2 + i % 2] = (int16_t)sum;
            }
        }
        u += octi_qwinograd_filter_plane(weights->k);
    }
}

void octi_qwinograd_1x64k2__scalar_multiply(const struct octi_qwinograd_call *call, size_t third, const int16_t *u)
{
    for (size_t index = 0; index < OCTI_QWINOGRAD_THIRD; index++) {
        const size_t position = octi_qwinograd_position(third, index);
        for (size_t m = 0; m < call->n; m++) {
            const int16_t *v = call->v + position * call->v_plane + m * call->v_pitch;
            int32_t *sums = call->sums + position * call->sum_plane + m * OCTI_QWINOGRAD_COLUMNS;
            for (size_t j = 0; j < OCTI_QWINOGRAD_COLUMNS; j++) {
                uint32_t sum = 0;
                for (size_t i = 0; i < call->k; i++) {
                    sum += (uint32_t)(u[(i / 2 * OCTI_QWINOGRAD_COLUMNS + j) * 2 + i % 2] * v[i]);
                }
                sums[j] = (int32_t)sum;
            }
        }
        u += octi_qwinograd_filter_plane(call->k);
    }
}

// The sum for output (y, x) of tile m and the column at a place of the panel.
static int32_t output_sum(const struct octi_qwinograd_call *call, size_t m, size_t at, size_t y, size_t x)
{
    uint32_t sum = 0;
    for (size_t p = 0; p < OCTI_QWINOGRAD_POSITIONS; p++) {
        const uint32_t s = (uint32_t)call->sums[p * call->sum_plane + m * OCTI_QWINOGRAD_COLUMNS + at];
        sum += OUTPUTS[y][p / WINDOW] * OUTPUTS[x][p % WINDOW] * s;
    }
    return (int32_t)(sum * OCTI_QWINOGRAD_NINTH) / (1 << octi_qwinograd_shift(y, x)); // nothing remains
}

void octi_qwinograd_1x64k2__scalar_finish(const struct octi_qwinograd_call *call,
                                          const struct octi_panels *weights,
                                          const struct octi_panel *panel)
{
    const float *bias = (const float *)panel->bytes + panel->width, *multiplier = bias + panel->width;
    for (size_t m = 0; m < call->n; m++) {
        const struct octi_qwinograd_target *target = &call->targets[m];
        for (size_t i = 0; i < OCTI_QWINOGRAD_COLUMNS * TILE * TILE; i++) {
            const size_t at = i / (TILE * TILE), y = i / TILE % TILE, x = i % TILE;
            const size_t column = octi_panel_column_at(&weights->geometry, panel->width, at);
            if (column < panel->n && y < target->height && x < target->width) {
                const float sum = (float)output_sum(call, m, at, y, x);
                const float value = fmaf(bias[at], weights->bias_factor, sum) * multiplier[at];
                target->c[y * call->c_line + x * call->c_stride + panel->first + column] =
                    (uint8_t)octi_round_clamp(value, call->output);
            }
        }
    }
}
