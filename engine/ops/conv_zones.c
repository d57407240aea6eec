#include "engine/ops/conv_zones.h"

/// A quad of weights takes as long to read as so many rows take to multiply with it (AVX-512: 256 bytes out of a
/// second-level cache, two instructions a cycle).
#define MIN_ROWS 3.0
/// What a call costs besides, in products of a row with a quad.
#define CALL_COST 40.0

// How many elements of the window lie in front of input position `at` at output position `out`.
static int64_t elements_before(const struct octi_conv_geometry *geometry, int d, int64_t out, int64_t at)
{
    const int64_t step = geometry->dilation[d];
    const int64_t distance = at - (out * geometry->stride[d] - geometry->padding[d]);
    const int64_t elements = distance > 0 ? (distance - 1) / step + 1 : 0;
    return elements < geometry->kernel[d] ? elements : geometry->kernel[d];
}

static struct octi_conv_span visible(const struct octi_conv_geometry *geometry, int d, int64_t out)
{
    return (struct octi_conv_span){elements_before(geometry, d, out, 0),
                                   elements_before(geometry, d, out, geometry->in[d])};
}

// Where the band of output position `out` ends. Both ends of what is seen only move one way, so the search may jump.
static int64_t band_end(const struct octi_conv_geometry *geometry, int d, int64_t out)
{
    const struct octi_conv_span sees = visible(geometry, d, out);
    int64_t begin = out, end = geometry->out[d]; // the last that is known to be in the band, the first that is not
    while (end - begin > 1) {
        const int64_t middle = begin + (end - begin) / 2;
        const struct octi_conv_span there = visible(geometry, d, middle);
        if (there.begin == sees.begin && there.end == sees.end) {
            begin = middle;
        } else {
            end = middle;
        }
    }
    return end;
}

static void one_band(const struct octi_conv_geometry *geometry, int d, struct octi_conv_zones *zones)
{
    zones->n_bands[d] = 1;
    zones->bands[d][0] = (struct octi_conv_band){0, geometry->out[d], {0, geometry->kernel[d]}};
}

static void find_bands(const struct octi_conv_geometry *geometry, int d, struct octi_conv_zones *zones)
{
    size_t n = 0;
    for (int64_t out = 0; out < geometry->out[d];) {
        if (n == OCTI_MAX_ZONES) {
            one_band(geometry, d, zones);
            return;
        }
        const int64_t end = band_end(geometry, d, out);
        zones->bands[d][n++] = (struct octi_conv_band){out, end, visible(geometry, d, out)};
        out = end;
    }
    zones->n_bands[d] = n;
}

static size_t count_boxes(const struct octi_conv_zones *zones)
{
    return zones->n_bands[OCTI_CONV_DEPTH] * zones->n_bands[OCTI_CONV_HEIGHT] * zones->n_bands[OCTI_CONV_WIDTH];
}

// Of a large window in several dimensions, one does without bands.
static void limit_boxes(const struct octi_conv_geometry *geometry, struct octi_conv_zones *zones)
{
    while (count_boxes(zones) > OCTI_MAX_ZONES) {
        int most = 0;
        for (int d = 1; d < OCTI_CONV_DIMS; d++) {
            most = zones->n_bands[d] > zones->n_bands[most] ? d : most;
        }
        one_band(geometry, most, zones);
    }
}

static struct octi_conv_zone
box_zone(const struct octi_conv_geometry *geometry, const struct octi_conv_zones *zones, size_t box)
{
    struct octi_conv_zone zone = {.pixels = 1};
    const struct octi_conv_band *bands[OCTI_CONV_DIMS];
    for (int d = OCTI_CONV_DIMS; d-- > 0;) {
        bands[d] = &zones->bands[d][box % zones->n_bands[d]];
        box /= zones->n_bands[d];
    }
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        zone.pixels *= bands[d]->end - bands[d]->begin;
        zone.first = zone.first * geometry->out[d] + bands[d]->begin;
        zone.last = zone.last * geometry->out[d] + bands[d]->end - 1;
        zone.sees[d] = bands[d]->sees;
    }
    return zone;
}

