#include "engine/kernels/panel/panel.h"

#include "engine/base/checked.h"

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

// Writes the weights of one column and returns their sum.
static int64_t pack_column(const struct octi_panel_geometry *geometry,
                           const struct octi_panel_source *source,
                           size_t column,
                           size_t taps,
                           size_t k,
                           size_t width,
                           size_t position,
                           int8_t *weights)
{
    const int8_t *from = source->weights + (int64_t)column * source->column_stride;
    size_t kr = geometry->kr;
    size_t tap_bytes = octi_panel_padded_k(geometry, k) * width;
    int64_t sum = 0;
    for (size_t tap = 0; tap < taps; tap++) {
        int8_t *to = weights + tap * tap_bytes + position * kr;
        for (size_t first = 0; first < k; first += kr, to += width * kr) {
            for (size_t i = first; i < first + kr && i < k; i++) {
                to[i - first] = from[element_offset(source, tap, i)];
                sum += to[i - first];
            }
        }
    }
    return sum;
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
        int32_t *start = (int32_t *)(void *)place;
        float *bias = (float *)(void *)(place + 4 * width);
        float *multiplier = (float *)(void *)(place + 8 * width);
        int32_t *zero_point = (int32_t *)(void *)(place + 12 * width);
        int8_t *weights = (int8_t *)(place + octi_panel_header_bytes(width));
        for (size_t position = 0; position < width; position++) {
            size_t column = octi_panel_column_at(geometry, width, position);
            if (column >= n) {
                continue;
            }
            const struct octi_panel_column *given = &columns[first + column];
            int64_t sum = pack_column(geometry, source, first + column, taps, k, width, position, weights);
            int64_t depth = (int64_t)(taps * k);
            // Modulo 2^32, as the accumulators are: the true sum fits, so its parts need not.
            int64_t correction = x_zero_point * (depth * given->zero_point - sum) + geometry->x_offset * sum;
            start[position] = (int32_t)(uint32_t)(uint64_t)correction;
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
