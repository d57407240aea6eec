/// The loops behind octet/yardstick.h, one record per instruction set, chosen as every family's kernels are. No family
/// of families.def: there is nothing to compare and nothing a model would run.
#ifndef OCTET_ENGINE_KERNELS_YARDSTICK_YARDSTICK_H
#define OCTET_ENGINE_KERNELS_YARDSTICK_YARDSTICK_H

#include "engine/kernels/family.h"

struct octi_yardstick {
    struct octi_kernel kernel;
    uint64_t macs_per_turn;
    uint64_t least_macs_per_cycle;
    void (*dots)(uint64_t turns);
    void (*read)(const void *bytes, size_t n_bytes);
};

#define OCT_YARDSTICK(file, isa, macs_per_turn, least_macs_per_cycle)                                                  \
    void octi_##file##_dots(uint64_t turns);                                                                           \
    void octi_##file##_read(const void *bytes, size_t n_bytes);
#include "engine/kernels/yardstick/yardstick.def"
#undef OCT_YARDSTICK

OCTI_FAMILY_DECLARE(yardstick);

#endif
