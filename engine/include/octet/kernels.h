/// Kernels: what tools may know of the routines behind the operators: a list, and a check that this processor computes
/// with them what it should. Which one a model uses is the plan's choice (oct_plan_step).
/// Threads: [any], all constant.
#ifndef OCTET_KERNELS_H
#define OCTET_KERNELS_H

#include "octet/status.h"

/// One kernel. Strings are static.
struct oct_kernel_info {
    const char *name;   ///< "qgemm_6x64k4__avx512vnni"
    const char *family; ///< "qgemm"
    const char *isa;    ///< level of engine/kernels/isa.def
    uint64_t required;  ///< OCT_CPU_BIT()s that must be present
    bool chosen;        ///< it is the one its family picks for the features asked about
};

/// Kernels compiled into this library, all families.
OCT_API size_t oct_kernel_count(void);
/// `index` < oct_kernel_count(); `chosen` answers for `cpu_features`.
OCT_API struct oct_kernel_info oct_kernel_at(size_t index, uint64_t cpu_features);

/// Runs every kernel that `cpu_features` can execute on a small known case and compares with its family's scalar one,
/// byte for byte. Takes microseconds; speaks for the core it runs on. OCT_ERR_INTERNAL names the kernel that differs:
/// a processor that cannot be trusted. `cpu_features` must not exceed oct_cpu_detect().
OCT_API OCT_NODISCARD enum oct_status oct_kernels_self_test(uint64_t cpu_features, struct oct_error *error);

#endif
