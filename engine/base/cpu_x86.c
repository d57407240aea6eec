#define _GNU_SOURCE // syscall(2): Linux grants AMX tile state on request only
/// Feature bits of x86-64, asked of the processor and of the operating system. Compiled with no instruction-set flags:
/// a detector that itself uses AVX dies on the machine it should protect.
#include "engine/base/cpu_family.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XCR0_YMM            0x6u     // SSE and AVX state
#define XCR0_ZMM            0xe6u    // plus opmask and both halves of ZMM
#define XCR0_TILE           0x60000u // tile configuration and data
#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA  18

static uint64_t read_xcr0(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static uint64_t bit_if(uint32_t word, unsigned bit, uint64_t feature)
{
    return (word >> bit) & 1u ? feature : 0;
}

uint64_t octi_cpu_detect_family(void)
{
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0) {
        return 0;
    }
    uint64_t features = bit_if(c, 19, OCT_CPU_BIT(SSE41));
    bool os_saves = ((c >> 27) & 1u) != 0; // OSXSAVE
    uint64_t xcr0 = os_saves ? read_xcr0() : 0;
    if ((xcr0 & XCR0_YMM) != XCR0_YMM) {
        return features;
    }
    features |= bit_if(c, 12, OCT_CPU_BIT(FMA));
    uint32_t highest_subleaf;
    if (__get_cpuid_count(7, 0, &highest_subleaf, &b, &c, &d) == 0) {
        return features;
    }
    features |= bit_if(b, 5, OCT_CPU_BIT(AVX2));
    if ((xcr0 & XCR0_ZMM) == XCR0_ZMM) {
        features |= bit_if(b, 16, OCT_CPU_BIT(AVX512F)) | bit_if(b, 17, OCT_CPU_BIT(AVX512DQ)) |
                    bit_if(b, 30, OCT_CPU_BIT(AVX512BW)) | bit_if(b, 31, OCT_CPU_BIT(AVX512VL)) |
                    bit_if(c, 1, OCT_CPU_BIT(AVX512VBMI)) | bit_if(c, 11, OCT_CPU_BIT(AVX512VNNI));
    }
    bool has_amx = ((d >> 24) & 1u) != 0 && ((d >> 25) & 1u) != 0;
    if (has_amx && (xcr0 & XCR0_TILE) == XCR0_TILE &&
        syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0) {
        features |= OCT_CPU_BIT(AMXINT8); // Linux grants tile state on request only
    }
    if (highest_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) {
        features |= bit_if(a, 4, OCT_CPU_BIT(AVXVNNI));
    }
    return features;
}
#endif
