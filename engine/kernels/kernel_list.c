#include "octet/kernels.h"

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

size_t oct_kernel_count(void)
{
    size_t count = 0;
#define OCT_FAMILY(family) count += octi_##family##_count();
#include "engine/kernels/families.def"
#undef OCT_FAMILY
    return count;
}

static struct oct_kernel_info describe(const struct octi_kernel *kernel, const char *family, bool chosen)
{
    struct oct_kernel_info info = {.name = kernel->name, .family = family, .chosen = chosen};
    info.isa = octi_isa_name(kernel->isa);
    info.required = octi_isa_required(kernel->isa);
    return info;
}

struct oct_kernel_info oct_kernel_at(size_t index, uint64_t cpu_features)
{
#define OCT_FAMILY(family)                                                                                             \
    if (index < octi_##family##_count()) {                                                                             \
        const struct octi_##family *record = octi_##family##_at(index);                                                \
        return describe(&record->kernel, #family, record == octi_##family##_select(cpu_features));                     \
    }                                                                                                                  \
    index -= octi_##family##_count();
#include "engine/kernels/families.def"
#undef OCT_FAMILY
    return (struct oct_kernel_info){.name = "none", .family = "none", .isa = "none"};
}