int64_t octi_conv_zone_taps(const struct octi_conv_zone *zone)
{
    int64_t taps = 1;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        taps *= zone->sees[d].end - zone->sees[d].begin;
    }
    return taps;
}

// In products of a row with a quad. Every block reads the weights for the rows of a zone that lie in it.
static double cost(const struct octi_conv_zone *zone, const struct octi_conv_zone_costs *costs)
{
    int64_t blocks = zone->last / costs->block_rows - zone->first / costs->block_rows + 1;
    blocks = blocks < zone->pixels ? blocks : zone->pixels;
    const double least = MIN_ROWS * (double)blocks, rows = (double)zone->pixels;
    return (double)octi_conv_zone_taps(zone) * (double)costs->quads * (rows > least ? rows : least) +
           CALL_COST * (double)blocks;
}

static struct octi_conv_span hull(struct octi_conv_span a, struct octi_conv_span b)
{
    if (a.begin == a.end || b.begin == b.end) {
        return a.begin == a.end ? b : a;
    }
    return (struct octi_conv_span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

static struct octi_conv_zone join(const struct octi_conv_zone *a, const struct octi_conv_zone *b)
{
    struct octi_conv_zone both = {.pixels = a->pixels + b->pixels};
    both.first = a->first < b->first ? a->first : b->first;
    both.last = a->last > b->last ? a->last : b->last;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        both.sees[d] = hull(a->sees[d], b->sees[d]);
    }
    return both;
}

// Zone `b` becomes part of zone `a` < b, and the last one takes its place.
static void take(struct octi_conv_zones *zones, size_t a, size_t b, size_t n_boxes)
{
    zones->zones[a] = join(&zones->zones[a], &zones->zones[b]);
    zones->n--;
    zones->zones[b] = zones->zones[zones->n];
    for (size_t box = 0; box < n_boxes; box++) {
        if (zones->zone_of[box] == b) {
            zones->zone_of[box] = (uint8_t)a;
        } else if (zones->zone_of[box] == zones->n) {
            zones->zone_of[box] = (uint8_t)b;
        }
    }
}

// Joins the two zones that gain most by it; false when none do.
static bool join_best(struct octi_conv_zones *zones, const struct octi_conv_zone_costs *costs, size_t n_boxes)
{
    size_t best_a = 0, best_b = 0;
    double most = 0;
    for (size_t a = 0; a < zones->n; a++) {
        for (size_t b = a + 1; b < zones->n; b++) {
            const struct octi_conv_zone both = join(&zones->zones[a], &zones->zones[b]);
            const double gain = cost(&zones->zones[a], costs) + cost(&zones->zones[b], costs) - cost(&both, costs);
            if (gain > most) {
                most = gain;
                best_a = a;
                best_b = b;
            }
        }
    }
    if (most > 0) {
        take(zones, best_a, best_b, n_boxes);
    }
    return most > 0;
}

bool octi_conv_zones_plan(const struct octi_conv_geometry *geometry,
                          const struct octi_conv_zone_costs *costs,
                          struct octi_conv_zones *zones)
{
    struct octi_conv_zone whole = {.pixels = octi_conv_count(geometry->out)};
    whole.last = whole.pixels - 1;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        find_bands(geometry, d, zones);
        whole.sees[d] = (struct octi_conv_span){0, geometry->kernel[d]};
    }
    limit_boxes(geometry, zones);
    const size_t n_boxes = count_boxes(zones);
    for (zones->n = 0; zones->n < n_boxes; zones->n++) {
        zones->zones[zones->n] = box_zone(geometry, zones, zones->n);
        zones->zone_of[zones->n] = (uint8_t)zones->n;
    }
    while (join_best(zones, costs, n_boxes)) {
    }
    double sum = 0;
    for (size_t i = 0; i < zones->n; i++) {
        sum += cost(&zones->zones[i], costs);
    }
    return sum <= (1 - costs->least_saving) * cost(&whole, costs);
}
