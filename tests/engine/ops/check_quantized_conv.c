// One and three spatial dimensions; two have check_quantized_conv2d.c.
#include "engine/ops/quantized_conv.h"

#include "tests/engine/ops/spatial_case.h"
#include "tests/support/sweep.h"

static const int32_t DIMS[] = {1, 3};
#define N_DIMS ((int)(sizeof DIMS / sizeof DIMS[0]))

// The same extents in every dimension, stride and dilation 1.
static struct spatial_shape
cube(int32_t dims, int64_t channels, int64_t outputs, int64_t groups, int64_t extent, int64_t kernel, int64_t padding)
{
    struct spatial_shape s = {.dims = dims, .channels = channels, .outputs = outputs, .groups = groups};
    for (int32_t d = 0; d < dims; d++) {
        s.in[d] = extent;
        s.kernel[d] = kernel;
        s.padding[d] = padding;
        s.stride[d] = s.dilation[d] = 1;
    }
    return s;
}

START_TEST(every_level_equals_the_reference)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 1)};
    for (int repeat = 0; repeat < oct_sweep_draws(120); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(groups_see_their_own_channels)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 2)};
    for (int repeat = 0; repeat < oct_sweep_draws(80); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        s.groups = oct_rng_between(&rng, 2, 9);
        s.channels = s.groups * oct_rng_between(&rng, 1, 9);
        s.outputs = s.groups * oct_rng_between(&rng, 1, 9);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, 2, &splits));
    }
}
END_TEST

START_TEST(groups_of_few_channels_are_computed_side_by_side)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 8)};
    for (int repeat = 0; repeat < oct_sweep_draws(45); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        int64_t channels = (int64_t)4 << repeat % 3;
        s.groups = oct_rng_between(&rng, 2, 200 / channels);
        s.channels = s.outputs = s.groups * channels;
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 2), &splits));
    }
    struct spatial_shape s = cube(dims, 128, 128, 32, 5, 3, 1);
    size_t splits;
    const char *kernel = check_spatial(&rng, &s, 1, &splits);
    bool has_vnni = (octi_isa_required(OCTI_ISA_avx512vnni) & ~oct_cpu_detect()) == 0;
    ck_assert_int_eq(strstr(kernel, "qgroupconv") != NULL, has_vnni);
}
END_TEST

START_TEST(depthwise_has_kernels_of_its_own)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 3)};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        s.groups = s.channels = s.outputs = oct_rng_between(&rng, 2, 140);
        size_t splits;
        const char *kernel = check_spatial(&rng, &s, 2, &splits);
        ck_assert_ptr_nonnull(kernel);
        ck_assert_ptr_nonnull(strstr(kernel, "qdwconv"));
    }
}
END_TEST

START_TEST(pointwise_convolution_is_a_product_of_pixels)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 4)};
    for (int64_t channels = 1; channels <= 70; channels += 3) {
        struct spatial_shape s = cube(dims, channels, 1 + channels * 2, 1, 3, 1, 0);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, 3, &splits));
    }
}
END_TEST

START_TEST(a_first_layer_reads_rows_of_its_window)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 5)};
    for (int repeat = 0; repeat < oct_sweep_draws(120); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        for (int32_t d = 0; d < s.dims; d++) {
            s.padding[d] = oct_rng_between(&rng, 0, s.kernel[d]); // as wide as the window too: the other way is taken
            s.dilation[d] = repeat % 10 == 0 ? 2 : 1;
            s.in[d] = s.kernel[d] * s.dilation[d] + oct_rng_between(&rng, 0, 6);
        }
        s.channels = oct_rng_between(&rng, 1, 5);
        s.outputs = oct_rng_between(&rng, 1, 80);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
    struct spatial_shape large = cube(dims, 3, 32, 1, dims == 1 ? 20000 : 20, dims == 1 ? 9 : 3, 1);
    size_t splits;
    check_spatial(&rng, &large, 2, &splits);
    ck_assert_uint_gt(splits, 0);
}
END_TEST

START_TEST(windows_of_one_row_are_read_whole)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims)};
    for (int repeat = 0; repeat < oct_sweep_draws(80); repeat++) {
        struct spatial_shape s = random_spatial(&rng, dims);
        for (int32_t d = 0; d < dims; d++) {
            s.kernel[d] = d == dims - 1 ? oct_rng_between(&rng, 2, 6) : 1;
            s.padding[d] = d == dims - 1 && repeat % 2 ? oct_rng_between(&rng, 1, s.kernel[d] - 1) : 0;
            s.dilation[d] = 1;
            s.in[d] = s.kernel[d] + oct_rng_between(&rng, 0, 9);
        }
        s.channels = oct_rng_between(&rng, 5, 90);
        s.outputs = oct_rng_between(&rng, 1, 80);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(windows_wholly_in_the_padding_see_the_zero_point)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 6)};
    struct spatial_shape s = cube(dims, 5, 4, 1, 1, 2, 3);
    size_t splits;
    ck_assert_ptr_nonnull(check_spatial(&rng, &s, 1, &splits));
}
END_TEST

