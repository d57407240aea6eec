#include "engine/kernels/pool/pool.h"

#define ROW(function, isa) {{#function, OCTI_ISA_##isa}, octi_##function},

static const struct octi_qmaxpool maxima[] = {
#define OCT_QMAXPOOL ROW
#define OCT_QSUMPOOL(function, isa)
#include "engine/kernels/pool/pool.def"
#undef OCT_QMAXPOOL
#undef OCT_QSUMPOOL
};

static const struct octi_qsumpool sums[] = {
#define OCT_QMAXPOOL(function, isa)
#define OCT_QSUMPOOL ROW
#include "engine/kernels/pool/pool.def"
#undef OCT_QMAXPOOL
#undef OCT_QSUMPOOL
};

OCTI_FAMILY_DEFINE(qmaxpool, maxima);
OCTI_FAMILY_DEFINE(qsumpool, sums);
