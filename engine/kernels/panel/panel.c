#include "engine/kernels/panel/panel.h"

#include "engine/base/checked.h"
#include "engine/kernels/panel/weights.h"

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

static void add_up(uint32_t *to, const uint32_t *sums, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += sums[i];
    }
}

// The same with the sums of each tap apart, from which those of all taps and of the sets are made.
static void
pack_sets(const struct octi_panel_packing *packing, size_t first, size_t n, const struct octi_panel_starts *starts)
{
    const size_t taps = octi_panel_taps(packing->source), width = packing->width;
    struct octi_panel_packing apart = *packing;
    apart.sums = starts->sums;
    apart.sums_step = width;
    memset(starts->sums, 0, taps * width * sizeof *starts->sums);
    octi_panel_pack_weights(&apart, n);
    for (size_t tap = 0; tap < taps; tap++) {
        add_up(packing->sums, starts->sums + tap * width, width);
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

// Does every byte of the panel behind its header belong to a weight?
static bool is_full(const struct octi_panel_geometry *geometry, size_t n, size_t width, size_t taps, size_t k)
{
    const size_t rounded = geometry->tails ? taps * k : k;
    return n == width && rounded % geometry->k_align == 0 && taps * k * width % PANEL_ALIGN == 0;
}

static void
find_columns(const struct octi_panel_geometry *geometry, size_t width, uint16_t columns[OCTI_PANEL_MAX_WIDTH])
{
    for (size_t position = 0; position < width; position++) {
        columns[position] = (uint16_t)octi_panel_column_at(geometry, width, position);
    }
}

bool octi_panels_pack(const struct octi_panel_geometry *geometry,
                      const struct octi_quads *quads,
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
    uint16_t column_at[OCTI_PANEL_MAX_WIDTH];
    struct octi_panel_source of_panel = *source;
    for (size_t first = 0, known = 0; first < n_columns;) {
        size_t width = next_width(geometry, n_columns - first);
        size_t n = n_columns - first < width ? n_columns - first : width;
        size_t one = 0;
        (void)one_panel_bytes(geometry, width, taps, k, &one); // the caller's octi_panel_bytes() has seen it
        if (width != known) {
            find_columns(geometry, width, column_at);
            known = width;
        }
        of_panel.weights = source->fetch != NULL ? source->fetch(source->fetch_context, first, n)
                                                 : source->weights + (int64_t)first * source->column_stride;
        if (of_panel.weights == NULL) {
            return false;
        }
        uint32_t *start = (uint32_t *)(void *)place; // int32 to those who read it
        float *bias = (float *)(void *)(place + 4 * width);
        float *multiplier = (float *)(void *)(place + 8 * width);
        int32_t *zero_point = (int32_t *)(void *)(place + 12 * width);
        const struct octi_panel_packing packing = {.geometry = geometry,
                                                   .source = &of_panel,
                                                   .quads = quads,
                                                   .width = width,
                                                   .columns = column_at,
                                                   .weights = (int8_t *)(place + octi_panel_header_bytes(width)),
                                                   .sums = start};
        memset(place, 0, is_full(geometry, n, width, taps, k) ? octi_panel_header_bytes(width) : one);
        if (starts != NULL) {
            pack_sets(&packing, first, n, starts);
        } else {
            octi_panel_pack_weights(&packing, n);
        }
        for (size_t position = 0; position < width; position++) {
            size_t column = column_at[position];
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
        place += one;
        first += width;
    }
    octi_quads_done();
    return true;
}
