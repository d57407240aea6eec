#include "engine/ops/product_zones.h"

#include "engine/base/checked.h"
#include "engine/ops/conv_offsets.h"

int64_t octi_product_zone_find(const struct octi_product_zone *zone, int64_t row)
{
    int64_t begin = 0, end = zone->n_rows;
    while (begin < end) {
        const int64_t middle = begin + (end - begin) / 2;
        if (zone->rows[middle] < row) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

// Appends the pixels of a line to the rows of the zones they are in.
static void append_line(const struct octi_conv_zones *from, const uint8_t *zone_of, int64_t line, int32_t **next)
{
    const size_t n = from->n_bands[OCTI_CONV_WIDTH];
    const struct octi_conv_band *bands = from->bands[OCTI_CONV_WIDTH];
    for (size_t b = 0; b < n; b++) {
        int32_t *rows = next[zone_of[b]];
        for (int64_t x = bands[b].begin; x < bands[b].end; x++) {
            *rows++ = (int32_t)(line * bands[n - 1].end + x);
        }
        next[zone_of[b]] = rows;
    }
}

// Pixels in the order of memory, each to its zone.
static void append_pixels(const struct octi_conv_zones *from, int32_t **next)
{
    int64_t line = 0;
    const uint8_t *zone_of = from->zone_of;
    for (size_t z = 0; z < from->n_bands[OCTI_CONV_DEPTH]; z++) {
        const struct octi_conv_band *planes = &from->bands[OCTI_CONV_DEPTH][z];
        for (int64_t plane = planes->begin; plane < planes->end; plane++) {
            for (size_t y = 0; y < from->n_bands[OCTI_CONV_HEIGHT]; y++) {
                const struct octi_conv_band *lines = &from->bands[OCTI_CONV_HEIGHT][y];
                const size_t at = (z * from->n_bands[OCTI_CONV_HEIGHT] + y) * from->n_bands[OCTI_CONV_WIDTH];
                for (int64_t i = lines->begin; i < lines->end; i++) {
                    append_line(from, zone_of + at, line++, next);
                }
            }
        }
    }
}

static enum oct_status
make_rows(struct oct_op_prepare_call *call, const struct octi_conv_zones *from, struct octi_product_zone *zones)
{
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        zones[i].n_rows = from->zones[i].pixels;
        n += (size_t)zones[i].n_rows;
    }
    int32_t *rows = NULL;
    enum oct_status status = octi_conv_alloc_entries(call, n, 1, &rows);
    if (status != OCT_OK) {
        return status;
    }
    int32_t *next[OCTI_MAX_ZONES] = {rows};
    for (size_t i = 1; i < from->n; i++) {
        next[i] = next[i - 1] + zones[i - 1].n_rows;
    }
    append_pixels(from, next);
    const int32_t *shared = oct_op_prepare_share(call, rows, n * sizeof *rows);
    for (size_t i = 0; i < from->n; i++) {
        zones[i].rows = shared;
        shared += zones[i].n_rows;
    }
    return OCT_OK;
}

static void list_taps(const struct octi_conv_geometry *geometry, const struct octi_conv_zone *zone, int32_t *taps)
{
    const struct octi_conv_span *sees = zone->sees;
    for (int64_t z = sees[OCTI_CONV_DEPTH].begin; z < sees[OCTI_CONV_DEPTH].end; z++) {
        for (int64_t y = sees[OCTI_CONV_HEIGHT].begin; y < sees[OCTI_CONV_HEIGHT].end; y++) {
            const int64_t line = z * geometry->kernel[OCTI_CONV_HEIGHT] + y;
            for (int64_t x = sees[OCTI_CONV_WIDTH].begin; x < sees[OCTI_CONV_WIDTH].end; x++) {
                *taps++ = (int32_t)(line * geometry->kernel[OCTI_CONV_WIDTH] + x);
            }
        }
    }
}

static enum oct_status make_taps(struct oct_op_prepare_call *call,
                                 const struct octi_conv_geometry *geometry,
                                 const struct octi_conv_zones *from,
                                 struct octi_product_zone *zones)
{
    size_t n = 0;
    for (size_t i = 0; i < from->n; i++) {
        zones[i].taps.n = (size_t)octi_conv_zone_taps(&from->zones[i]);
        n += zones[i].taps.n;
    }
    int32_t *taps = NULL;
    enum oct_status status = octi_conv_alloc_entries(call, n, 1, &taps);
    for (size_t i = 0; i < from->n && status == OCT_OK; i++) {
        list_taps(geometry, &from->zones[i], taps);
        zones[i].taps.taps = taps;
        taps += zones[i].taps.n;
    }
    return status;
}

static enum oct_status make_offsets(struct oct_op_prepare_call *call,
                                    const struct octi_conv_geometry *geometry,
                                    size_t channels,
                                    size_t n_zones,
                                    struct octi_product_zone *zones)
{
    size_t n = 0; // no more than there are output pixels and elements of the window: see make_rows()
    for (size_t i = 0; i < n_zones; i++) {
        size_t entries;
        if (!octi_mul_size(zones[i].taps.n, (size_t)zones[i].n_rows, &entries) || !octi_add_size(n, entries, &n)) {
            n = SIZE_MAX;
        }
    }
    int32_t *offsets = NULL;
    enum oct_status status = octi_conv_alloc_entries(call, n, 1, &offsets);
    if (status != OCT_OK) {
        return status;
    }
    int32_t *next = offsets;
    for (size_t i = 0; i < n_zones; i++) {
        for (size_t t = 0; t < zones[i].taps.n; t++) {
            octi_conv_write_offsets(geometry, channels, (size_t)zones[i].taps.taps[t], zones[i].rows,
                                    (size_t)zones[i].n_rows, next);
            next += zones[i].n_rows;
        }
    }
    const int32_t *shared = oct_op_prepare_share(call, offsets, n * sizeof *offsets);
    for (size_t i = 0; i < n_zones; i++) {
        zones[i].offsets = shared;
        shared += zones[i].taps.n * (size_t)zones[i].n_rows;
    }
    return OCT_OK;
}

enum oct_status octi_product_zones_plan(struct oct_op_prepare_call *call,
                                        const struct octi_conv_geometry *geometry,
                                        size_t channels,
                                        const struct octi_conv_zones *from,
                                        struct octi_product_zones *zones)
{
    struct octi_product_zone *list = oct_op_prepare_alloc(call, from->n * sizeof *list);
    if (list == NULL) {
        return OCT_ERR_NOMEM;
    }
    enum oct_status status = make_rows(call, from, list);
    if (status == OCT_OK) {
        status = make_taps(call, geometry, from, list);
    }
    if (status == OCT_OK) {
        status = make_offsets(call, geometry, channels, from->n, list);
    }
    zones->n = from->n;
    zones->zones = list;
    return status;
}
