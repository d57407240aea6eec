/// Pooling of one window, channels-last: all channels of one output pixel at a time.
///
///   qmaxpool:  y[c] = max over the window of x[..][c]
///   qsumpool:  y[c] = zero_point + rne(clamp(f32(f32(sum over the window of (x[..][c] - zx)) * multiplier), lo, hi))
///
/// The window is what is left of it inside the image: padding is the caller's (skip it in a maximum; put it in the
/// divisor). Average, adaptive and global pooling are sums with multiplier = f32(1 / divisor), since their output keeps
/// the input's parameters. Exact while n_rows * n_columns <= OCTI_POOL_MAX_ELEMENTS. Exactly n_channels bytes of each
/// position are read and of y written; no overlap. Threads: [any]. Cannot fail.
#ifndef OCTET_ENGINE_KERNELS_POOL_POOL_H
#define OCTET_ENGINE_KERNELS_POOL_POOL_H

#include "engine/kernels/family.h"
#include "engine/quant/affine.h"

/// Sums of this many bytes stay below 2^31.
#define OCTI_POOL_MAX_ELEMENTS (INT32_MAX / 255)

struct octi_pool_window {
    const uint8_t *x;                 ///< channel 0 of the first position
    size_t n_rows, n_columns;         ///< >= 1
    size_t row_stride, column_stride; ///< BYTES between positions (dilation included)
    size_t n_channels;
};

struct octi_pool_average {
    int32_t x_zero_point;
    float multiplier;
    struct octi_output output;
};

typedef void (*octi_qmaxpool_fn)(const struct octi_pool_window *window, uint8_t *y);
typedef void (*octi_qsumpool_fn)(const struct octi_pool_window *window,
                                 const struct octi_pool_average *average,
                                 uint8_t *y);

struct octi_qmaxpool {
    struct octi_kernel kernel;
    octi_qmaxpool_fn run;
};

struct octi_qsumpool {
    struct octi_kernel kernel;
    octi_qsumpool_fn run;
};

OCTI_FAMILY_DECLARE(qmaxpool);
OCTI_FAMILY_DECLARE(qsumpool);

#define OCT_QMAXPOOL(function, isa) void octi_##function(const struct octi_pool_window *window, uint8_t *y);
#define OCT_QSUMPOOL(function, isa)                                                                                    \
    void octi_##function(const struct octi_pool_window *window, const struct octi_pool_average *average, uint8_t *y);
#include "engine/kernels/pool/pool.def"
#undef OCT_QMAXPOOL
#undef OCT_QSUMPOOL

#endif
