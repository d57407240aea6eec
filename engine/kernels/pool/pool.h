/// Pooling, channels-last: all channels of a line of windows.
///
///   qmaxpool:  y[w][c] = max over window w of x[..][c]
///   qsumpool:  y[w][c] = zero_point + rne(clamp(f32(f32(sum over window w of (x[..][c] - zx)) * multiplier), lo, hi))
///
/// The windows of a call are of one size, each lying as far behind the one before. A window is what is left of it
/// inside the image: padding is the caller's (skip it in a maximum; put it in the divisor). Average, adaptive and
/// global pooling are sums with multiplier = f32(1 / divisor), since their output keeps the input's parameters. Exact
/// while n_rows * n_columns <= OCTI_POOL_MAX_ELEMENTS. Of each position n_channels bytes are used, and up to 63 more
/// are read; exactly n_windows * n_channels bytes of y are written; no overlap. Threads: [any]. Cannot fail.
#ifndef OCTET_ENGINE_KERNELS_POOL_POOL_H
#define OCTET_ENGINE_KERNELS_POOL_POOL_H

#include "engine/kernels/family.h"
#include "engine/quant/affine.h"

/// Sums of this many bytes stay below 2^31.
#define OCTI_POOL_MAX_ELEMENTS (INT32_MAX / 255)

struct octi_pool_window {
    const uint8_t *x;                 ///< channel 0 of the first position of the first window
    size_t n_rows, n_columns;         ///< of a window, >= 1
    size_t row_stride, column_stride; ///< BYTES between positions (dilation included)
    size_t n_channels;
    size_t n_windows;     ///< >= 1
    size_t window_stride; ///< BYTES between windows
};

/// Window `w` of the line alone.
static inline struct octi_pool_window octi_pool_window_at(const struct octi_pool_window *line, size_t w)
{
    struct octi_pool_window window = *line;
    window.x += w * line->window_stride;
    window.n_windows = 1;
    return window;
}

/// The same line with as few windows as can be: where neighbouring windows begin at neighbouring pixels, the line is
/// one window of more channels.
static inline struct octi_pool_window octi_pool_widened(const struct octi_pool_window *line)
{
    struct octi_pool_window wide = *line;
    if (wide.window_stride == wide.n_channels) {
        wide.n_channels *= wide.n_windows;
        wide.n_windows = 1;
    }
    return wide;
}

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
