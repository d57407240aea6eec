/// Output lines of a depthwise convolution in AVX-512, for windows of any height over a copy of the image's rows.
///
/// On Zen 4 dot products (one vector a cycle), all vector instructions together (two) and loads of 64 bytes (0.88)
/// bound a window; to come close to the first, weights must serve several outputs. So sums are of half a panel's
/// channels: a step takes four outputs further, eight bytes of each 128-bit lane of four (stride 2: eight) columns are
/// unpacked, each vector of weights is read once for the four, and the sums of all outputs that the columns belong to
/// stay in registers. The other half comes in a second walk along the line, over rows in the first-level cache.
///
/// The rows that a line's windows see are copied beforehand, with their padding, 64 bytes a column: there no load
/// crosses a cache line, no column is a special case, and narrow panels look like wide ones (parts of the line side by
/// side). A row is copied once for all lines that see it.
///
/// Steps begin 4 * x_stride columns apart, where the first four of their sums end: those are finished, the others
/// become the first ones of the next step. Sums of outputs that the line does not have are left out at either end.
#ifndef OCTET_ENGINE_KERNELS_QDWCONV_BANDS_AVX512_H
#define OCTET_ENGINE_KERNELS_QDWCONV_BANDS_AVX512_H

#include "engine/kernels/qdwconv/band_rows_avx512.h"
#include "engine/kernels/qdwconv/band_steps_avx512.h"

/// Columns of a copied row: those of all steps.
static inline size_t octi_band_columns_512(size_t length, size_t width, size_t x_stride)
{
    return (length + OCTI_BAND_STEP - 1) / OCTI_BAND_STEP * OCTI_BAND_STEP * x_stride + width - 1;
}

/// The longest part of lines of `line` outputs in `parts` parts, the pieces of a line being of equal length.
static inline size_t octi_band_piece_512(size_t line, size_t parts, size_t height, size_t width, size_t x_stride)
{
    const size_t rows = x_stride == 1 ? height + 1 : (height + 3) / 4 * 4 + 2;
    size_t most = OCTI_BAND_OUTPUTS;
    while (most > OCTI_BAND_STEP && 64 * rows * (octi_band_columns_512(most, width, x_stride) | 1) > OCTI_BAND_BYTES) {
        most -= OCTI_BAND_STEP;
    }
    const size_t pieces = (line + most * parts - 1) / (most * parts);
    return (line + pieces - 1) / pieces;
}

/// A whole panel's halves, one behind the other.
OCTI_APART void octi_widen_band_512(
    const void *panel, char *wide, const struct octi_band_shape_512 *shape, const size_t width, const int lanes)
{
    for (int half = 0; half < 2; half++) {
        for (int j = 0; j < 2; j++) {
            const int from = 2 * half + j;
            char *to = wide + 64 * j;
            _mm512_store_si512(to + 64 * OCTI_BAND_START, octi_load_positions_512(panel, OCTI_START_512 + from, lanes));
            _mm512_store_si512(to + 64 * OCTI_BAND_BIAS, octi_load_positions_512(panel, OCTI_BIAS_512 + from, lanes));
            _mm512_store_si512(to + 64 * OCTI_BAND_MULTIPLIER,
                               octi_load_positions_512(panel, OCTI_MULTIPLIER_512 + from, lanes));
            const size_t packed_quads = (shape->height + 3) / 4; // of a column
            for (size_t kx = 0; kx < width; kx++) {
                for (size_t q = 0; q < shape->quads; q++) {
                    const int vector = OCTI_WEIGHTS_512 + 4 * (int)(packed_quads * kx + q) + from;
                    _mm512_store_si512(to + 64 * OCTI_BAND_WEIGHTS + 128 * (width * q + kx),
                                       octi_load_positions_512(panel, vector, lanes));
                }
            }
            if (!shape->across) {
                continue;
            }
            __m512i w[5]; // the last quad of a column is one weight and three zeros
            for (size_t kx = 0; kx < 5; kx++) {
                const int vector = OCTI_WEIGHTS_512 + 4 * (int)(packed_quads * kx + shape->quads) + from;
                w[kx] = kx < width ? octi_load_positions_512(panel, vector, lanes) : _mm512_setzero_si512();
            }
            const __m512i four =
                _mm512_or_si512(_mm512_or_si512(w[0], _mm512_slli_epi32(w[1], 8)),
                                _mm512_or_si512(_mm512_slli_epi32(w[2], 16), _mm512_slli_epi32(w[3], 24)));
            const __m512i fifth = _mm512_slli_epi32(w[4], 16);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS, four);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 128, fifth);
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 256, _mm512_slli_epi32(four, 8));
            _mm512_store_si512(to + 64 * OCTI_BAND_ACROSS + 384,
                               _mm512_or_si512(_mm512_slli_epi32(w[3], 16), _mm512_slli_epi32(fifth, 8)));
        }
        wide += 64 * OCTI_BAND_VECTORS(shape->quads, width);
    }
}

