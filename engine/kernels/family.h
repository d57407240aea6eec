/// What every kernel record carries, and how a family chooses among its records.
///
/// A family is one formula; its records are rows of `<family>.def`, lowest ISA first. Choosing is a pure function of
/// the features given to it: nothing here looks at the processor, so a test can pretend any machine and a plan keeps
/// what was chosen for it. Threads: [any], everything is constant.
#ifndef OCTET_ENGINE_KERNELS_FAMILY_H
#define OCTET_ENGINE_KERNELS_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Levels of isa.def.
enum octi_isa {
#define OCT_ISA(tag, family, required, flags) OCTI_ISA_##tag,
#include "engine/kernels/isa.def"
#undef OCT_ISA
    OCTI_ISA_COUNT
};

/// "avx2"
const char *octi_isa_name(enum octi_isa isa);
/// OCT_CPU_BIT()s a kernel of this level executes with.
uint64_t octi_isa_required(enum octi_isa isa);

/// First member of every kernel record.
struct octi_kernel {
    const char *name; ///< function without its prefix
    enum octi_isa isa;
};

/// Declares, for records `struct octi_<family>`: their number, record `index`, and the choice for `cpu_features` (never
/// NULL: the scalar record needs nothing).
#define OCTI_FAMILY_DECLARE(family)                                                                                    \
    size_t octi_##family##_count(void);                                                                                \
    const struct octi_##family *octi_##family##_at(size_t index);                                                      \
    const struct octi_##family *octi_##family##_select(uint64_t cpu_features)

/// Defines them over `static const struct octi_<family> <table>[]`.
#define OCTI_FAMILY_DEFINE(family, table)                                                                              \
    size_t octi_##family##_count(void)                                                                                 \
    {                                                                                                                  \
        return sizeof(table) / sizeof(table)[0];                                                                       \
    }                                                                                                                  \
    const struct octi_##family *octi_##family##_at(size_t index)                                                       \
    {                                                                                                                  \
        return &(table)[index];                                                                                        \
    }                                                                                                                  \
    const struct octi_##family *octi_##family##_select(uint64_t cpu_features)                                          \
    {                                                                                                                  \
        size_t chosen = 0;                                                                                             \
        for (size_t i = 0; i < sizeof(table) / sizeof(table)[0]; i++) {                                                \
            if ((octi_isa_required((table)[i].kernel.isa) & ~cpu_features) == 0) {                                     \
                chosen = i;                                                                                            \
            }                                                                                                          \
        }                                                                                                              \
        return &(table)[chosen];                                                                                       \
    }                                                                                                                  \
    _Static_assert(sizeof(table) > 0, "a family has at least its scalar kernel")

#endif
