#include "engine/kernels/qdwconv/qdwconv.h"

static const struct octi_qdwconv rows[] = {
#define OCT_QDWCONV(function, isa, height, width, ...)                                                                 \
    {{#function, OCTI_ISA_##isa}, octi_##function, height, width, {.nr = __VA_ARGS__}},
#include "engine/kernels/qdwconv/qdwconv.def"
#undef OCT_QDWCONV
};

OCTI_FAMILY_DEFINE(qdwconv, rows);

static bool is_for(const struct octi_qdwconv *kernel, const struct octi_qdwconv_window *window)
{
    return kernel->width != 0 && window->width == kernel->width &&
           (kernel->height == 0 || window->height == kernel->height) && window->x_stride <= 2 &&
           window->x_dilation == 1;
}

const struct octi_qdwconv *octi_qdwconv_select_window(uint64_t cpu_features, const struct octi_qdwconv_window *window)
{
    const struct octi_qdwconv *chosen = octi_qdwconv_select(cpu_features);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].kernel.isa >= chosen->kernel.isa && is_for(&rows[i], window) &&
            (octi_isa_required(rows[i].kernel.isa) & ~cpu_features) == 0) {
            chosen = &rows[i];
        }
    }
    return chosen;
}

struct octi_panel_source octi_qdwconv_source(const struct octi_qdwconv *kernel, struct octi_panel_source source)
{
    source.depthwise = kernel->width == 0;
    if (kernel->width != 0) {
        source.channels = source.window_height;
        source.channel_stride = source.y_stride;
        source.window_height = 1;
    }
    return source;
}
