#include "engine/kernels/qwinograd/qwinograd.h"

static const struct octi_qwinograd rows[] = {
#define OCT_QWINOGRAD(function, isa)                                                                                   \
    {{#function, OCTI_ISA_##isa},                                                                                      \
     octi_##function##_windows,                                                                                        \
     octi_##function##_filters,                                                                                        \
     octi_##function##_multiply,                                                                                       \
     octi_##function##_finish},
#include "engine/kernels/qwinograd/qwinograd.def"
#undef OCT_QWINOGRAD
};

OCTI_FAMILY_DEFINE(qwinograd, rows);

/// What acc may reach.
#define MOST_SUM ((int64_t)1 << 25)

const struct octi_panel_geometry octi_qwinograd_geometry = {
    .nr = OCTI_QWINOGRAD_COLUMNS, .nr_min = OCTI_QWINOGRAD_COLUMNS, .kr = 4, .k_align = 4, .lanes = 4};

bool octi_qwinograd_reads(const struct octi_panels *weights)
{
    const struct octi_panel_geometry *geometry = &weights->geometry;
    bool reads = weights->taps == 9 && !weights->weight_zero_points && geometry->kr == 4 && geometry->lanes == 4 &&
                 geometry->quads == 0;
    for (size_t i = 0; i < weights->n_panels; i++) {
        reads = reads && weights->panels[i].width == OCTI_QWINOGRAD_COLUMNS;
    }
    return reads;
}

// Sums of this many weights fit 32 bits by far.
#define PIECE ((size_t)1 << 16)

// Sums of a column's weights: of those above 0, and of all. In a form that compilers make vectors of.
static void sum_column(const int8_t *weights, size_t depth, int64_t *positive, int64_t *all)
{
    *positive = *all = 0;
    for (size_t at = 0; at < depth; at += PIECE) {
        const size_t end = depth - at < PIECE ? depth : at + PIECE;
        int32_t above = 0, sum = 0;
        for (size_t i = at; i < end; i++) {
            above += weights[i] > 0 ? weights[i] : 0;
            sum += weights[i];
        }
        *positive += above;
        *all += sum;
    }
}

bool octi_qwinograd_holds(const int8_t *weights, size_t n_columns, size_t depth, int32_t x_zero_point)
{
    const int64_t below = x_zero_point, above = 255 - x_zero_point;
    for (size_t n = 0; n < n_columns; n++, weights += depth) {
        int64_t positive, all;
        sum_column(weights, depth, &positive, &all);
        const int64_t negative = positive - all;
        if (above * positive + below * negative >= MOST_SUM || below * positive + above * negative > MOST_SUM) {
            return false;
        }
    }
    return true;
}
