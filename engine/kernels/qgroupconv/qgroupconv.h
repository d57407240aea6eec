/// Quantized grouped convolution with few channels, channels-last: groups of k channels with as many outputs, side by
/// side.
///
///   acc[m][n] = sum over taps t, k of (x[m][t][n - n % k + i] - zx) * (w[n][t][i] - zw[n])     int32, exact
///   y[m][n]   = zero_point + rne(clamp(f32(fma(bias[n], bias_factor, f32(acc)) * multiplier[n]), lo, hi))
///
/// Epilogue and addressing are those of qgemm.h in its indirect form (`offsets` is not NULL, `tap_stride` is 0), calls
/// for some of the taps included; columns are the outputs of all groups and k is weights->k. Addresses are of all
/// channels of a pixel, and so is `padding`, which here has all channels + 64 readable bytes, all channels holding zx.
/// Up to 63 bytes past a pixel's last channel are read, never used. Threads: [any]. Cannot fail. Reference:
/// qgroupconv_1x16__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QGROUPCONV_QGROUPCONV_H
#define OCTET_ENGINE_KERNELS_QGROUPCONV_QGROUPCONV_H

#include "engine/kernels/qgemm/qgemm.h"

/// All pixels of `call` for the columns of one panel.
typedef void (*octi_qgroupconv_fn)(const struct octi_qgemm_call *call,
                                   const struct octi_panels *weights,
                                   const struct octi_panel *panel);

struct octi_qgroupconv {
    struct octi_kernel kernel;
    octi_qgroupconv_fn run;
    uint16_t channels; ///< of the groups it is for; 0: any
    struct octi_panel_geometry geometry;
};

OCTI_FAMILY_DECLARE(qgroupconv);

/// The vector kernel for groups of `channels` channels and as many outputs, or NULL: there is none, or merging such
/// groups (ops/merged_groups.h) costs fewer products, because there are too few of them.
const struct octi_qgroupconv *
octi_qgroupconv_select_groups(uint64_t cpu_features, int64_t groups, int64_t channels, int64_t outputs);

#define OCT_QGROUPCONV(function, isa, channels, ...)                                                                   \
    void octi_##function(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel);
#include "engine/kernels/qgroupconv/qgroupconv.def"
#undef OCT_QGROUPCONV

#endif
