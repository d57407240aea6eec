/// Packed weight panels: the one memory format of the int8 matrix and depthwise kernels.
///
/// The columns of a weight matrix W[column][tap][k] (int8) are cut into panels. A panel is self-contained: a header
/// with what the epilogue needs per column, then the weights in the order in which the kernel reads them:
///
///   int32 start[width]       (x_offset - zx) * sum(w) + taps*k*zx*zw: what the accumulator starts from
///   float bias[width]        times bias_factor, added to f32(accumulator) in one fused operation
///   float multiplier[width]
///   int32 zero_point[width]  of the weights (all zero unless `weight_zero_points`)
///   int8  weight[taps][k rounded up to k_align / kr][width][kr]
///
/// `width` positions are stored permuted, so that the pack instructions of a vector unit, which work inside 128-bit
/// lanes, end in natural order: with L lanes and V = width / (4*L) vectors a row, position (v, lane, e) holds column
/// 4*V*lane + 4*v + e. One lane means natural order.
///
/// Panels of groups (`quads` q, 1, 2 or 4): a column stands for an output of a group of 4*q channels and outputs, k is
/// 4*q, and the weights of a tap lie the other way round, int8 weight[output of its group][16 / q groups][k], so that a
/// group's weights for one output meet its activations where these lie. Position (v, lane, e) then holds column
/// 16*lane + e % (4/q) * 4*q + v*q + e / (4/q): what adding up the q quads of each group leaves there.
///
/// Panels with `tails` do not round up k of every tap: behind the whole kr of all taps, int8 weight[taps][k / kr]
/// [width][kr], come the tails of the taps, the k % kr weights that each has left, put together to kr again. k_align is
/// kr.
///
/// Weights beyond k and columns beyond n are zero, their multiplier
/// too.
///
/// A geometry is a layout id: panels are read only by kernels of the geometry they were packed for.
/// Threads: packing is [one]; packed panels are read-only.
#ifndef OCTET_ENGINE_KERNELS_PANEL_PANEL_H
#define OCTET_ENGINE_KERNELS_PANEL_PANEL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/kernels/quads/quads.h"

#define OCTI_PANEL_MAX_WIDTH 128

struct octi_panel_geometry {
    uint16_t nr;      ///< widest panel, <= OCTI_PANEL_MAX_WIDTH; a multiple of nr_min by a power of two
    uint16_t nr_min;  ///< narrowest; narrower remainders are filled up with zero columns
    uint16_t kr;      ///< consecutive k of one column
    uint16_t k_align; ///< a power of two, >= kr: k is filled up with zero weights to a multiple of it
    uint16_t lanes;   ///< L above; 0: width / 16
    int32_t x_offset; ///< what kernels take off each activation in products: 128 where they multiply signed bytes, or 0
    bool gathered;    ///< kernels want rows in one piece, 64-byte aligned: taps are made one (`flat`) where that helps
    bool tails;       ///< taps' k beyond whole kr lies behind all taps
    uint16_t quads;   ///< of a group, or 0: no groups; else nr and nr_min are 64, kr 4, L 4
};

/// Where weights come from: any strides (in elements), a two-dimensional window and channels within it.
struct octi_panel_source {
    const int8_t *weights; ///< of column 0; not looked at where there is `fetch`
    /// NULL: all weights are in memory. Else brings those of columns [first, first + n) there, until it is called
    /// again, and returns where column `first` begins, or NULL. Called for each panel once, in their order.
    const int8_t *(*fetch)(void *context, size_t first, size_t n);
    void *fetch_context;
    int64_t column_stride;
    int64_t y_stride, x_stride, channel_stride;
    size_t window_height, window_width, channels;
    bool depthwise; ///< the window is k (taps = 1, channels = 1); else taps = window, k = channels
    bool row_taps;  ///< a row of the window is one tap: taps = window_height, k = window_width * channels, channels
                    ///< innermost
    bool flat;      ///< the whole window is one tap: taps = 1, k = window * channels, channels innermost
};

/// What the epilogue does to one column.
struct octi_panel_column {
    float bias; ///< before bias_factor
    float multiplier;
    int32_t zero_point; ///< of the weights
};

