/// Quantized depthwise convolution, channels-last: each channel has a window of its own.
///
///   acc[m][c] = sum over taps t of (x[m][t][c] - zx) * (w[c][t] - zw[c])                int32, exact
///   y[m][c]   = zero_point + rne(clamp(f32(f32(f32(acc) + bias[c]) * multiplier[c]), lo, hi))
///
/// Geometry, addressing and epilogue are those of qgemm.h with the indirect form (`offsets` is not NULL): tap t of
/// output pixel m begins at a + offsets[t*offset_stride + m], or at `padding`, which here has all channels + 64
/// readable bytes, all channels holding zx. Panels are packed with `depthwise` set: columns are channels, k is the tap.
/// Up to 63 bytes past a pixel's last channel are read, never used.
/// Threads: [any]. Cannot fail. Reference: qdwconv_1x16__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_QDWCONV_H
#define OCTET_ENGINE_KERNELS_QDWCONV_QDWCONV_H

#include "engine/kernels/qgemm/qgemm.h"

/// All pixels of `call` for the channels of one panel.
typedef void (*octi_qdwconv_fn)(const struct octi_qgemm_call *call,
                                const struct octi_panels *weights,
                                const struct octi_panel *panel);

struct octi_qdwconv {
    struct octi_kernel kernel;
    octi_qdwconv_fn run;
    struct octi_panel_geometry geometry;
};

OCTI_FAMILY_DECLARE(qdwconv);

#define OCT_QDWCONV(function, isa, nr, nr_min, kr, k_align, lanes)                                                     \
    void octi_##function(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel);
#include "engine/kernels/qdwconv/qdwconv.def"
#undef OCT_QDWCONV

#endif
