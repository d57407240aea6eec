#include "engine/kernels/qgroupconv/qgroupconv.h"

/// Merged groups take so many products of quads for each column, whatever their channels: 16 columns by 16 channels.
#define MERGED_QUADS 4

static const struct octi_qgroupconv rows[] = {
#define OCT_QGROUPCONV(function, isa, channels, ...)                                                                   \
    {{#function, OCTI_ISA_##isa}, octi_##function, channels, {.nr = __VA_ARGS__}},
#include "engine/kernels/qgroupconv/qgroupconv.def"
#undef OCT_QGROUPCONV
};

OCTI_FAMILY_DEFINE(qgroupconv, rows);

// A panel takes its products whether it is full or not.
static bool is_worth_it(const struct octi_qgroupconv *kernel, int64_t columns)
{
    int64_t panels = (columns - 1) / kernel->geometry.nr + 1;
    return panels <= columns * MERGED_QUADS * 4 / (kernel->geometry.nr * kernel->channels);
}

const struct octi_qgroupconv *
octi_qgroupconv_select_groups(uint64_t cpu_features, int64_t groups, int64_t channels, int64_t outputs)
{
    const struct octi_qgroupconv *chosen = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].channels != 0 && channels == rows[i].channels && outputs == channels && groups > 1 &&
            (octi_isa_required(rows[i].kernel.isa) & ~cpu_features) == 0 && is_worth_it(&rows[i], groups * outputs)) {
            chosen = &rows[i];
        }
    }
    return chosen;
}