struct octi_panel {
    size_t first; ///< first column
    size_t n;     ///< columns that exist, 1..width
    size_t width;
    const void *bytes; ///< 64-byte aligned
};

/// A packed matrix. The arrays live in memory the caller gave.
struct octi_panels {
    struct octi_panel_geometry geometry;
    size_t n_columns, taps, k;
    float bias_factor;                ///< 1 after packing; the owner may set another before the first run
    bool weight_zero_points;          ///< some weight zero point is not 0: kernels need sums of the activations
    float most_bias, most_multiplier; ///< largest magnitudes of all columns; infinite when some is NaN
    size_t n_panels;
    struct octi_panel *panels;
};

/// Taps and k of the packed matrix, as the flags of a source have it. The window is in memory already.
static inline size_t octi_panel_taps(const struct octi_panel_source *source)
{
    return source->depthwise || source->flat ? 1
           : source->row_taps                ? source->window_height
                                             : source->window_height * source->window_width;
}
static inline size_t octi_panel_depth(const struct octi_panel_source *source)
{
    return source->depthwise  ? source->window_height * source->window_width
           : source->flat     ? source->window_height * source->window_width * source->channels
           : source->row_taps ? source->window_width * source->channels
                              : source->channels;
}

/// Does no result, whatever the activations, exceed 2^30 before it is clamped? Then it fits the conversion to int32,
/// and bounds may wait until vectors hold more lanes. True of all parameters but extreme ones.
static inline bool octi_panels_convertible(const struct octi_panels *panels)
{
    const float most_sum = 255.0f * 256.0f * (float)(panels->taps * panels->k);
    return (most_sum + panels->most_bias * fabsf(panels->bias_factor)) * panels->most_multiplier <= 0x1p30f;
}

/// Position -> column within a panel of `width`.
size_t octi_panel_column_at(const struct octi_panel_geometry *geometry, size_t width, size_t position);
size_t octi_panel_count(const struct octi_panel_geometry *geometry, size_t n_columns);
/// Bytes of all panels of a matrix; false on overflow.
bool octi_panel_bytes(
    const struct octi_panel_geometry *geometry, size_t n_columns, size_t taps, size_t k, size_t *bytes);
static inline size_t octi_panel_header_bytes(size_t width)
{
    return 16 * width;
}

/// Elements of k that a panel holds. k is in memory already where this is called: it does not overflow.
static inline size_t octi_panel_padded_k(const struct octi_panel_geometry *geometry, size_t k)
{
    return (k + geometry->k_align - 1) & ~((size_t)geometry->k_align - 1);
}

/// Some of the taps, ascending.
struct octi_tap_set {
    const int32_t *taps;
    size_t n;
};

/// What sums over sets of taps start from. Their other taps stand for activations at the zero point, which add nothing.
struct octi_panel_starts {
    size_t n_sets;
    const struct octi_tap_set *sets; ///< [n_sets]
    size_t positions;                ///< octi_panel_positions()
    uint32_t *sums;                  ///< [taps][nr]: room for the sums of a panel's weights
    uint32_t *starts;                ///< [n_sets][positions] [out]; int32 to those who read it
};

/// Positions of all panels, of which the last is filled up to its width.
size_t octi_panel_positions(const struct octi_panel_geometry *geometry, size_t n_columns);

/// Packs `n_columns` columns. All pointers are valid and sized by the functions above.
/// @param quads         what does most of it where kr is 4; any of them makes the same bytes
/// @param columns       [n_columns]
/// @param x_zero_point  of the activations, 0..255
/// @param panels        [octi_panel_count()], kept in `packed`
/// @param bytes         [octi_panel_bytes()], 64-byte aligned, kept in `packed`; all of them are written
/// @param starts        filled in; NULL: there are no sets of taps
/// @return false: the source could not fetch columns
bool octi_panels_pack(const struct octi_panel_geometry *geometry,
                      const struct octi_quads *quads,
                      const struct octi_panel_source *source,
                      const struct octi_panel_column *columns,
                      size_t n_columns,
                      int32_t x_zero_point,
                      struct octi_panel *panels,
                      void *bytes,
                      const struct octi_panel_starts *starts,
                      struct octi_panels *packed);

#endif
