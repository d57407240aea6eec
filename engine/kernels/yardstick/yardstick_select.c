#include "engine/kernels/yardstick/yardstick.h"

#include "octet/yardstick.h"

static const struct octi_yardstick yardsticks[] = {
#define OCT_YARDSTICK(file, isa, macs_per_turn, least_macs_per_cycle)                                                  \
    {{#file, OCTI_ISA_##isa}, macs_per_turn, least_macs_per_cycle, octi_##file##_dots, octi_##file##_read},
#include "engine/kernels/yardstick/yardstick.def"
#undef OCT_YARDSTICK
};

OCTI_FAMILY_DEFINE(yardstick, yardsticks);

struct oct_yardstick oct_yardstick_select(uint64_t cpu_features)
{
    const struct octi_yardstick *chosen = octi_yardstick_select(cpu_features);
    return (struct oct_yardstick){.name = chosen->kernel.name,
                                  .isa = octi_isa_name(chosen->kernel.isa),
                                  .macs_per_turn = chosen->macs_per_turn,
                                  .least_macs_per_cycle = chosen->least_macs_per_cycle,
                                  .dots = chosen->dots,
                                  .read = chosen->read};
}
