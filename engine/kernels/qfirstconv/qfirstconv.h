/// Quantized convolution of few channels, as in a first layer: a row of the window is one run of bytes, `k` of them, no
/// whole number of quads. What is left of each row behind its last whole quad, its tail, is put together with those of
/// the other rows: a 3x3 window of 3 channels is 7 quads instead of 9, a 7x7 window 37 instead of 42.
///
///   acc[m][n] = sum over taps t, k of (x[m][t][i] - zx) * (w[n][t][i] - zw[n])          int32, exact
///   y[m][n]   = zero_point + rne(clamp(f32(fma(bias[n], bias_factor, f32(acc)) * multiplier[n]), lo, hi))
///
/// Taps are the rows of the window. Epilogue and addressing are those of qgemm.h with a table of one tap (offset_stride
/// is 0, no offset is OCTI_QGEMM_PADDING), and besides rows m of the call are pixels of lines of call->line pixels, of
/// which neighbours see windows `x_stride` BYTES apart. Panels are packed with geometry.tails. Threads: [any]. Cannot
/// fail. Reference: qfirstconv_1x16__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QFIRSTCONV_QFIRSTCONV_H
#define OCTET_ENGINE_KERNELS_QFIRSTCONV_QFIRSTCONV_H

#include "engine/kernels/qgemm/qgemm.h"

/// All pixels of `call` for the columns of one panel.
typedef void (*octi_qfirstconv_fn)(const struct octi_qgemm_call *call,
                                   const struct octi_panels *weights,
                                   const struct octi_panel *panel);

struct octi_qfirstconv {
    struct octi_kernel kernel;
    octi_qfirstconv_fn run;
    uint16_t taps, k; ///< of the window it is for; 0: any
    struct octi_panel_geometry geometry;
};

OCTI_FAMILY_DECLARE(qfirstconv);

struct octi_qfirstconv_window {
    int64_t taps;     ///< rows
    int64_t k;        ///< BYTES of a row
    int64_t x_stride; ///< BYTES between the windows of neighbouring pixels
};

/// Can the vector kernels do with this window, and does putting tails together save products?
bool octi_qfirstconv_takes(const struct octi_qfirstconv_window *window);

/// The kernel for a window, or NULL: there is none for this processor, or it would save no products.
const struct octi_qfirstconv *octi_qfirstconv_select_window(uint64_t cpu_features,
                                                            const struct octi_qfirstconv_window *window);

/// Where the output line of row `m` ends, or the call.
static inline size_t octi_qfirstconv_line_end(const struct octi_qgemm_call *call, size_t m)
{
    const size_t rest = call->line - (call->line_first + m) % call->line;
    return rest < call->m - m ? m + rest : call->m;
}

#define OCT_QFIRSTCONV(function, isa, taps, k, ...)                                                                    \
    void octi_##function(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel);
#include "engine/kernels/qfirstconv/qfirstconv.def"
#undef OCT_QFIRSTCONV

#endif
