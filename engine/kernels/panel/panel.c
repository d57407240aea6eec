#include "engine/kernels/panel/panel.h"

#include "engine/base/checked.h"

#include <math.h>
#include <string.h>

#define PANEL_ALIGN 64 // a cache line; also the widest vector load

// A remainder takes a narrower panel when at least a quarter of the wider one would be zero columns: with 16, 32 and
// 64, 33..48 columns become 32 + 16, and 49..63 one panel of 64.
static size_t next_width(const struct octi_panel_geometry *geometry, size_t remaining)
{
    size_t width = geometry->nr;
    while (width > geometry->nr_min && remaining <= width - geometry->nr_min && remaining <= width - width / 4) {
        width /= 2;
    }
    return width;
}

size_t octi_panel_column_at(const struct octi_panel_geometry *geometry, size_t width, size_t position)
{
    if (geometry->quads > 0) {
        size_t quads = geometry->quads, groups = 4 / quads; // of a lane
        size_t e = position % 4;
        return position / 4 % 4 * 16 + e % groups * 4 * quads + position / 16 * quads + e / groups;
    }
    size_t lanes = geometry->lanes > 0 ? geometry->lanes : width / 16;
    size_t vectors = width / (4 * lanes);
    size_t vector = position / (4 * lanes);
    size_t lane = position / 4 % lanes;
    return 4 * vectors * lane + 4 * vector + position % 4;
}

size_t octi_panel_count(const struct octi_panel_geometry *geometry, size_t n_columns)
{
    size_t count = 0;
    for (size_t done = 0; done < n_columns; done += next_width(geometry, n_columns - done)) {
        count++;
    }
    return count;
}

static bool
one_panel_bytes(const struct octi_panel_geometry *geometry, size_t width, size_t taps, size_t k, size_t *bytes)
{
    return octi_round_up(k, geometry->k_align, bytes) && octi_mul_size(*bytes, taps, bytes) &&
           octi_mul_size(*bytes, width, bytes) && octi_add_size(*bytes, octi_panel_header_bytes(width), bytes) &&
           octi_round_up(*bytes, PANEL_ALIGN, bytes);
}

bool octi_panel_bytes(
    const struct octi_panel_geometry *geometry, size_t n_columns, size_t taps, size_t k, size_t *bytes)
{
    size_t sum = 0;
    size_t width;
    for (size_t done = 0; done < n_columns; done += width) {
        size_t one;
        width = next_width(geometry, n_columns - done);
        if (!one_panel_bytes(geometry, width, taps, k, &one) || !octi_add_size(sum, one, &sum)) {
            return false;
        }
    }
    *bytes = sum;
    return true;
}

// Offset of position `window` of the window, counted row by row.
static int64_t window_offset(const struct octi_panel_source *source, size_t window)
{
    return (int64_t)(window / source->window_width) * source->y_stride +
           (int64_t)(window % source->window_width) * source->x_stride;
}

// Offset of element `i` of k within tap `tap`.
static int64_t element_offset(const struct octi_panel_source *source, size_t tap, size_t i)
{
    if (source->depthwise) {
        return window_offset(source, i);
    }
    if (source->flat) {
        return window_offset(source, i / source->channels) + (int64_t)(i % source->channels) * source->channel_stride;
    }
    if (source->row_taps) {
        return (int64_t)tap * source->y_stride + (int64_t)(i / source->channels) * source->x_stride +
               (int64_t)(i % source->channels) * source->channel_stride;
    }
    return window_offset(source, tap) + (int64_t)i * source->channel_stride;
}

// Weights are packed in pieces of so many k of so many columns: what is written stays in the first-level cache until it
// is complete, and offsets are worked out once for all columns and taps.
#define PIECE_K       64
#define PIECE_COLUMNS 64

// A piece of k, of any tap and column.
struct piece {
    size_t n;                 // k that exist
    bool dense;               // they lie side by side
    int64_t offsets[PIECE_K]; // from where a column's tap begins
    const int8_t *from;       // of the column and tap at hand
    int8_t *to;
    size_t kr, step; // bytes between groups of kr consecutive k in the panel
};

// Packs a piece and returns the sum of its weights.
static int32_t pack_any(const struct piece *piece)
{
    int32_t sum = 0;
    int8_t *to = piece->to;
    for (size_t first = 0; first < piece->n; first += piece->kr, to += piece->step) {
        for (size_t i = first; i < first + piece->kr && i < piece->n; i++) {
            to[i - first] = piece->from[piece->offsets[i]];
            sum += to[i - first];
        }
    }
    return sum;
}

// The same for kr = 4 and whole quads, which is most of what there is.
static int32_t pack_quads(const struct piece *piece)
{
    int32_t sum = 0;
    int8_t *to = piece->to;
    if (piece->dense) {
        for (const int8_t *from = piece->from; from < piece->from + piece->n; from += 4, to += piece->step) {
            memcpy(to, from, 4);
            sum += from[0] + from[1] + from[2] + from[3];
        }
        return sum;
    }
    for (size_t first = 0; first < piece->n; first += 4, to += piece->step) {
        const int64_t *at = &piece->offsets[first];
        const int8_t quad[4] = {piece->from[at[0]], piece->from[at[1]], piece->from[at[2]], piece->from[at[3]]};
        memcpy(to, quad, 4);
        sum += quad[0] + quad[1] + quad[2] + quad[3];
    }
    return sum;
}

// Where a column's weights come from, and where in a tap they go.
struct slot {
    size_t column; // SIZE_MAX: none
    size_t place;  // BYTES from the tap's first
};

