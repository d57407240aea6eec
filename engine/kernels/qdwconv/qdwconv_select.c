#include "engine/kernels/qdwconv/qdwconv.h"

static const struct octi_qdwconv rows[] = {
#define OCT_QDWCONV(function, isa, nr, nr_min, kr, k_align, lanes)                                                     \
    {{#function, OCTI_ISA_##isa}, octi_##function, {nr, nr_min, kr, k_align, lanes}},
#include "engine/kernels/qdwconv/qdwconv.def"
#undef OCT_QDWCONV
};

OCTI_FAMILY_DEFINE(qdwconv, rows);