START_TEST(large_work_is_split_within_and_across_images)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 7)};
    struct spatial_shape s = cube(dims, 32, 48, 1, dims == 1 ? 5000 : 7, 3, 1);
    size_t splits;
    check_spatial(&rng, &s, 3, &splits);
    ck_assert_uint_gt(splits, 0);
    s = cube(dims, 32, 48, 1, dims == 1 ? 2000 : 8, 3, 0);
    check_spatial(&rng, &s, 3, &splits);
    ck_assert_uint_gt(splits, 0);
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
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 8)};
    struct spatial_shape s = cube(dims, 6, 4, 2, 8, 3, 0);
    struct weighted_case good = make_spatial(&rng, false, &s);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(infer_case(&good, &error), &error);
    struct weighted_case c = good;
    c.x.shape.rank = 4;
    c.x.shape.dims[3] = 8;
    expect_refusal(&c, OCT_ERR_INVALID, dims == 1 ? "rank 3" : "rank 5");
    c = good;
    c.weight.shape.rank = 4;
    expect_refusal(&c, OCT_ERR_INVALID, dims == 1 ? "rank 3" : "rank 5");
    c = good;
    c.x.shape.dims[1] = 7;
    expect_refusal(&c, OCT_ERR_INVALID, "groups 2");
    c = good;
    c.arrays[2][0] = 4; // dilated to 9
    expect_refusal(&c, OCT_ERR_INVALID, dims == 1 ? "length" : "depth");
    c = good;
    c.arrays[1][dims - 1] = INT64_MAX / 2;
    expect_refusal(&c, OCT_ERR_INVALID, dims == 1 ? "length" : "width");
    c = good;
    c.x.shape.dims[2] = OCT_DIM_BATCH;
    expect_refusal(&c, OCT_ERR_UNSUPPORTED, dims == 1 ? "length" : "depth");
    free(good.weight_data);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    int32_t dims = DIMS[_i];
    struct oct_rng rng = {(uint64_t)(10 * dims + 9)};
    struct spatial_shape s = cube(dims, 6, 4, 2, 8, 3, 1);
    struct weighted_case c = make_spatial(&rng, false, &s);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
    s.channels = 3;
    s.groups = 1; // a first layer
    c = make_spatial(&rng, false, &s);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

START_TEST(depthwise_windows_of_three_lines_run_along_them)
{
    struct oct_rng rng = {40};
    for (int repeat = 0; repeat < oct_sweep_draws(60); repeat++) {
        struct spatial_shape s = random_spatial(&rng, 3);
        int tall = repeat % 2; // three planes of a line, or a plane of three lines
        s.kernel[OCTI_CONV_DEPTH] = tall ? 1 : 3;
        s.kernel[OCTI_CONV_HEIGHT] = tall ? 3 : 1;
        s.kernel[OCTI_CONV_WIDTH] = 3;
        s.stride[OCTI_CONV_WIDTH] = oct_rng_between(&rng, 1, 2);
        s.dilation[OCTI_CONV_WIDTH] = 1;
        for (int d = 0; d < OCTI_CONV_DIMS; d++) {
            s.in[d] = s.kernel[d] * s.dilation[d] + oct_rng_between(&rng, 0, 5);
        }
        s.groups = s.channels = s.outputs = oct_rng_between(&rng, 2, 140);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_loop_test(equal, every_level_equals_the_reference, 0, N_DIMS);
    tcase_add_loop_test(equal, groups_see_their_own_channels, 0, N_DIMS);
    tcase_add_loop_test(equal, groups_of_few_channels_are_computed_side_by_side, 0, N_DIMS);
    tcase_add_loop_test(equal, depthwise_has_kernels_of_its_own, 0, N_DIMS);
    tcase_add_loop_test(equal, pointwise_convolution_is_a_product_of_pixels, 0, N_DIMS);
    tcase_add_loop_test(equal, a_first_layer_reads_rows_of_its_window, 0, N_DIMS);
    tcase_add_loop_test(equal, windows_of_one_row_are_read_whole, 0, N_DIMS);
    tcase_add_loop_test(equal, windows_wholly_in_the_padding_see_the_zero_point, 0, N_DIMS);
    tcase_add_loop_test(equal, large_work_is_split_within_and_across_images, 0, N_DIMS);
    tcase_add_test(equal, depthwise_windows_of_three_lines_run_along_them);
    TCase *refused = oct_case(suite, "refused");
    tcase_add_loop_test(refused, what_is_not_legal_is_refused_by_name, 0, N_DIMS);
    tcase_add_loop_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for, 0, N_DIMS);
}

OCT_CHECK_MAIN("quantized convolution", add)
