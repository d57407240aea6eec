// Tables of zones say of every output pixel and element of the window what the arithmetic of windows says.
#include "engine/ops/product_zones.h"

#include "engine/base/region.h"
#include "tests/engine/ops/window_case.h"
#include "tests/support/oct_check.h"

#include <stdlib.h>

// Marks the zone's rows, and compares its offsets.
static void check_zone(const struct octi_conv_geometry *geometry, const struct octi_product_zone *zone, bool *done)
{
    const int64_t window = octi_conv_count(geometry->kernel);
    for (int64_t i = 0; i < zone->n_rows; i++) {
        const int64_t row = zone->rows[i];
        ck_assert(!done[row] && (i == 0 || zone->rows[i - 1] < row));
        done[row] = true;
        size_t t = 0;
        for (int64_t tap = 0; tap < window; tap++) {
            const int32_t offset = window_offset(geometry, row, tap);
            if (t < zone->taps.n && zone->taps.taps[t] == tap) {
                ck_assert_int_eq(zone->offsets[(int64_t)t++ * zone->n_rows + i], offset);
            } else {
                ck_assert_int_eq(offset, OCTI_QGEMM_PADDING);
            }
        }
        ck_assert_uint_eq(t, zone->taps.n);
    }
}

START_TEST(zones_have_every_row_once_and_all_that_it_sees)
{
    struct oct_rng rng = {(uint64_t)_i + 1};
    const struct octi_conv_geometry geometry = random_window(&rng);
    const struct octi_conv_zone_costs costs = {.block_rows = 300, .quads = oct_rng_between(&rng, 1, 40)};
    struct octi_conv_zones from;
    octi_conv_zones_plan(&geometry, &costs, &from);
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.plan_memory = &region, .error = &error};
    struct octi_product_zones zones = {0};
    ck_assert_ok(octi_product_zones_plan(&call, &geometry, WINDOW_CHANNELS, &from, &zones), &error);
    const int64_t pixels = octi_conv_count(geometry.out);
    bool *done = calloc((size_t)pixels, sizeof *done);
    for (size_t i = 0; i < zones.n; i++) {
        check_zone(&geometry, &zones.zones[i], done);
    }
    for (int64_t pixel = 0; pixel < pixels; pixel++) {
        ck_assert(done[pixel]);
    }
    free(done);
    octi_region_deinit(&region);
}
END_TEST

START_TEST(rows_of_a_block_are_found)
{
    const int32_t rows[] = {3, 4, 9};
    const struct octi_product_zone zone = {.n_rows = 3, .rows = rows};
    const int64_t expected[] = {0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3};
    for (int64_t row = 0; row < 12; row++) {
        ck_assert_int_eq(octi_product_zone_find(&zone, row), expected[row]);
    }
    const struct octi_product_zone none = {.n_rows = 0, .rows = rows};
    ck_assert_int_eq(octi_product_zone_find(&none, 3), 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *zones = oct_case(suite, "zones");
    tcase_add_loop_test(zones, zones_have_every_row_once_and_all_that_it_sees, 0, 60);
    tcase_add_test(zones, rows_of_a_block_are_found);
}

OCT_CHECK_MAIN("product zones", add)
