#include "engine/ops/merged_groups.h"

#include "engine/base/region.h"
#include "engine/ops/quantized_weights.h"
#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

static const struct octi_panel_geometry vnni = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4, .lanes = 4};
static const struct octi_panel_geometry plain = {.nr = 16, .nr_min = 4, .kr = 1, .k_align = 1, .lanes = 1};

static int64_t merged(int64_t groups, int64_t channels, int64_t outputs)
{
    struct octi_conv_geometry geometry = {.groups = groups};
    geometry.group_channels = channels;
    geometry.group_out_channels = outputs;
    return octi_merged_groups(&geometry, &vnni);
}

START_TEST(groups_are_merged_until_their_outputs_fill_the_narrowest_panel)
{
    ck_assert_int_eq(merged(32, 4, 4), 4);
    ck_assert_int_eq(merged(32, 8, 8), 2);
    ck_assert_int_eq(merged(32, 16, 16), 1);
    ck_assert_int_eq(merged(6, 4, 4), 3); // the largest that divides
    ck_assert_int_eq(merged(7, 4, 4), 1);
    ck_assert_int_eq(merged(5, 1, 3), 5);
    ck_assert_int_eq(merged(2, 17, 4), 1); // enough channels by itself
    ck_assert_int_eq(merged(1, 4, 4), 1);
    struct octi_conv_geometry geometry = {.groups = 32, .group_channels = 1, .group_out_channels = 2};
    ck_assert_int_eq(octi_merged_groups(&geometry, &plain), 1);
}
END_TEST

START_TEST(kernels_of_tiles_want_64_channels)
{
    static const struct octi_panel_geometry tiles = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 64, .gathered = true};
    static const int64_t cases[][3] = {{4, 4, 16}, {8, 8, 8}, {32, 32, 2}, {16, 32, 2}, {64, 64, 1}, {96, 8, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct octi_conv_geometry geometry = {.groups = 32};
        geometry.group_channels = cases[i][0];
        geometry.group_out_channels = cases[i][1];
        ck_assert_int_eq(octi_merged_groups(&geometry, &tiles), cases[i][2]);
    }
}
END_TEST

// Two groups of one output, two channels and a window of 1 x 2; the second output has a zero point.
static const int8_t weights[2][2][1][2] = {{{{1, 2}}, {{3, 4}}}, {{{5, 6}}, {{7, 8}}}};
static const int64_t zero_points[2] = {0, -9};
static const double scales[2] = {1.0, 1.0};

static enum oct_status merge(const struct oct_allocator *allocator, struct octi_region *region, const int8_t **spread)
{
    octi_region_init(region, allocator);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_QINT8, .shape = {.rank = 4, .dims = {2, 2, 1, 2}}};
    desc.qparams = (struct oct_qparams){.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE, .channels = 2};
    desc.qparams.scales = scales;
    desc.qparams.zero_points = zero_points;
    struct oct_view weight = oct_view_dense(&desc, 1, (void *)(uintptr_t)weights);
    const struct oct_view *constants[OCTI_WEIGHTED_BIAS] = {[OCTI_WEIGHTED_WEIGHT] = &weight};
    struct oct_op_prepare_call call = {.constants = constants, .plan_memory = region, .error = &error};
    struct octi_conv_geometry geometry = {.groups = 2, .group_channels = 2, .group_out_channels = 1};
    struct octi_panel_source source = {.weights = &weights[0][0][0][0], .column_stride = 4, .channel_stride = 2};
    source.y_stride = 2;
    source.x_stride = 1;
    source.window_height = 1;
    source.window_width = 2;
    source.channels = 2;
    enum oct_status status = octi_merge_groups(&call, &geometry, 2, &source);
    if (status == OCT_OK) {
        ck_assert_uint_eq(source.channels, 4);
        ck_assert_int_eq(source.column_stride, 8);
        ck_assert_int_eq(source.x_stride, 4);
        ck_assert(!source.depthwise && !source.row_taps);
        *spread = source.weights;
    }
    return status;
}

START_TEST(weights_outside_the_diagonal_stand_for_nothing)
{
    struct octi_region region;
    const int8_t *spread = NULL;
    ck_assert_status_ok(merge(NULL, &region, &spread));
    const int8_t expected[16] = {1, 3, 0, 0, 2, 4, 0, 0, -9, -9, 5, 7, -9, -9, 6, 8};
    ck_assert_mem_eq(spread, expected, sizeof expected);
    octi_region_deinit(&region);
}
END_TEST

START_TEST(refused_memory_is_reported)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 0);
    struct octi_region region;
    const int8_t *spread = NULL;
    ck_assert_status(OCT_ERR_NOMEM, merge(&chaos.allocator, &region, &spread));
    octi_region_deinit(&region);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *groups = oct_case(suite, "groups");
    tcase_add_test(groups, groups_are_merged_until_their_outputs_fill_the_narrowest_panel);
    tcase_add_test(groups, kernels_of_tiles_want_64_channels);
    tcase_add_test(groups, weights_outside_the_diagonal_stand_for_nothing);
    tcase_add_test(groups, refused_memory_is_reported);
}

OCT_CHECK_MAIN("merged groups", add)