/// What is the same for all lines of a call; `slots` and `words` are room that the caller has.
static inline void octi_open_band_512(struct octi_band_512 *band,
                                      const struct octi_qgemm_call *call,
                                      const struct octi_panels *weights,
                                      const struct octi_panel *panel,
                                      size_t width)
{
    band->call = call;
    band->panel = panel;
    band->lanes = panel->width / 16;
    band->c_stride = call->c_stride;
    band->mask = octi_mask_64(panel->n);
    band->whole = panel->n == 64;
    band->shape.height = weights->k; // a column of the window
    band->shape.across = width < 7 && weights->k % 4 == 1;
    band->shape.quads = band->shape.across ? weights->k / 4 : (weights->k + 3) / 4;
    band->requant = octi_requant_product_512(call->output, weights->bias_factor);
    band->bounded = octi_output_bounded(call->output);
    band->factor = weights->bias_factor != 1.0f;
    band->columns.outputs = 0;
    band->outputs = 0;
    band->moved = 0;
    band->turn = 0;
}

/// Prepares for lines of n outputs from `begin` on, the first of them row m of the call.
static inline void
octi_begin_band_512(struct octi_band_512 *band, size_t m, size_t n, size_t begin, size_t width, size_t x_stride)
{
    if (band->outputs == n && band->columns.outputs == n && band->columns.begin == begin) {
        return;
    }
    octi_find_columns_512(band->call, m, n, begin, band->shape.height, width, x_stride, &band->columns);
    const size_t parts = 4 / band->lanes;
    band->outputs = n;
    band->length = (n + parts - 1) / parts;
    for (size_t part = 0; part < 4; part++) {
        const size_t last = n - band->length;
        band->behind[part] = part * band->length < last ? part * band->length : last;
        band->columns_behind[part] = band->behind[part] * x_stride;
    }
    band->n_columns = (band->length - 1) * x_stride + width;
    band->pitch = 64 * (octi_band_columns_512(band->length, width, x_stride) | 1); // rows in different sets
    band->padding_ready = false;
    band->held = 0;
    band->n_slots = 0;
    band->n_unused = 0;
}

/// A kernel for windows of `width` columns: a function for each stride.
#define OCTI_BAND_STRIDE_512(name, width, x_stride)                                                                    \
    OCTI_APART void name##_half_0(const struct octi_band_512 *band, uint8_t *c, const char *panel)                     \
    {                                                                                                                  \
        octi_band_half_512(band, c, panel, width, x_stride, 0);                                                        \
    }                                                                                                                  \
    OCTI_APART void name##_half_1(const struct octi_band_512 *band, uint8_t *c, const char *panel)                     \
    {                                                                                                                  \
        octi_band_half_512(band, c, panel, width, x_stride, 1);                                                        \
    }                                                                                                                  \
    OCTI_APART void name(const struct octi_qgemm_call *call, const struct octi_panels *weights,                        \
                         const struct octi_panel *panel)                                                               \
    {                                                                                                                  \
        _Alignas(64) char wide[2 * 64 * OCTI_BAND_VECTORS(OCTI_BAND_ROWS / 4, width)];                                 \
        _Alignas(64) uint8_t slots[OCTI_BAND_BEFORE + OCTI_BAND_BYTES];                                                \
        _Alignas(64) char words[64 * OCTI_BAND_OUTPUTS];                                                               \
        struct octi_band_512 band;                                                                                     \
        octi_open_band_512(&band, call, weights, panel, width);                                                        \
        band.slots = slots + OCTI_BAND_BEFORE;                                                                         \
        band.words = words;                                                                                            \
        octi_widen_band_512(panel->bytes, wide, &band.shape, width, (int)band.lanes);                                  \
        const char *halves[2] = {wide, wide + 64 * OCTI_BAND_VECTORS(band.shape.quads, width)};                        \
        OCTI_FORGET(halves[0]);                                                                                        \
        OCTI_FORGET(halves[1]);                                                                                        \
        OCTI_FORGET(band.slots);                                                                                       \
        OCTI_FORGET(band.words);                                                                                       \
        const size_t piece = octi_band_piece_512(call->line, 4 / band.lanes, band.shape.height, width, x_stride);      \
        for (size_t x = 0; x < call->line; x += piece) {                                                               \
            size_t begin = call->line_first % call->line;                                                              \
            for (size_t m = 0, n; m < call->m; m += n) {                                                               \
                n = call->line - begin < call->m - m ? call->line - begin : call->m - m;                               \
                const size_t first = begin > x ? begin : x;                                                            \
                const size_t end = begin + n < x + piece ? begin + n : x + piece;                                      \
                if (first < end) {                                                                                     \
                    const size_t at = m + first - begin;                                                               \
                    octi_begin_band_512(&band, at, end - first, first, width, x_stride);                               \
                    octi_band_rows_512(&band, at, width, x_stride);                                                    \
                    uint8_t *c = call->c + at * call->c_stride + panel->first;                                         \
                    name##_half_0(&band, c, halves[0]);                                                                \
                    name##_half_1(&band, c, halves[1]);                                                                \
                }                                                                                                      \
                begin = 0;                                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }

#define OCTI_BAND_KERNEL_512(kernel, width)                                                                            \
    OCTI_BAND_STRIDE_512(run_1, width, 1)                                                                              \
    OCTI_BAND_STRIDE_512(run_2, width, 2)                                                                              \
    void kernel(const struct octi_qgemm_call *call, const struct octi_panels *weights, const struct octi_panel *panel) \
    {                                                                                                                  \
        if (octi_is_special_512(weights) || weights->k > OCTI_BAND_ROWS) {                                             \
            octi_column_pixels_512(call, panel, weights->bias_factor, weights->k, width);                              \
        } else {                                                                                                       \
            (call->x_stride == 1 ? run_1 : run_2)(call, weights, panel);                                               \
        }                                                                                                              \
    }

#endif
