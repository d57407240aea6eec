// Zones hold every output pixel once, and see whatever it sees.
#include "engine/ops/conv_zones.h"

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

static const struct octi_conv_zone_costs deep = {.block_rows = 100000, .quads = 128, .least_saving = 0.02};

// The same extents in height and width, of one plane.
static struct octi_conv_geometry square(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation)
{
    struct octi_conv_geometry geometry = {.groups = 1, .group_channels = 64, .group_out_channels = 64};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        const bool flat = d == OCTI_CONV_DEPTH;
        geometry.in[d] = flat ? 1 : in;
        geometry.kernel[d] = flat ? 1 : kernel;
        geometry.stride[d] = flat ? 1 : stride;
        geometry.padding[d] = flat ? 0 : padding;
        geometry.dilation[d] = flat ? 1 : dilation;
        geometry.out[d] =
            (geometry.in[d] + 2 * geometry.padding[d] - octi_conv_extent(&geometry, d)) / geometry.stride[d] + 1;
    }
    return geometry;
}

// Products of a row with a tap that zones leave.
static int64_t products(const struct octi_conv_zones *zones)
{
    int64_t sum = 0;
    for (size_t i = 0; i < zones->n; i++) {
        sum += zones->zones[i].pixels * octi_conv_zone_taps(&zones->zones[i]);
    }
    return sum;
}

static size_t band_of(const struct octi_conv_zones *zones, int d, int64_t out)
{
    for (size_t i = 0; i < zones->n_bands[d]; i++) {
        if (out >= zones->bands[d][i].begin && out < zones->bands[d][i].end) {
            return i;
        }
    }
    ck_assert_msg(false, "position %lld is in no band", (long long)out);
    return 0;
}

static void check_pixel(const struct octi_conv_geometry *geometry,
                        const struct octi_conv_zones *zones,
                        const int64_t *out,
                        int64_t *pixels)
{
    size_t box = 0;
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        box = box * zones->n_bands[d] + band_of(zones, d, out[d]);
    }
    const size_t index = zones->zone_of[box];
    ck_assert_uint_lt(index, zones->n);
    const struct octi_conv_zone *zone = &zones->zones[index];
    const int64_t pixel = (out[0] * geometry->out[OCTI_CONV_HEIGHT] + out[1]) * geometry->out[OCTI_CONV_WIDTH] + out[2];
    ck_assert(pixel >= zone->first && pixel <= zone->last);
    pixels[index]++;
    for (int64_t tap = 0; tap < octi_conv_count(geometry->kernel); tap++) {
        const int64_t k[OCTI_CONV_DIMS] = {
            tap / geometry->kernel[OCTI_CONV_WIDTH] / geometry->kernel[OCTI_CONV_HEIGHT],
            tap / geometry->kernel[OCTI_CONV_WIDTH] % geometry->kernel[OCTI_CONV_HEIGHT],
            tap % geometry->kernel[OCTI_CONV_WIDTH],
        };
        int64_t at[OCTI_CONV_DIMS];
        for (int d = 0; d < OCTI_CONV_DIMS && octi_conv_sees(geometry, out, k, at); d++) {
            ck_assert(k[d] >= zone->sees[d].begin && k[d] < zone->sees[d].end);
        }
    }
}

START_TEST(every_pixel_is_in_one_zone_which_sees_what_it_sees)
{
    struct oct_rng rng = {(uint64_t)_i + 1};
    struct octi_conv_geometry geometry = {.groups = 1};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.kernel[d] = oct_rng_between(&rng, 1, 5);
        geometry.dilation[d] = oct_rng_between(&rng, 1, 4);
        geometry.padding[d] = oct_rng_between(&rng, 0, 9);
        geometry.stride[d] = oct_rng_between(&rng, 1, 3);
        const int64_t least = octi_conv_extent(&geometry, d) - 2 * geometry.padding[d];
        geometry.in[d] = (least > 1 ? least : 1) + oct_rng_between(&rng, 0, 6);
        geometry.out[d] =
            (geometry.in[d] + 2 * geometry.padding[d] - octi_conv_extent(&geometry, d)) / geometry.stride[d] + 1;
    }
    const struct octi_conv_zone_costs costs = {
        .block_rows = oct_rng_between(&rng, 1, 400), .quads = oct_rng_between(&rng, 1, 200), .least_saving = 0.02};
    struct octi_conv_zones zones;
    octi_conv_zones_plan(&geometry, &costs, &zones);
    int64_t pixels[OCTI_MAX_ZONES] = {0};
    for (int64_t pixel = 0; pixel < octi_conv_count(geometry.out); pixel++) {
        const int64_t width = geometry.out[OCTI_CONV_WIDTH], height = geometry.out[OCTI_CONV_HEIGHT];
        const int64_t out[OCTI_CONV_DIMS] = {pixel / width / height, pixel / width % height, pixel % width};
        check_pixel(&geometry, &zones, out, pixels);
    }
    for (size_t i = 0; i < zones.n; i++) {
        ck_assert_int_eq(pixels[i], zones.zones[i].pixels);
    }
}
END_TEST

