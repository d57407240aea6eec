#include "engine/kernels/family.h"

#include "octet/cpu.h"

struct isa_row {
    const char *name;
    uint64_t required;
};

static const struct isa_row rows[OCTI_ISA_COUNT] = {
#define OCT_ISA(tag, family, required, flags) {#tag, required},
#include "engine/kernels/isa.def"
#undef OCT_ISA
};

const char *octi_isa_name(enum octi_isa isa)
{
    return rows[isa].name;
}

uint64_t octi_isa_required(enum octi_isa isa)
{
    return rows[isa].required;
}
