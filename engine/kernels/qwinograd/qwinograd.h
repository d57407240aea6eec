/// Quantized 3x3 convolution of stride 1, any dilation, channels-last, by minimal filtering F(4x4, 3x3) (Winograd): 16
/// outputs of a tile take 36 multiplications for each channel instead of 144.
///
///   acc[m][n] = sum over window t, channels i of (x[m][t][i] - zx) * w[n][t][i]                int32, exact
///   y[m][n]   = zero_point + rne(clamp(f32(fma(bias[n], bias_factor, f32(acc)) * multiplier[n]), lo, hi))
///
/// All steps are done in integers that hold them:
///   v = B^T (x - zx) B of a window of 6x6    |v| <= 100 * 255, int16
///   u = G w G^T of a filter                  |u| <= 144 * 128, int16; rows 3 and 4 of G are 24, the others 12 times
///   the
///                                            usual
///   s = sum over i of u * v, a = A^T s A     modulo 2^32
/// `a` is acc times 9 * 2^4, 9 * 2^5 or 9 * 2^6. The 9 is taken off by its inverse modulo 2^32 and the power of two by
/// a shift, which leaves acc itself where -2^25 <= acc < 2^25: octi_qwinograd_holds() tells for which weights that is
/// so.
///
/// Weights are the panels of qgemm, of the family's geometry, 64 columns each, taps the window; their zero points are
/// 0, and `start` is not read. Filters are transformed a third at a time, 12 of the 36 positions: `u` of all of them is
/// eight times as large as what it is made of, and is worth keeping only where that is little.
///
/// Threads: [any], no shared state. Cannot fail. Reference: qwinograd_1x64k2__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QWINOGRAD_QWINOGRAD_H
#define OCTET_ENGINE_KERNELS_QWINOGRAD_QWINOGRAD_H

#include "engine/kernels/family.h"
#include "engine/kernels/panel/panel.h"
#include "engine/quant/affine.h"

#define OCTI_QWINOGRAD_TILE      4 ///< outputs along a side of a tile
#define OCTI_QWINOGRAD_WINDOW    6 ///< inputs along a side of what a tile sees
#define OCTI_QWINOGRAD_POSITIONS 36
#define OCTI_QWINOGRAD_THIRDS    3
#define OCTI_QWINOGRAD_THIRD     12 ///< positions of a third
#define OCTI_QWINOGRAD_COLUMNS   64 ///< of a panel
#define OCTI_QWINOGRAD_CHANNELS  32 ///< rows of `v` are filled up to a multiple of so many

/// The inverse of 9 modulo 2^32.
#define OCTI_QWINOGRAD_NINTH UINT32_C(0x38E38E39)

/// Lines of a window that a third has: those whose transforms have most in common.
static const uint8_t octi_qwinograd_lines[OCTI_QWINOGRAD_THIRDS][2] = {{0, 5}, {1, 2}, {3, 4}};

/// The position of number `index` of a third.
static inline size_t octi_qwinograd_position(size_t third, size_t index)
{
    return octi_qwinograd_lines[third][index / OCTI_QWINOGRAD_WINDOW] * (size_t)OCTI_QWINOGRAD_WINDOW +
           index % OCTI_QWINOGRAD_WINDOW;
}

/// By how much the sum of output (y, x) of a tile is to be shifted.
static inline unsigned octi_qwinograd_shift(size_t y, size_t x)
{
    return 4u + (y == 0) + (x == 0);
}

/// Channel pairs of `u`: a panel's third is 12 planes of int16[pairs][64][2].
static inline size_t octi_qwinograd_pairs(size_t k)
{
    return (k + 3) / 4 * 2;
}
/// Elements from plane to plane: a cache line more than there are, or they would meet in the same places of a cache.
/// Four times as much as the weights that it is made of, which are in memory: no overflow.
static inline size_t octi_qwinograd_filter_plane(size_t k)
{
    return octi_qwinograd_pairs(k) * 2 * OCTI_QWINOGRAD_COLUMNS + 32;
}
/// Elements of a third.
static inline size_t octi_qwinograd_third_size(size_t k)
{
    return OCTI_QWINOGRAD_THIRD * octi_qwinograd_filter_plane(k);
}

/// Are all sums within the bounds above, whatever the activations? Then they are with any smaller weights too.
/// @param weights  [n_columns][depth]
bool octi_qwinograd_holds(const int8_t *weights, size_t n_columns, size_t depth, int32_t x_zero_point);

/// Where a tile's outputs go, of which `height` x `width` exist (0 to 4 each).
struct octi_qwinograd_target {
    uint8_t *c; ///< column 0 of its first pixel, unless none exists
    uint8_t height, width;
};

struct octi_qwinograd_call {
    size_t n;                                    ///< tiles
    size_t k;                                    ///< channels
    const int16_t *v;                            ///< [36] planes of n rows
    size_t v_pitch;                              ///< elements between rows
    size_t v_plane;                              ///< elements between planes
    int32_t *sums;                               ///< 64-byte aligned: [36] planes of n rows of 64
    size_t sum_plane;                            ///< elements between planes, a multiple of 16
    const struct octi_qwinograd_target *targets; ///< [n]
    size_t c_stride, c_line;                     ///< BYTES between pixels and lines
    struct octi_output output;
};

/// Writes k channels of one tile's window, and zeros up to a multiple of 32, to a row of each of 36 planes.
/// @param pixels  [36] line by line; k bytes of each are used, and up to 31 more may be read
typedef void (*octi_qwinograd_windows_fn)(
    const uint8_t *const *pixels, size_t k, uint8_t zero_point, int16_t *v, size_t plane);
/// Transforms the filters of a panel.
/// @param u  [octi_qwinograd_third_size(k)], 64-byte aligned
typedef void (*octi_qwinograd_filters_fn)(const struct octi_panels *weights,
                                          const struct octi_panel *panel,
                                          size_t third,
                                          int16_t *u);
/// The sums of a third, of all tiles.
typedef void (*octi_qwinograd_multiply_fn)(const struct octi_qwinograd_call *call, size_t third, const int16_t *u);
/// A panel's columns of each target's pixels out of its sums; nothing else is written.
typedef void (*octi_qwinograd_finish_fn)(const struct octi_qwinograd_call *call,
                                         const struct octi_panels *weights,
                                         const struct octi_panel *panel);

struct octi_qwinograd {
    struct octi_kernel kernel;
    octi_qwinograd_windows_fn windows;
    octi_qwinograd_filters_fn filters;
    octi_qwinograd_multiply_fn multiply;
    octi_qwinograd_finish_fn finish;
};

OCTI_FAMILY_DECLARE(qwinograd);

/// Of the panels that the family reads.
extern const struct octi_panel_geometry octi_qwinograd_geometry;

/// Are these panels such?
bool octi_qwinograd_reads(const struct octi_panels *weights);

#define OCT_QWINOGRAD(function, isa)                                                                                   \
    void octi_##function##_windows(const uint8_t *const *pixels, size_t k, uint8_t zero_point, int16_t *v,             \
                                   size_t plane);                                                                      \
    void octi_##function##_filters(const struct octi_panels *weights, const struct octi_panel *panel, size_t third,    \
                                   int16_t *u);                                                                        \
    void octi_##function##_multiply(const struct octi_qwinograd_call *call, size_t third, const int16_t *u);           \
    void octi_##function##_finish(const struct octi_qwinograd_call *call, const struct octi_panels *weights,           \
                                  const struct octi_panel *panel);
#include "engine/kernels/qwinograd/qwinograd.def"
#undef OCT_QWINOGRAD

#endif
