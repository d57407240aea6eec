/// Quantized matrix product: rows of uint8 activations by packed panels of int8 weights, to uint8.
///
///   acc[m][n] = sum over taps t, k of (a[m][t][k] - zx) * (w[n][t][k] - zw[n])          int32, exact
///   c[m][n]   = zero_point + rne(clamp(f32(fma(bias[n], bias_factor, f32(acc)) * multiplier[n]), lo, hi))
///
/// (octi_round_clamp; -zx enters through the panel's `start`.) Exact because infer has held
/// taps * k * 255 * (128 + max |zw|) < 2^31, not counting weights that equal their zero point (merged groups): those
/// add nothing in the end, and on the way sums may wrap, as vpdpbusd's and vpaddd's do.
///
/// A is read in place. Directly: one tap, row m at a + m*a_stride. Or indirectly, which makes a convolution of the same
/// product: row m of tap t at a + offsets[t*offset_stride + m] + t*tap_stride, or at `padding` where the offset is
/// OCTI_QGEMM_PADDING. A table of one tap (offset_stride 0) with a tap_stride serves windows that lie in no padding.
/// Or in lines, for kernels of tiles: `line` rows a_stride apart, then the next line line_stride behind the first; tap
/// t lies at tap_offsets[t] from each row; m is a multiple of `line`.
/// A call may be for some of the taps, because pixels at the border of an image see no others: `taps` names them, the
/// table has entries for these alone, and sums begin at `start`. Its rows may go anywhere in c. Kernels whose geometry
/// says `gathered` get neither.
/// From each such address k bytes are used, and up to 63 more may be read (against zero weights).
/// `padding` points to k + 64 readable bytes of which the first k hold zx.
///
/// Threads: [any], no shared state. Cannot fail. Reference: qgemm_1x16__scalar.c.
#ifndef OCTET_ENGINE_KERNELS_QGEMM_QGEMM_H
#define OCTET_ENGINE_KERNELS_QGEMM_QGEMM_H

#include <limits.h>

#include "engine/kernels/family.h"
#include "engine/kernels/panel/panel.h"
#include "engine/quant/affine.h"

#define OCTI_QGEMM_PADDING INT32_MIN

/// Where activations are and where results go.
struct octi_qgemm_call {
    size_t m; ///< rows, >= 1
    const uint8_t *a;
    size_t a_stride;        ///< BYTES between rows, directly or in lines; between pixels of the image (qdwconv)
    const int32_t *offsets; ///< BYTES from a; NULL: direct
    size_t offset_stride;   ///< entries between taps
    size_t tap_stride;      ///< BYTES between taps, on top of the offsets
    const uint8_t *padding;
    const int32_t *taps; ///< [n_taps] of the weights, which the rows see; NULL: all
    size_t n_taps;
    const int32_t *start;       ///< with taps: of every position of all panels, instead of what the panels have
    const int32_t *tap_offsets; ///< [taps] BYTES; only for kernels whose geometry says `gathered`
    size_t line_stride;         ///< BYTES between lines, with tap_offsets
    size_t line, line_first;    ///< rows of an output line, and where in its line row 0 is (qdwconv, qfirstconv)
    size_t x_stride;            ///< between neighbours of a line: qdwconv COLUMNS of the image, qfirstconv BYTES
    uint8_t *c;                 ///< column 0 of the first row; must not overlap a
    size_t c_stride;            ///< BYTES between rows
    const int32_t *c_rows;      ///< [m] which rows of c they are; NULL: one after another
    struct octi_output output;
};

/// All rows of `call` by one panel: writes columns panel->first .. + panel->n of each row, and nothing else.
typedef void (*octi_qgemm_fn)(const struct octi_qgemm_call *call,
                              const struct octi_panels *weights,
                              const struct octi_panel *panel);

struct octi_qgemm {
    struct octi_kernel kernel;
    octi_qgemm_fn run;
    uint16_t mr; ///< rows of a full tile
    struct octi_panel_geometry geometry;
};

OCTI_FAMILY_DECLARE(qgemm);