static size_t place_of(const struct octi_panel_geometry *geometry, size_t column, size_t position)
{
    if (geometry->quads > 0) {
        size_t channels = (size_t)4 * geometry->quads;
        return column % channels * geometry->nr + column / channels * channels;
    }
    return position * geometry->kr;
}

// Packs k [first, first + PIECE_K) of the columns of n slots, and adds the weights to `sums`, modulo 2^32.
static void pack_piece(const struct octi_panel_geometry *geometry,
                       const struct octi_panel_source *source,
                       size_t first,
                       const struct slot *slots,
                       size_t n,
                       size_t width,
                       int8_t *weights,
                       uint32_t *sums)
{
    size_t taps = octi_panel_taps(source), k = octi_panel_depth(source);
    struct piece piece = {.n = k - first < PIECE_K ? k - first : PIECE_K, .dense = true, .kr = geometry->kr};
    piece.step = geometry->quads > 0 ? geometry->kr : width * geometry->kr;
    int64_t start = element_offset(source, 0, first);
    for (size_t i = 0; i < piece.n; i++) {
        piece.offsets[i] = element_offset(source, 0, first + i) - start;
        piece.dense = piece.dense && piece.offsets[i] == (int64_t)i;
    }
    bool quads = piece.kr == 4 && piece.n % 4 == 0;
    for (size_t tap = 0; tap < taps; tap++) {
        // An element's offset is that of its tap plus that of its k.
        const int8_t *from = source->weights + start + element_offset(source, tap, 0) - element_offset(source, 0, 0);
        int8_t *to = weights + tap * octi_panel_padded_k(geometry, k) * width + first * width;
        for (size_t i = 0; i < n; i++) {
            if (slots[i].column != SIZE_MAX) {
                piece.from = from + (int64_t)slots[i].column * source->column_stride;
                piece.to = to + slots[i].place;
                sums[i] += (uint32_t)(quads ? pack_quads(&piece) : pack_any(&piece));
            }
        }
    }
}

// Packs the weights of columns [first, first + n) into a panel and leaves their sums, modulo 2^32, in `sums`.
static void pack_weights(const struct octi_panel_geometry *geometry,
                         const struct octi_panel_source *source,
                         size_t first,
                         size_t n,
                         size_t width,
                         int8_t *weights,
                         uint32_t *sums)
{
    size_t k = octi_panel_depth(source);
    struct slot slots[PIECE_COLUMNS];
    for (size_t position = 0; position < width; position += PIECE_COLUMNS) {
        size_t count = width - position < PIECE_COLUMNS ? width - position : PIECE_COLUMNS;
        for (size_t i = 0; i < count; i++) {
            size_t column = octi_panel_column_at(geometry, width, position + i);
            slots[i].column = column < n ? first + column : SIZE_MAX;
            slots[i].place = place_of(geometry, column, position + i);
        }
        for (size_t at = 0; at < k; at += PIECE_K) {
            pack_piece(geometry, source, at, slots, count, width, weights, sums + position);
        }
    }
}

// The larger of a magnitude and another; infinite for NaN.
static float larger(float most, float x)
{
    const float magnitude = fabsf(x);
    return magnitude <= most ? most : isnan(magnitude) ? INFINITY : magnitude;
}

void octi_panels_pack(const struct octi_panel_geometry *geometry,
                      const struct octi_panel_source *source,
                      const struct octi_panel_column *columns,
                      size_t n_columns,
                      int32_t x_zero_point,
                      struct octi_panel *panels,
                      void *bytes,
                      struct octi_panels *packed)
{
    size_t taps = octi_panel_taps(source);
    size_t k = octi_panel_depth(source);
    *packed = (struct octi_panels){
        .geometry = *geometry, .n_columns = n_columns, .taps = taps, .k = k, .bias_factor = 1.0f, .panels = panels};
    unsigned char *place = bytes;
    for (size_t first = 0; first < n_columns;) {
        size_t width = next_width(geometry, n_columns - first);
        size_t n = n_columns - first < width ? n_columns - first : width;
        uint32_t *start = (uint32_t *)(void *)place; // int32 to those who read it
        float *bias = (float *)(void *)(place + 4 * width);
        float *multiplier = (float *)(void *)(place + 8 * width);
        int32_t *zero_point = (int32_t *)(void *)(place + 12 * width);
        int8_t *weights = (int8_t *)(place + octi_panel_header_bytes(width));
        pack_weights(geometry, source, first, n, width, weights, start);
        for (size_t position = 0; position < width; position++) {
            size_t column = octi_panel_column_at(geometry, width, position);
            if (column >= n) {
                continue;
            }
            const struct octi_panel_column *given = &columns[first + column];
            // Modulo 2^32, as the accumulators are: the true sum fits, so its parts need not.
            const uint32_t sum = start[position], none = (uint32_t)(taps * k) * (uint32_t)given->zero_point;
            start[position] = (uint32_t)x_zero_point * (none - sum) + (uint32_t)geometry->x_offset * sum;
            bias[position] = given->bias;
            multiplier[position] = given->multiplier;
            zero_point[position] = given->zero_point;
            packed->most_bias = larger(packed->most_bias, given->bias);
            packed->most_multiplier = larger(packed->most_multiplier, given->multiplier);
            packed->weight_zero_points = packed->weight_zero_points || given->zero_point != 0;
        }
        panels[packed->n_panels++] = (struct octi_panel){.first = first, .n = n, .width = width, .bytes = place};
        size_t one = 0;
        (void)one_panel_bytes(geometry, width, taps, k, &one); // the caller's octi_panel_bytes() has seen it
        place += one;
        first += width;
    }
}
