#include "engine/kernels/transpose/transpose.h"

static const struct octi_transpose rows[] = {
#define OCT_TRANSPOSE(function, isa) {{#function, OCTI_ISA_##isa}, octi_##function##_bytes, octi_##function##_words},
#include "engine/kernels/transpose/transpose.def"
#undef OCT_TRANSPOSE
};

OCTI_FAMILY_DEFINE(transpose, rows);
