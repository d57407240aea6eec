#include "engine/kernels/qgemm/qgemm.h"

#if defined(__x86_64__)
#include "engine/kernels/x86/tiles.h"
#endif

static const struct octi_qgemm rows[] = {
#define OCT_QGEMM(function, isa, mr, ...) {{#function, OCTI_ISA_##isa}, octi_##function, mr, {.nr = __VA_ARGS__}},
#include "engine/kernels/qgemm/qgemm.def"
#undef OCT_QGEMM
};

OCTI_FAMILY_DEFINE(qgemm, rows);

/// A step of tiles is 64 deep however little of it is used; vectors are as fast at about this depth.
#define MIN_TILE_DEPTH 40

const struct octi_qgemm *octi_qgemm_select_depth(uint64_t cpu_features, size_t depth)
{
    const struct octi_qgemm *chosen = octi_qgemm_select(cpu_features);
    while (chosen->geometry.gathered && depth < MIN_TILE_DEPTH) {
        chosen--; // the first row is scalar
        while ((octi_isa_required(chosen->kernel.isa) & ~cpu_features) != 0) {
            chosen--;
        }
    }
    return chosen;
}

void octi_qgemm_done(const struct octi_panel_geometry *geometry)
{
#if defined(__x86_64__)
    if (geometry->gathered) {
        octi_tiles_release();
    }
#else
    (void)geometry;
#endif
}
