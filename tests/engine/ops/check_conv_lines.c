// Every tap of every pixel lies where the arithmetic of windows says, in an image with its padding around it.
#include "engine/ops/conv_lines.h"

#include "engine/base/region.h"
#include "tests/support/oct_check.h"

static const struct octi_panel_geometry tiles = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 64, .gathered = true};
static const struct octi_panel_geometry vectors = {.nr = 64, .nr_min = 16, .kr = 4, .k_align = 4};

static struct octi_conv_geometry make_geometry(int64_t width, int64_t stride, int64_t dilation)
{
    struct octi_conv_geometry geometry = {.groups = 1, .group_channels = 64, .group_out_channels = 64};
    for (int d = 0; d < OCTI_CONV_DIMS; d++) {
        geometry.kernel[d] = d == OCTI_CONV_DEPTH ? 2 : 3;
        geometry.stride[d] = stride;
        geometry.dilation[d] = dilation;
        geometry.padding[d] = 1;
        geometry.out[d] = d == OCTI_CONV_WIDTH ? width : 4;
        geometry.in[d] = (geometry.out[d] - 1) * stride + octi_conv_extent(&geometry, d) - 2;
    }
    return geometry;
}

START_TEST(lines_suit_whole_cache_lines_and_full_tiles)
{
    struct octi_conv_geometry geometry = make_geometry(14, 1, 1);
    ck_assert(octi_conv_lines_suit(&geometry, &tiles, 64, 64));
    ck_assert(octi_conv_lines_suit(&geometry, &tiles, 256, 128));
    ck_assert(!octi_conv_lines_suit(&geometry, &vectors, 64, 64));
    ck_assert(!octi_conv_lines_suit(&geometry, &tiles, 96, 96));
    ck_assert(!octi_conv_lines_suit(&geometry, &tiles, 128, 32));
    geometry = make_geometry(7, 1, 1);
    ck_assert(!octi_conv_lines_suit(&geometry, &tiles, 64, 64));
    geometry = make_geometry(17, 1, 1); // two tiles of 8 and 9
    ck_assert(!octi_conv_lines_suit(&geometry, &tiles, 64, 64));
}
END_TEST

START_TEST(taps_lie_where_windows_see_them)
{
    for (int64_t stride = 1; stride <= 2; stride++) {
        for (int64_t dilation = 1; dilation <= 2; dilation++) {
            struct octi_conv_geometry geometry = make_geometry(12, stride, dilation);
            int64_t size[OCTI_CONV_DIMS]; // of the padded image
            for (int d = 0; d < OCTI_CONV_DIMS; d++) {
                size[d] = geometry.in[d] + 2 * geometry.padding[d];
            }
            struct octi_region region;
            octi_region_init(&region, oct_allocator_default());
            struct oct_error error = OCT_ERROR_INIT;
            struct oct_op_prepare_call call = {.plan_memory = &region, .error = &error};
            struct octi_conv_lines lines;
            ck_assert_ok(octi_conv_lines_plan(&call, &geometry, 64, (size_t)size[OCTI_CONV_WIDTH] * 64,
                                              (size_t)size[OCTI_CONV_HEIGHT], &lines),
                         &error);
            const int64_t out[OCTI_CONV_DIMS] = {1, 2, 3};
            for (int64_t tap = 0; tap < octi_conv_count(geometry.kernel); tap++) {
                const int64_t k[OCTI_CONV_DIMS] = {tap / 9, tap / 3 % 3, tap % 3};
                int64_t position = 0;
                for (int d = 0; d < OCTI_CONV_DIMS; d++) {
                    position = position * size[d] + out[d] * stride + k[d] * dilation;
                }
                size_t at = lines.plane_stride + 2 * lines.line_stride + 3 * lines.pixel_stride;
                ck_assert_int_eq((int64_t)at + lines.tap_offsets[tap], position * 64);
            }
            octi_region_deinit(&region);
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *lines = oct_case(suite, "lines");
    tcase_add_test(lines, lines_suit_whole_cache_lines_and_full_tiles);
    tcase_add_test(lines, taps_lie_where_windows_see_them);
}

OCT_CHECK_MAIN("convolution by lines", add)
