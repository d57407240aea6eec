/// Rows of a product brought together: what a qgemm call would read tap by tap becomes one run of bytes per row.
///
/// For kernels that read tiles of rows one stride apart (geometry.gathered): a convolution is gathered once for all
/// panels of a block. Row m goes to to + m*pitch, its taps one behind the other, k bytes each; what lies between
/// taps*k and `pitch` is left as it is.
///
/// Threads: [any], no shared state. Cannot fail. Reads and writes nothing but that. Reference: gather_1__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_GATHER_GATHER_H
#define OCTET_ENGINE_KERNELS_GATHER_GATHER_H

#include "engine/kernels/qgemm/qgemm.h"

/// @param call   says where rows and taps are, as to a qgemm kernel; its results are not looked at
/// @param pitch  BYTES between rows, >= taps * k
typedef void (*octi_gather_fn)(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch, uint8_t *to);

struct octi_gather {
    struct octi_kernel kernel;
    octi_gather_fn run;
};

OCTI_FAMILY_DECLARE(gather);

#define OCT_GATHER(function, isa)                                                                                      \
    void octi_##function(const struct octi_qgemm_call *call, size_t taps, size_t k, size_t pitch, uint8_t *to);
#include "engine/kernels/gather/gather.def"
#undef OCT_GATHER

#endif
