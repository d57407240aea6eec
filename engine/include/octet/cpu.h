/// CPU features: what the kernels may use. Detection asks the processor and the operating system (ZMM and tile state
/// must be enabled by both); nothing here is compiled with instruction-set flags.
#ifndef OCTET_CPU_H
#define OCTET_CPU_H

#include "octet/status.h"

/// Bits, in `cpu_features.def`: one row per feature.
enum oct_cpu_feature {
#define OCT_CPU_FEATURE(name, text, source) OCT_CPU_INDEX_##name,
#include "octet/cpu_features.def"
#undef OCT_CPU_FEATURE
    OCT_CPU_FEATURE_COUNT
};
#define OCT_CPU_BIT(name) ((uint64_t)1 << OCT_CPU_INDEX_##name)

/// Features of this machine, before any mask. [any] Constant for the life of the process; detects at each call
/// (microseconds).
OCT_API uint64_t oct_cpu_detect(void);
/// "avx512vnni"; NULL past the last.
OCT_API const char *oct_cpu_feature_name(size_t index);
/// Reads a mask of what may be used: an ISA's name of engine/kernels/isa.def ("scalar", "avx2", "avx512vnni": that
/// level and all below it), or a hexadecimal number. OCT_ERR_INVALID names the known levels.
OCT_API OCT_NODISCARD enum oct_status oct_cpu_mask_parse(const char *text, uint64_t *mask, struct oct_error *error);
/// The name of the highest ISA level of isa.def that `features` allows; never NULL.
OCT_API const char *oct_cpu_isa_name(uint64_t features);

#endif
