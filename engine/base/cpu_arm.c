/// Feature bits of AArch64, from the kernel's auxiliary vector.
#include "engine/base/cpu_family.h"

#if defined(__aarch64__)
#include <sys/auxv.h>

#define HWCAP_BIT_ASIMDDP (1ul << 20)
#define HWCAP2_BIT_I8MM   (1ul << 13)

uint64_t octi_cpu_detect_family(void)
{
    uint64_t features = OCT_CPU_BIT(NEON);
    if ((getauxval(AT_HWCAP) & HWCAP_BIT_ASIMDDP) != 0) {
        features |= OCT_CPU_BIT(NEONDOT);
    }
    if ((getauxval(AT_HWCAP2) & HWCAP2_BIT_I8MM) != 0) {
        features |= OCT_CPU_BIT(NEONI8MM);
    }
    return features;
}
#endif
