#include "engine/kernels/qfirstconv/qfirstconv.h"
#include "engine/kernels/qfirstconv/tails.h"

static const struct octi_qfirstconv rows[] = {
#define OCT_QFIRSTCONV(function, isa, taps, k, ...)                                                                    \
    {{#function, OCTI_ISA_##isa}, octi_##function, taps, k, {.nr = __VA_ARGS__}},
#include "engine/kernels/qfirstconv/qfirstconv.def"
#undef OCT_QFIRSTCONV
};

OCTI_FAMILY_DEFINE(qfirstconv, rows);

bool octi_qfirstconv_takes(const struct octi_qfirstconv_window *window)
{
    int64_t tail = window->k % 4;
    return tail > 0 && window->taps <= 4 * OCTI_TAILS_QUADS / tail && (window->taps * tail + 3) / 4 < window->taps &&
           (OCTI_TAILS_PIXELS - 1) * window->x_stride + tail <= OCTI_TAILS_BYTES;
}

const struct octi_qfirstconv *octi_qfirstconv_select_window(uint64_t cpu_features,
                                                            const struct octi_qfirstconv_window *window)
{
    const struct octi_qfirstconv *chosen = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct octi_qfirstconv *row = &rows[i];
        const bool any = row->taps == 0;
        if (row->geometry.tails && octi_qfirstconv_takes(window) &&
            (octi_isa_required(row->kernel.isa) & ~cpu_features) == 0 &&
            (any ? chosen == NULL : row->taps == window->taps && row->k == window->k)) {
            chosen = row;
        }
    }
    return chosen;
}