START_TEST(corners_belong_to_a_border)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(7, 3, 1, 1, 1);
    ck_assert(octi_conv_zones_plan(&geometry, &deep, &zones));
    ck_assert_uint_eq(zones.n, 5);
    ck_assert_int_eq(products(&zones), 369); // of 441
}
END_TEST

START_TEST(large_corners_are_zones_of_their_own)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(28, 3, 1, 4, 4);
    ck_assert(octi_conv_zones_plan(&geometry, &deep, &zones));
    ck_assert_uint_eq(zones.n, 9);
    ck_assert_int_eq(products(&zones), 76 * 76); // along a line, 20 pixels see 3 elements and 8 see 2
}
END_TEST

START_TEST(borders_of_a_row_in_every_block_are_not_worth_it)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(100, 3, 1, 1, 1);
    ck_assert(!octi_conv_zones_plan(&geometry, &deep, &zones)); // 1.3 % of the products
    const struct octi_conv_geometry small = square(20, 3, 1, 1, 1);
    const struct octi_conv_zone_costs lines = {.block_rows = 20, .quads = 128, .least_saving = 0.02};
    ck_assert(octi_conv_zones_plan(&small, &deep, &zones));
    ck_assert_uint_eq(zones.n, 5);
    ck_assert(octi_conv_zones_plan(&small, &lines, &zones));
    ck_assert_uint_eq(zones.n, 3); // above, between, below
}
END_TEST

START_TEST(zones_that_save_less_than_asked_for_are_not_worth_it)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(14, 3, 1, 1, 1); // 8.8 % with the corners at a border
    struct octi_conv_zone_costs costs = deep;
    costs.least_saving = 0.08;
    ck_assert(octi_conv_zones_plan(&geometry, &costs, &zones));
    costs.least_saving = 0.10;
    ck_assert(!octi_conv_zones_plan(&geometry, &costs, &zones));
}
END_TEST

START_TEST(windows_without_padding_have_no_zones)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(14, 3, 1, 0, 1);
    ck_assert(!octi_conv_zones_plan(&geometry, &deep, &zones));
}
END_TEST

START_TEST(pixels_that_see_nothing_are_a_zone_of_no_products)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(4, 1, 1, 3, 1);
    ck_assert(octi_conv_zones_plan(&geometry, &deep, &zones));
    ck_assert_int_eq(products(&zones), 16);
}
END_TEST

START_TEST(extents_beyond_memory_take_no_time)
{
    struct octi_conv_zones zones;
    const struct octi_conv_geometry geometry = square(5, 2, 1, (int64_t)1 << 28, 3);
    octi_conv_zones_plan(&geometry, &deep, &zones);
    const struct octi_conv_geometry wide = square((int64_t)1 << 28, (int64_t)1 << 27, 1, (int64_t)1 << 26, 1);
    ck_assert(!octi_conv_zones_plan(&wide, &deep, &zones)); // too many bands
}
END_TEST

static void add(Suite *suite)
{
    TCase *zones = oct_case(suite, "zones");
    tcase_add_loop_test(zones, every_pixel_is_in_one_zone_which_sees_what_it_sees, 0, 200);
    tcase_add_test(zones, corners_belong_to_a_border);
    tcase_add_test(zones, large_corners_are_zones_of_their_own);
    tcase_add_test(zones, borders_of_a_row_in_every_block_are_not_worth_it);
    tcase_add_test(zones, zones_that_save_less_than_asked_for_are_not_worth_it);
    tcase_add_test(zones, windows_without_padding_have_no_zones);
    tcase_add_test(zones, pixels_that_see_nothing_are_a_zone_of_no_products);
    tcase_add_test(zones, extents_beyond_memory_take_no_time);
}

OCT_CHECK_MAIN("convolution zones", add)
