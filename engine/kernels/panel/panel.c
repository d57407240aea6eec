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

size_t octi_panel_positions(const struct octi_panel_geometry *geometry, size_t n_columns)
{
    size_t positions = 0;
    while (positions < n_columns) {
        positions += next_width(geometry, n_columns - positions);
    }
    return positions;
}

static bool
one_panel_bytes(const struct octi_panel_geometry *geometry, size_t width, size_t taps, size_t k, size_t *bytes)
{
    const bool counted = geometry->tails
                             ? octi_mul_size(taps, k, bytes) && octi_round_up(*bytes, geometry->k_align, bytes)
                             : octi_round_up(k, geometry->k_align, bytes) && octi_mul_size(*bytes, taps, bytes);
    return counted && octi_mul_size(*bytes, width, bytes) &&
           octi_add_size(*bytes, octi_panel_header_bytes(width), bytes) && octi_round_up(*bytes, PANEL_ALIGN, bytes);
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
#define LINE_BYTES    64 // of a cache

// A piece of k, of any tap and column.
struct piece {
    size_t n;                 // k that exist
    int64_t stride;           // between them where it is the same for all, > 0; else 0
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

// Four weights at once: their sum with 128 added to each, in two halves of 16 bits that hold that of PIECE_K.
static uint32_t quad_sums(uint32_t quad)
{
    const uint32_t raised = quad ^ 0x80808080u;
    return (raised & 0x00FF00FFu) + (raised >> 8 & 0x00FF00FFu);
}

_Static_assert(PIECE_K / 2 * 255 <= UINT16_MAX, "half of the weights of a piece are added up in 16 bits");

// The same for kr = 4, whole quads and k side by side. What is written may alias the piece: it is read before.
static int32_t pack_dense_quads(const struct piece *piece)
{
    const int8_t *from = piece->from, *end = from + piece->n;
    const size_t n = piece->n, step = piece->step;
    uint32_t sums = 0;
    for (int8_t *to = piece->to; from < end; from += 4, to += step) {
        uint32_t quad;
        memcpy(&quad, from, 4);
        memcpy(to, &quad, 4);
        sums += quad_sums(quad);
    }
    return (int32_t)((sums & 0xFFFF) + (sums >> 16)) - 128 * (int32_t)n;
}

// The same for k at even distances. Byte by byte: a quad put together in memory would be read before it is written.
static int32_t pack_spread_quads(const struct piece *piece)
{
    const int64_t stride = piece->stride;
    const int8_t *from = piece->from, *end = from + (int64_t)piece->n * stride;
    const size_t step = piece->step;
    int32_t sum = 0;
    for (int8_t *to = piece->to; from < end; from += 4 * stride, to += step) {
        const int8_t a = from[0], b = from[stride], c = from[2 * stride], d = from[3 * stride];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        sum += a + b + c + d;
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

// The distance of n offsets from 0 on; 0 when it is not the same for all or not positive.
static int64_t even_stride(const int64_t *offsets, size_t n)
{
    int64_t stride = n > 1 ? offsets[1] : 1;
    for (size_t i = 0; i < n; i++) {
        if (offsets[i] != (int64_t)i * stride) {
            return 0;
        }
    }
    return stride > 0 ? stride : 0;
}

// Elements of a tap's k that lie with the tap, and how many of its elements are in memory there.
static size_t depth_within_taps(const struct octi_panel_geometry *geometry, const struct octi_panel_source *source)
{
    size_t k = octi_panel_depth(source);
    return geometry->tails ? k / geometry->kr * geometry->kr : k;
}

static size_t tap_elements(const struct octi_panel_geometry *geometry, const struct octi_panel_source *source)
{
    return octi_panel_padded_k(geometry, depth_within_taps(geometry, source));
}

// Packs k [first, first + PIECE_K) of the columns of n slots, and adds the weights to `sums`, modulo 2^32; those of one
// tap lie `sums_step` behind those of the one before.
static void pack_piece(const struct octi_panel_geometry *geometry,
                       const struct octi_panel_source *source,
                       size_t first,
                       const struct slot *slots,
                       size_t n,
                       size_t width,
                       int8_t *weights,
                       uint32_t *sums,
                       size_t sums_step)
{
    size_t taps = octi_panel_taps(source), k = depth_within_taps(geometry, source);
    struct piece piece = {.n = k - first < PIECE_K ? k - first : PIECE_K, .kr = geometry->kr};
    piece.step = geometry->quads > 0 ? geometry->kr : width * geometry->kr;
    int64_t start = element_offset(source, 0, first);
    for (size_t i = 0; i < piece.n; i++) {
        piece.offsets[i] = element_offset(source, 0, first + i) - start;
    }
    piece.stride = even_stride(piece.offsets, piece.n);
    bool quads = piece.kr == 4 && piece.n % 4 == 0 && piece.stride > 0;
    int32_t (*pack)(const struct piece *) = !quads              ? pack_any
                                            : piece.stride == 1 ? pack_dense_quads
                                                                : pack_spread_quads;
    for (size_t tap = 0; tap < taps; tap++) {
        // An element's offset is that of its tap plus that of its k.
        const int8_t *from = source->weights + start + element_offset(source, tap, 0) - element_offset(source, 0, 0);
        int8_t *to = weights + tap * tap_elements(geometry, source) * width + first * width;
        for (size_t i = 0; i < n; i++) {
            if (slots[i].column != SIZE_MAX) {
                piece.from = from + (int64_t)slots[i].column * source->column_stride;
                // The next piece of this column, a line with each tap: nobody else sees that it will be wanted.
                __builtin_prefetch(piece.from + PIECE_K * piece.stride + (int64_t)tap * LINE_BYTES);
                piece.to = to + slots[i].place;
                sums[tap * sums_step + i] += (uint32_t)pack(&piece);
            }
        }
    }
}

// Packs what is left of k in the taps of the columns of n slots, behind all that is within taps; sums as above.
static void pack_tails(const struct octi_panel_geometry *geometry,
                       const struct octi_panel_source *source,
                       const struct slot *slots,
                       size_t n,
                       size_t width,
                       int8_t *weights,
                       uint32_t *sums,
                       size_t sums_step)
{
    const size_t taps = octi_panel_taps(source), k = octi_panel_depth(source), kr = geometry->kr;
    const size_t within = depth_within_taps(geometry, source);
    int8_t *tails = weights + taps * tap_elements(geometry, source) * width;
    for (size_t e = 0; e < taps * (k - within); e++) {
        const size_t tap = e / (k - within);
        const int64_t offset = element_offset(source, tap, within + e % (k - within));
        for (size_t i = 0; i < n; i++) {
            if (slots[i].column != SIZE_MAX) {
                const int32_t weight = source->weights[(int64_t)slots[i].column * source->column_stride + offset];
                tails[e / kr * kr * width + slots[i].place + e % kr] = (int8_t)weight;
                sums[tap * sums_step + i] += (uint32_t)weight;
            }
        }
    }
}

// Packs the weights of columns [first, first + n) into a panel and adds them up in `sums`, as pack_piece() does.
static void pack_weights(const struct octi_panel_geometry *geometry,
                         const struct octi_panel_source *source,
                         size_t first,
                         size_t n,
                         size_t width,
                         int8_t *weights,
                         uint32_t *sums,
                         size_t sums_step)
{
    size_t k = depth_within_taps(geometry, source);
    struct slot slots[PIECE_COLUMNS];
    for (size_t position = 0; position < width; position += PIECE_COLUMNS) {
        size_t count = width - position < PIECE_COLUMNS ? width - position : PIECE_COLUMNS;
        for (size_t i = 0; i < count; i++) {
            size_t column = octi_panel_column_at(geometry, width, position + i);
            slots[i].column = column < n ? first + column : SIZE_MAX;
            slots[i].place = place_of(geometry, column, position + i);
        }
        for (size_t at = 0; at < k; at += PIECE_K) {
            pack_piece(geometry, source, at, slots, count, width, weights, sums + position, sums_step);
        }
        pack_tails(geometry, source, slots, count, width, weights, sums + position, sums_step);
    }
}

static void add_up(uint32_t *to, const uint32_t *sums, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += sums[i];
    }
}

// The same with the sums of each tap apart, from which those of all taps and of the sets are made.
static void pack_sets(const struct octi_panel_geometry *geometry,
                      const struct octi_panel_source *source,
                      size_t first,
                      size_t n,
                      size_t width,
                      int8_t *weights,
                      uint32_t *sums,
                      const struct octi_panel_starts *starts)
{
    const size_t taps = octi_panel_taps(source);
    memset(starts->sums, 0, taps * width * sizeof *sums);
    pack_weights(geometry, source, first, n, width, weights, starts->sums, width);
    for (size_t tap = 0; tap < taps; tap++) {
        add_up(sums, starts->sums + tap * width, width);
    }
    for (size_t s = 0; s < starts->n_sets; s++) {
        const struct octi_tap_set *set = &starts->sets[s];
        uint32_t *to = starts->starts + s * starts->positions + first;
        memset(to, 0, width * sizeof *to);
        for (size_t i = 0; i < set->n; i++) {
            add_up(to, starts->sums + (size_t)set->taps[i] * width, width);
        }
    }
}

// What sums of k products start from, given the sum of their weights. Modulo 2^32, as the accumulators are: the true
// sum fits, so its parts need not.
static uint32_t
start_of(const struct octi_panel_geometry *geometry, uint32_t sum, size_t k, int32_t w_zero_point, int32_t x_zero_point)
{
    const uint32_t none = (uint32_t)k * (uint32_t)w_zero_point;
    return (uint32_t)x_zero_point * (none - sum) + (uint32_t)geometry->x_offset * sum;
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
                      const struct octi_panel_starts *starts,
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
        if (starts != NULL) {
            pack_sets(geometry, source, first, n, width, weights, start, starts);
        } else {
            pack_weights(geometry, source, first, n, width, weights, start, 0);
        }
        for (size_t position = 0; position < width; position++) {
            size_t column = octi_panel_column_at(geometry, width, position);
            if (column >= n) {
                continue;
            }
            const struct octi_panel_column *given = &columns[first + column];
            start[position] = start_of(geometry, start[position], taps * k, given->zero_point, x_zero_point);
            for (size_t s = 0; starts != NULL && s < starts->n_sets; s++) {
                uint32_t *set_start = starts->starts + s * starts->positions + first + position;
                *set_start = start_of(geometry, *set_start, starts->sets[s].n * k, given->zero_point, x_zero_point);
            }
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
