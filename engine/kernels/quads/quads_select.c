#include "engine/kernels/quads/quads.h"

static const struct octi_quads rows[] = {
#define OCT_QUADS(function, isa) {{#function, OCTI_ISA_##isa}, octi_##function},
#include "engine/kernels/quads/quads.def"
#undef OCT_QUADS
};

OCTI_FAMILY_DEFINE(quads, rows);