/// The same for products of `depth` multiplications a sum: too few do not pay for tiles.
const struct octi_qgemm *octi_qgemm_select_depth(uint64_t cpu_features, size_t depth);

/// To be called on a thread that ran kernels of this geometry, when it turns to something else: gives back what they
/// left loaded in the processor, which the kernel would save and restore at every switch of threads.
void octi_qgemm_done(const struct octi_panel_geometry *geometry);

/// Balanced tiles: `remaining` rows are cut into ceil(remaining / mr) tiles whose sizes differ by at most one; returns
/// the next one's. 49 rows by 6 are four 6s and five 5s, not eight 6s and a lone, memory-bound 1.
static inline size_t octi_qgemm_tile_rows(size_t remaining, size_t mr)
{
    size_t tiles = (remaining + mr - 1) / mr;
    return (remaining + tiles - 1) / tiles;
}

/// Must a kernel look at `taps` and `c_rows`? The functions below are told, so that the instantiations of a kernel for
/// calls that need neither do not pay for them: products of few channels would be 10 % slower.
static inline bool octi_qgemm_is_zoned(const struct octi_qgemm_call *call)
{
    return call->taps != NULL || call->c_rows != NULL;
}

/// How many taps the rows of a call see.
static inline size_t octi_qgemm_taps(const struct octi_qgemm_call *call, const struct octi_panels *weights, bool zoned)
{
    return zoned && call->taps != NULL ? call->n_taps : weights->taps;
}

/// Which tap of the weights is tap `t` of a call.
static inline size_t octi_qgemm_tap(const struct octi_qgemm_call *call, size_t t, bool zoned)
{
    return zoned && call->taps != NULL ? (size_t)call->taps[t] : t;
}

/// What the sums of a panel start from.
static inline const int32_t *
octi_qgemm_start(const struct octi_qgemm_call *call, const struct octi_panel *panel, bool zoned)
{
    // All panels but the last are full: a panel's first position is its first column.
    return zoned && call->taps != NULL ? call->start + panel->first : panel->bytes;
}

/// Where the results of row `m` go.
static inline uint8_t *octi_qgemm_result(const struct octi_qgemm_call *call, size_t m, bool zoned)
{
    return call->c + (zoned && call->c_rows != NULL ? (size_t)call->c_rows[m] : m) * call->c_stride;
}

/// Address of row `m` at tap `t`.
static inline const uint8_t *octi_qgemm_row(const struct octi_qgemm_call *call, size_t t, size_t m)
{
    if (call->tap_offsets != NULL) {
        return call->a + m / call->line * call->line_stride + m % call->line * call->a_stride + call->tap_offsets[t];
    }
    if (call->offsets == NULL) {
        return call->a + m * call->a_stride;
    }
    int32_t offset = call->offsets[t * call->offset_stride + m];
    return offset == OCTI_QGEMM_PADDING ? call->padding : call->a + offset + t * call->tap_stride;
}

/// The same without its multiplications, for kernels that step through taps: `a` and `offsets` (NULL: direct) are those
/// of the tile's first row at the tap, `r` counts from it.
static inline const uint8_t *
octi_qgemm_tap_row(const struct octi_qgemm_call *call, const uint8_t *a, const int32_t *offsets, size_t r)
{
    if (offsets == NULL) {
        return a + r * call->a_stride;
    }
    return offsets[r] == OCTI_QGEMM_PADDING ? call->padding : a + offsets[r];
}

/// Sum of the activations of row `m` over the taps it sees: what a weight zero point is multiplied by.
static inline int32_t
octi_qgemm_row_sum(const struct octi_qgemm_call *call, const struct octi_panels *weights, size_t m)
{
    const size_t taps = octi_qgemm_taps(call, weights, true), k = weights->k;
    int32_t sum = 0;
    for (size_t t = 0; t < taps; t++) {
        const uint8_t *x = octi_qgemm_row(call, t, m);
        for (size_t i = 0; i < k; i++) {
            sum += x[i];
        }
    }
    return sum;
}

#define OCT_QGEMM(function, isa, mr, ...)                                                                              \
    void octi_##function(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel);
#include "engine/kernels/qgemm/qgemm.def"
#undef OCT_QGEMM

#endif
