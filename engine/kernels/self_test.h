/// The known-answer check of one kernel: a small case that exercises whole and partial tiles, computed by the kernel
/// and by the family's scalar one, compared byte for byte. Stack only, microseconds. Threads: [any].
#ifndef OCTET_ENGINE_KERNELS_SELF_TEST_H
#define OCTET_ENGINE_KERNELS_SELF_TEST_H

#include "engine/kernels/elementwise/dequantize.h"
#include "engine/kernels/elementwise/lut.h"
#include "engine/kernels/elementwise/qadd.h"
#include "engine/kernels/elementwise/qmul.h"
#include "engine/kernels/elementwise/quantize.h"
#include "engine/kernels/gather/gather.h"
#include "engine/kernels/pool/pool.h"
#include "engine/kernels/qdwconv/qdwconv.h"
#include "engine/kernels/qfirstconv/qfirstconv.h"
#include "engine/kernels/qgemm/qgemm.h"
#include "engine/kernels/qgroupconv/qgroupconv.h"
#include "engine/kernels/quads/quads.h"
#include "engine/kernels/qwinograd/qwinograd.h"
#include "engine/kernels/transpose/transpose.h"

/// bool octi_<family>_self_test(record): true when the answer is right. The CPU must have what the record requires.
#define OCT_FAMILY(family) bool octi_##family##_self_test(const struct octi_##family *record);
#include "engine/kernels/families.def"
#undef OCT_FAMILY

#endif
