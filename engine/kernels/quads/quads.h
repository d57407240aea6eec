/// Weights of 16 columns into quads side by side: the inner loop of packing panels of kr = 4 (panel/panel.h).
///
/// A column's weights of consecutive k lie `stride` elements apart, those of `taps` taps between them. Quad i of tap t
/// of column p, weights 4*i to 4*i + 3, goes to to + t*tap_step + i*step + 4*p, and the sum of its weights is added to
/// sums[t*sums_step + p], modulo 2^32.
///
/// What is written may bypass the caches and wait in buffers of the core: octi_quads_done() before another thread is
/// told of it. Threads: [any], no shared state. Cannot fail. Reads and writes nothing but that. Reference:
/// quads_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QUADS_QUADS_H
#define OCTET_ENGINE_KERNELS_QUADS_QUADS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/family.h"

#define OCTI_QUADS_COLUMNS 16
#define OCTI_QUADS_MAX     16 ///< of a call: a piece of a panel that the first-level cache holds

struct octi_quads_call {
    const int8_t *const *columns; ///< [OCTI_QUADS_COLUMNS]; NULL: a column of zeros
    size_t first;                 ///< ELEMENTS from there to the first weight of the first tap
    size_t n;                     ///< quads of a tap, 1..OCTI_QUADS_MAX
    size_t taps, stride;          ///< 1 <= taps <= stride
    int8_t *to;                   ///< 64-byte aligned
    size_t step, tap_step;        ///< BYTES, multiples of 64
    uint32_t *sums;               ///< [taps][OCTI_QUADS_COLUMNS]
    size_t sums_step;             ///< 0: those of all taps together
};

typedef void (*octi_quads_fn)(const struct octi_quads_call *call);

struct octi_quads {
    struct octi_kernel kernel;
    octi_quads_fn run;
};

OCTI_FAMILY_DECLARE(quads);

/// After the last call: other threads see what it and those before have written once they see anything written later.
static inline void octi_quads_done(void)
{
#if defined(__x86_64__)
    __builtin_ia32_sfence(); // nobody else has stores that bypass the caches
#endif
}

#define OCT_QUADS(function, isa) void octi_##function(const struct octi_quads_call *call);
#include "engine/kernels/quads/quads.def"
#undef OCT_QUADS

#endif
