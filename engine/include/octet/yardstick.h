/// Yardsticks: loops that do one thing as fast as this core can, so that a measured time can be told as a share of what
/// was possible in the same minute. They compute nothing of use. Callers bring the clock.
/// Threads: [any], each call speaks for the core it runs on.
#ifndef OCTET_YARDSTICK_H
#define OCTET_YARDSTICK_H

#include "octet/status.h"

/// The loops of one instruction set. Strings are static.
struct oct_yardstick {
    const char *name;              ///< "yardstick_16x64__avx512vnni"
    const char *isa;               ///< level of engine/kernels/isa.def
    uint64_t macs_per_turn;        ///< int8 multiply-accumulates of one turn of `dots`
    uint64_t least_macs_per_cycle; ///< of `dots` on the narrowest core of this level, undisturbed; 0: not known
    void (*dots)(uint64_t turns);  ///< nothing but the dot products that kernels of this level are made of
    /// Reads `n_bytes` bytes once, in order; what is left over a multiple of 512 is not read.
    void (*read)(const void *bytes, size_t n_bytes);
};

/// The loops of the highest level that `cpu_features` can execute.
OCT_API struct oct_yardstick oct_yardstick_select(uint64_t cpu_features);

/// `turns` times OCT_YARDSTICK_CHAIN additions, each of which waits for the one before: one cycle each on every
/// processor known, so that their time is the core's frequency.
#define OCT_YARDSTICK_CHAIN 64
OCT_API void oct_yardstick_chain(uint64_t turns);

/// Writes back and drops the cache lines of `n_bytes` bytes from all levels. False where this processor has no such
/// instruction for programs: nothing was done.
OCT_API bool oct_yardstick_evict(const void *bytes, size_t n_bytes);

#endif
