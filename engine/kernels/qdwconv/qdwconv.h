/// Quantized depthwise convolution, channels-last: each channel has a window of its own.
///
///   acc[m][c] = sum over taps t of (x[m][t][c] - zx) * (w[c][t] - zw[c])                int32, exact
///   y[m][c]   = zero_point + rne(clamp(f32(fma(bias[c], bias_factor, f32(acc)) * multiplier[c]), lo, hi))
///
/// Geometry, addressing and epilogue are those of qgemm.h with the indirect form (`offsets` is not NULL): tap t of
/// output pixel m begins at a + offsets[t*offset_stride + m], or at `padding`, all channels holding zx. Panels are
/// packed as octi_qdwconv_source() says: columns are channels.
/// A kernel for one window works along output lines: rows m of the call are pixels of lines of call->line pixels, and
/// within a line, what pixel m sees at (ky, kx) is what pixel m + 1 sees at (ky, kx - x_stride). x_stride is 1 or 2.
/// A row of the window passes over one row of the image, whose pixels lie a_stride bytes apart, or over padding only;
/// before and behind the columns that exist, the same in every row of every line, is padding. So `padding` has as many
/// pixels as a row of the image, and 64 readable bytes behind them.
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
    uint16_t height, width; ///< of the window it is for; 0: any
    struct octi_panel_geometry geometry;
};

/// octi_qdwconv_select() gives the kernel for any window.
OCTI_FAMILY_DECLARE(qdwconv);

struct octi_qdwconv_window {
    int64_t height; ///< lines, those of all planes of a window with depth
    int64_t width;
    int64_t x_stride, x_dilation;
};

/// The kernel for one window.
const struct octi_qdwconv *octi_qdwconv_select_window(uint64_t cpu_features, const struct octi_qdwconv_window *window);

/// What to pack for a kernel, of a window of one channel: all taps as one k, or a tap for each column of the window.
struct octi_panel_source octi_qdwconv_source(const struct octi_qdwconv *kernel, struct octi_panel_source source);

/// Address of all channels that pixel `m` sees at tap `t`.
static inline const uint8_t *octi_qdwconv_tap(const struct octi_qgemm_call *call, size_t t, size_t m)
{
    int32_t offset = call->offsets[t * call->offset_stride + m];
    return offset == OCTI_QGEMM_PADDING ? call->padding : call->a + offset;
}

/// Rows of the call from m on that lie in m's output line.
static inline size_t octi_qdwconv_line_rest(const struct octi_qgemm_call *call, size_t m)
{
    size_t rest = call->line - (call->line_first + m) % call->line;
    return rest < call->m - m ? rest : call->m - m;
}

#define OCT_QDWCONV(function, isa, height, width, ...)                                                                 \
    void octi_##function(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel);
#include "engine/kernels/qdwconv/qdwconv.def"
#undef OCT_QDWCONV

#endif
