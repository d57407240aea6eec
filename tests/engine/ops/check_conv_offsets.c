// Tables of offsets say of every output pixel and element of the window what the arithmetic of windows says.
#include "engine/ops/conv_offsets.h"

#include "engine/base/region.h"
#include "tests/engine/ops/window_case.h"
#include "tests/support/oct_check.h"

START_TEST(a_table_of_all_pixels_has_every_offset)
{
    struct oct_rng rng = {(uint64_t)_i + 1};
    const struct octi_conv_geometry geometry = random_window(&rng);
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.plan_memory = &region, .error = &error};
    struct octi_conv_offsets table = {0};
    ck_assert_ok(octi_conv_offsets_plan(&call, &geometry, WINDOW_CHANNELS, &table), &error);
    for (int64_t tap = 0; tap < octi_conv_count(geometry.kernel); tap++) {
        for (int64_t pixel = 0; pixel < octi_conv_count(geometry.out); pixel++) {
            const int32_t offset = table.offsets[(size_t)tap * table.offset_stride + (size_t)pixel];
            ck_assert_int_eq(offset, window_offset(&geometry, pixel, tap));
        }
    }
    octi_region_deinit(&region);
}
END_TEST

START_TEST(lines_of_windows_lie_in_the_padded_image)
{
    struct oct_rng rng = {(uint64_t)_i + 1};
    struct octi_conv_geometry geometry = random_window(&rng);
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.dilation[d] = 1; // within a plane the table is for windows without
    }
    struct octi_padded_image image = {.lines = 30, .line_bytes = 300};
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.plan_memory = &region, .error = &error};
    struct octi_conv_offsets table = {0};
    ck_assert_ok(octi_conv_line_offsets_plan(&call, &geometry, WINDOW_CHANNELS, &image, &table), &error);
    const int64_t height = geometry.kernel[OCTI_CONV_HEIGHT], width = geometry.out[OCTI_CONV_WIDTH];
    for (int64_t tap = 0; tap < geometry.kernel[OCTI_CONV_DEPTH] * height; tap++) {
        for (int64_t pixel = 0; pixel < geometry.out[OCTI_CONV_HEIGHT] * width; pixel++) {
            const int64_t y = pixel / width * geometry.stride[OCTI_CONV_HEIGHT] + tap % height;
            const int64_t x = pixel % width * geometry.stride[OCTI_CONV_WIDTH];
            const size_t at = (size_t)tap * table.offset_stride + (size_t)pixel;
            ck_assert_int_eq(table.offsets[at] + (int64_t)table.tap_stride * tap,
                             (tap / height * 30 + y) * 300 + x * WINDOW_CHANNELS);
        }
    }
    octi_region_deinit(&region);
}
END_TEST

START_TEST(tables_beyond_the_address_space_are_refused)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.error = &error};
    int32_t *entries = NULL;
    ck_assert_status(OCT_ERR_LIMIT, octi_conv_alloc_entries(&call, SIZE_MAX / 2, 4, &entries));
    ck_assert_status(OCT_ERR_LIMIT, octi_conv_alloc_entries(&call, SIZE_MAX / 2, 1, &entries));
}
END_TEST

START_TEST(padding_is_a_pixel_of_zero_points)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.plan_memory = &region, .error = &error};
    const uint8_t *padding = octi_conv_padding(&call, 9, 121);
    ck_assert_ptr_nonnull(padding);
    for (int i = 0; i < 9; i++) {
        ck_assert_uint_eq(padding[i], 121);
    }
    octi_region_deinit(&region);
}
END_TEST

static void add(Suite *suite)
{
    TCase *offsets = oct_case(suite, "offsets");
    tcase_add_loop_test(offsets, a_table_of_all_pixels_has_every_offset, 0, 20);
    tcase_add_loop_test(offsets, lines_of_windows_lie_in_the_padded_image, 0, 20);
    tcase_add_test(offsets, tables_beyond_the_address_space_are_refused);
    tcase_add_test(offsets, padding_is_a_pixel_of_zero_points);
}

OCT_CHECK_MAIN("convolution offsets", add)
