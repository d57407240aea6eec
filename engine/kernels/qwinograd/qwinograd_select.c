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

bool octi_qwinograd_holds(const int8_t *weights, size_t n_columns, size_t depth, int32_t x_zero_point)
{
    const int64_t below = x_zero_point, above = 255 - x_zero_point;
    for (size_t n = 0; n < n_columns; n++) {
        int64_t sum = 0, magnitude = 0;
        for (size_t i = 0; i < depth; i++, weights++) {
            sum += *weights;
            magnitude += *weights < 0 ? -*weights : *weights;
        }
        const int64_t positive = (magnitude + sum) / 2, negative = (magnitude - sum) / 2;
        if (above * positive + below * negative >= MOST_SUM || below * positive + above * negative > MOST_SUM) {
            return false;
        }
    }
    return true;
}
