#include "engine/kernels/qgemm/qgemm.h"

static const struct octi_qgemm rows[] = {
#define OCT_QGEMM(function, isa, mr, ...) {{#function, OCTI_ISA_##isa}, octi_##function, mr, {.nr = __VA_ARGS__}},
#include "engine/kernels/qgemm/qgemm.def"
#undef OCT_QGEMM
};

OCTI_FAMILY_DEFINE(qgemm, rows);
