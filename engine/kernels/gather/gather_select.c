#include "engine/kernels/gather/gather.h"

static const struct octi_gather rows[] = {
#define OCT_GATHER(function, isa) {{#function, OCTI_ISA_##isa}, octi_##function},
#include "engine/kernels/gather/gather.def"
#undef OCT_GATHER
};

OCTI_FAMILY_DEFINE(gather, rows);
