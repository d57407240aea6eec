#include "tests/engine/ops/spatial_case.h"
#include "tests/support/sweep.h"

struct conv_shape {
    int64_t channels, height, width, outputs, kernel[2], stride[2], padding[2], dilation[2], groups;
};

static struct weighted_case make_conv(struct oct_rng *rng, bool relu, const struct conv_shape *s)
{
    struct spatial_shape spatial = {2, s->channels, s->outputs, s->groups, .in = {s->height, s->width}};
    memcpy(spatial.kernel, s->kernel, sizeof s->kernel);
    memcpy(spatial.stride, s->stride, sizeof s->stride);
    memcpy(spatial.padding, s->padding, sizeof s->padding);
    memcpy(spatial.dilation, s->dilation, sizeof s->dilation);
    return make_spatial(rng, relu, &spatial);
}

static const char *check_shape(struct oct_rng *rng, const struct conv_shape *s, int64_t rows, size_t *splits)
{
    struct weighted_case c = make_conv(rng, oct_rng_between(rng, 0, 1) == 1, s);
    const char *kernel = check_levels(&c, rng, rows, splits);
    free(c.weight_data);
    return kernel;
}

static struct conv_shape random_shape(struct oct_rng *rng)
{
    struct conv_shape s = {.groups = 1};
    for (int d = 0; d < 2; d++) {
        s.kernel[d] = oct_rng_between(rng, 1, 4);
        s.stride[d] = oct_rng_between(rng, 1, 3);
        s.padding[d] = oct_rng_between(rng, 0, 3);
        s.dilation[d] = oct_rng_between(rng, 1, 2);
    }
    s.height = s.kernel[0] * s.dilation[0] + oct_rng_between(rng, 0, 5);
    s.width = s.kernel[1] * s.dilation[1] + oct_rng_between(rng, 0, 5);
    s.channels = oct_rng_between(rng, 1, 20);
    s.outputs = oct_rng_between(rng, 1, 40);
    return s;
}

START_TEST(every_level_equals_the_reference)
{
    struct oct_rng rng = {81};
    for (int repeat = 0; repeat < oct_sweep_draws(120); repeat++) {
        struct conv_shape s = random_shape(&rng);
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(groups_see_their_own_channels)
{
    struct oct_rng rng = {82};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct conv_shape s = random_shape(&rng);
        s.groups = oct_rng_between(&rng, 2, 5);
        s.channels = s.groups * oct_rng_between(&rng, 1, 9);
        s.outputs = s.groups * oct_rng_between(&rng, 1, 9);
        if (repeat % 4 == 0) {
            s.kernel[0] = s.kernel[1] = s.stride[0] = s.stride[1] = 1;
            s.padding[0] = s.padding[1] = 0;
        }
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, 2, &splits));
    }
}
END_TEST

START_TEST(groups_of_few_channels_are_merged)
{
    struct oct_rng rng = {93};
    for (int repeat = 0; repeat < oct_sweep_draws(40); repeat++) {
        struct conv_shape s = random_shape(&rng);
        int64_t outputs = oct_rng_between(&rng, 1, 8);
        s.groups = oct_rng_between(&rng, 2, 28);
        s.channels = s.groups * oct_rng_between(&rng, 1, 9);
        s.outputs = s.groups * outputs;
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, 2, &splits));
    }
}
END_TEST

START_TEST(channels_of_whole_cache_lines_are_read_by_output_lines)
{
    struct oct_rng rng = {94};
    static const int64_t groups[][3] = {{1, 64, 20}, {1, 128, 3}, {2, 64, 64}, {32, 4, 4}, {16, 8, 8}};
    for (int repeat = 0; repeat < oct_sweep_draws(30); repeat++) {
        struct conv_shape s = random_shape(&rng);
        const int64_t *g = groups[repeat % 5];
        s.groups = g[0];
        s.channels = g[0] * g[1];
        s.outputs = g[0] * g[2];
        s.height = s.kernel[0] * s.dilation[0] + oct_rng_between(&rng, 0, 2);
        s.width = oct_rng_between(&rng, 10, 36);
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, oct_rng_between(&rng, 1, 2), &splits));
    }
}
END_TEST

START_TEST(groups_of_few_channels_are_computed_side_by_side)
{
    struct oct_rng rng = {94};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct conv_shape s = random_shape(&rng);
        if (repeat % 4 == 0) {
            s.kernel[0] = s.kernel[1] = s.stride[0] = s.stride[1] = 1;
            s.padding[0] = s.padding[1] = 0;
        }
        int64_t channels = (int64_t)4 << repeat % 3;
        s.groups = oct_rng_between(&rng, 2, 200 / channels);
        s.channels = s.outputs = s.groups * channels;
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(depthwise_has_kernels_of_its_own)
{
    struct oct_rng rng = {83};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct conv_shape s = random_shape(&rng);
        s.groups = s.channels = s.outputs = oct_rng_between(&rng, 2, 140);
        size_t splits;
        const char *kernel = check_shape(&rng, &s, 2, &splits);
        ck_assert_ptr_nonnull(kernel);
        ck_assert_ptr_nonnull(strstr(kernel, "qdwconv"));
    }
}
END_TEST

START_TEST(depthwise_windows_have_kernels_along_lines)
{
    struct oct_rng rng = {92};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct conv_shape s = random_shape(&rng);
        for (int d = 0; d < 2; d++) {
            s.kernel[d] = repeat % 2 == 0 ? 3 : 5;
            s.padding[d] = oct_rng_between(&rng, 0, s.kernel[d]);
        }
        s.stride[1] = oct_rng_between(&rng, 1, 2);
        s.dilation[1] = 1;
        s.height = s.kernel[0] * s.dilation[0] + oct_rng_between(&rng, 0, 9);
        s.width = s.kernel[1] + oct_rng_between(&rng, 0, 9);
        s.groups = s.channels = s.outputs = oct_rng_between(&rng, 2, 140);
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
    struct conv_shape wide = {96, 64, 66, 96, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 96};
    size_t splits;
    check_shape(&rng, &wide, 2, &splits);
    ck_assert_uint_gt(splits, 0); // parts begin within a line
}
END_TEST

START_TEST(a_depth_multiplier_is_a_grouped_convolution)
{
    struct oct_rng rng = {84};
    struct conv_shape s = {5, 6, 7, 15, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 5};
    size_t splits;
    ck_assert_ptr_nonnull(check_shape(&rng, &s, 2, &splits));
}
END_TEST

START_TEST(pointwise_convolution_is_a_product_of_pixels)
{
    struct oct_rng rng = {85};
    for (int64_t channels = 1; channels <= 70; channels += 3) {
        struct conv_shape s = {channels, 3, 5, 1 + channels * 2, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 1};
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, 3, &splits));
    }
}
END_TEST

START_TEST(a_first_layer_reads_rows_of_its_window)
{
    struct oct_rng rng = {91};
    for (int repeat = 0; repeat < oct_sweep_draws(120); repeat++) {
        struct conv_shape s = random_shape(&rng);
        for (int d = 0; d < 2; d++) {
            s.kernel[d] = oct_rng_between(&rng, 2 - d, 7);
            s.padding[d] = oct_rng_between(&rng, 0, s.kernel[d]); // as wide as the window too: the other way is taken
            s.dilation[d] = repeat % 10 == 0 ? 2 : 1;
        }
        s.height = s.kernel[0] * s.dilation[0] + oct_rng_between(&rng, 0, 9);
        s.width = s.kernel[1] * s.dilation[1] + oct_rng_between(&rng, 0, 9);
        s.channels = oct_rng_between(&rng, 1, 5);
        s.outputs = oct_rng_between(&rng, 1, 80);
        size_t splits;
        ck_assert_ptr_nonnull(check_shape(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
    struct conv_shape smaller_than_its_window = {3, 2, 3, 9, {7, 7}, {2, 2}, {3, 3}, {1, 1}, 1};
    size_t splits;
    ck_assert_ptr_nonnull(check_shape(&rng, &smaller_than_its_window, 2, &splits));
    struct conv_shape imagenet = {3, 64, 64, 64, {7, 7}, {2, 2}, {3, 3}, {1, 1}, 1};
    check_shape(&rng, &imagenet, 2, &splits);
    ck_assert_uint_gt(splits, 0);
}
END_TEST

START_TEST(windows_wholly_in_the_padding_see_the_zero_point)
{
    struct oct_rng rng = {86};
    struct conv_shape s = {3, 1, 1, 4, {2, 2}, {1, 1}, {3, 3}, {1, 1}, 1};
    size_t splits;
    ck_assert_ptr_nonnull(check_shape(&rng, &s, 1, &splits));
}
END_TEST

START_TEST(large_work_is_split_within_and_across_images)
{
    struct oct_rng rng = {87};
    struct conv_shape s = {32, 16, 16, 48, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1};
    size_t splits;
    check_shape(&rng, &s, 3, &splits);
    ck_assert_uint_gt(splits, 0);
    struct conv_shape few_pixels = {96, 4, 4, 160, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1};
    check_shape(&rng, &few_pixels, 4, &splits);
    ck_assert_uint_gt(splits, 0);
    struct conv_shape grouped = {160, 5, 5, 160, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 2};
    check_shape(&rng, &grouped, 2, &splits);
    ck_assert_uint_gt(splits, 0);
}
END_TEST

START_TEST(the_reference_does_not_see_the_memory_format)
{
    struct oct_rng rng = {88};
    struct conv_shape s = {3, 5, 6, 4, {3, 2}, {2, 1}, {1, 1}, {1, 2}, 1};
    struct weighted_case c = make_conv(&rng, true, &s);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&c, &error), &error);
    uint8_t x[2 * 3 * 5 * 6];
    uint8_t x_last[sizeof x];
    uint8_t y[512];
    uint8_t y_last[512];
    uint8_t y_back[512];
    oct_rng_bytes(&rng, x, sizeof x);
    struct oct_view from = oct_view_dense(&c.x, 2, x);
    struct oct_view out = oct_view_dense(&c.y, 2, y_back);
    run_reference(&c, 2, x, y);
    c.x.format = c.y.format = OCT_FORMAT_CHANNELS_LAST;
    struct oct_view to = oct_view_dense(&c.x, 2, x_last);
    oct_view_copy(&to, &from);
    run_reference(&c, 2, x_last, y_last);
    struct oct_view out_last = oct_view_dense(&c.y, 2, y_last);
    oct_view_copy(&out, &out_last);
    size_t bytes;
    ck_assert_status_ok(oct_tensor_bytes(&c.y, 2, &bytes));
    ck_assert_uint_le(bytes, sizeof y);
    ck_assert_mem_eq(y, y_back, bytes);
    free(c.weight_data);
}
END_TEST

static void expect_refusal(struct weighted_case *c, enum oct_status status, const char *text)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(status, infer_case(c, &error));
    ck_assert_error_says(&error, text);
}

START_TEST(what_is_not_legal_is_refused_by_name)
{
    struct oct_rng rng = {89};
    struct conv_shape s = {6, 8, 8, 4, {3, 3}, {1, 1}, {0, 0}, {1, 1}, 2};
    struct weighted_case good = make_conv(&rng, false, &s);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&good, &error), &error);
    struct weighted_case c = good;
    c.x.shape.rank = 3;
    expect_refusal(&c, OCT_ERR_INVALID, "rank 4");
    c = good;
    c.x.shape.dims[1] = 7;
    expect_refusal(&c, OCT_ERR_INVALID, "groups 2");
    c = good;
    c.attributes[3].integer = 3;
    expect_refusal(&c, OCT_ERR_INVALID, "groups 3");
    c = good;
    c.arrays[2][0] = 4; // dilated to 9
    expect_refusal(&c, OCT_ERR_INVALID, "height");
    c = good;
    c.arrays[1][1] = INT64_MAX / 2;
    expect_refusal(&c, OCT_ERR_INVALID, "width");
    c = good;
    c.x.shape.dims[2] = 0;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "height");
    c = good;
    c.x.shape.dims[3] = OCT_DIM_BATCH;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "width");
    c = good;
    c.x.qparams.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, "per_tensor_affine");
    free(good.weight_data);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    struct oct_rng rng = {90};
    struct conv_shape s = {6, 8, 8, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 2};
    struct weighted_case c = make_conv(&rng, false, &s);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
    struct conv_shape first_layer = {3, 8, 8, 4, {3, 3}, {2, 2}, {1, 1}, {1, 1}, 1};
    c = make_conv(&rng, false, &first_layer);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, channels_of_whole_cache_lines_are_read_by_output_lines);
    tcase_add_test(equal, every_level_equals_the_reference);
    tcase_add_test(equal, groups_see_their_own_channels);
    tcase_add_test(equal, groups_of_few_channels_are_merged);
    tcase_add_test(equal, groups_of_few_channels_are_computed_side_by_side);
    tcase_add_test(equal, depthwise_has_kernels_of_its_own);
    tcase_add_test(equal, depthwise_windows_have_kernels_along_lines);
    tcase_add_test(equal, a_depth_multiplier_is_a_grouped_convolution);
    tcase_add_test(equal, pointwise_convolution_is_a_product_of_pixels);
    tcase_add_test(equal, a_first_layer_reads_rows_of_its_window);
    tcase_add_test(equal, windows_wholly_in_the_padding_see_the_zero_point);
    tcase_add_test(equal, large_work_is_split_within_and_across_images);
    tcase_add_test(equal, the_reference_does_not_see_the_memory_format);
    TCase *refused = oct_case(suite, "refused");
    tcase_add_test(refused, what_is_not_legal_is_refused_by_name);
    tcase_add_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for);
}

OCT_CHECK_MAIN("quantized::conv2d", add)
