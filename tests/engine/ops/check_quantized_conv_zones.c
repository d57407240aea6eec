// Convolutions with much padding, in one to three spatial dimensions: rows in zones (ops/conv_zones.h) equal the
// reference like all others.
#include "engine/ops/quantized_conv.h"

#include "tests/engine/ops/spatial_case.h"
#include "tests/support/sweep.h"

// Groups of few channels, which AVX-512 has kernels for: a panel and more of them.
static void make_grouped(struct oct_rng *rng, struct spatial_shape *s)
{
    const int64_t channels = (int64_t)4 << oct_rng_between(rng, 0, 2);
    s->groups = 64 / channels + oct_rng_between(rng, 0, 64 / channels);
    s->channels = s->outputs = s->groups * channels;
}

// A few channels more than zones are worth, windows that reach far beyond the image.
static struct spatial_shape random_zones(struct oct_rng *rng, int32_t dims)
{
    struct spatial_shape s = {.dims = dims, .groups = oct_rng_between(rng, 0, 4) == 0 ? 2 : 1};
    for (int32_t d = 0; d < dims; d++) {
        s.kernel[d] = oct_rng_between(rng, dims == 1 ? 2 : 1, 3);
        s.dilation[d] = oct_rng_between(rng, dims == 1 ? 2 : 1, 4);
        s.stride[d] = oct_rng_between(rng, 1, 4) == 1 ? 2 : 1;
        s.padding[d] = oct_rng_between(rng, 0, 2 * s.kernel[d] * s.dilation[d]);
        const int64_t least = (s.kernel[d] - 1) * s.dilation[d] + 1 - 2 * s.padding[d];
        s.in[d] = (least > 1 ? least : 1) + oct_rng_between(rng, 0, dims == 1 ? 60 : dims == 2 ? 7 : 2);
    }
    s.channels = s.groups * oct_rng_between(rng, 5, 40);
    s.outputs = s.groups * oct_rng_between(rng, 1, 90);
    return s;
}

START_TEST(much_padding_equals_the_reference)
{
    struct oct_rng rng = {(uint64_t)_i};
    for (int repeat = 0; repeat < oct_sweep_draws(_i == 3 ? 25 : 60); repeat++) {
        struct spatial_shape s = random_zones(&rng, _i);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(groups_with_much_padding_equal_the_reference)
{
    struct oct_rng rng = {(uint64_t)_i + 30};
    for (int repeat = 0; repeat < oct_sweep_draws(_i == 3 ? 15 : 40); repeat++) {
        struct spatial_shape s = random_zones(&rng, _i);
        make_grouped(&rng, &s);
        size_t splits;
        ck_assert_ptr_nonnull(check_spatial(&rng, &s, oct_rng_between(&rng, 1, 3), &splits));
    }
}
END_TEST

START_TEST(lines_that_threads_share_unevenly_are_exact)
{
    struct oct_rng rng = {21};
    size_t splits;
    for (int64_t outputs = 64; outputs <= 256; outputs += 64) { // panels that divide among three, and that do not
        struct spatial_shape s = {.dims = 2, .channels = 64, .outputs = outputs, .groups = 1};
        for (int d = 0; d < 2; d++) {
            s.in[d] = 7;
            s.kernel[d] = 3;
            s.stride[d] = s.padding[d] = s.dilation[d] = 1;
        }
        check_spatial(&rng, &s, 1, &splits);
        ck_assert_uint_gt(splits, 0);
        s.in[0] = s.in[1] = 13;
        s.dilation[0] = s.padding[0] = 4;
        check_spatial(&rng, &s, 2, &splits);
        ck_assert_uint_gt(splits, 0);
    }
}
END_TEST

START_TEST(blocks_end_anywhere_in_a_zone)
{
    struct oct_rng rng = {22};
    size_t splits;
    struct spatial_shape line = {.dims = 1, .channels = 32, .outputs = 48, .groups = 1, .in = {6000}};
    line.kernel[0] = 3;
    line.stride[0] = 1;
    line.padding[0] = line.dilation[0] = 1500;
    check_spatial(&rng, &line, 2, &splits);
    ck_assert_uint_gt(splits, 0);
    struct spatial_shape plane = {.dims = 2, .channels = 40, .outputs = 30, .groups = 1, .in = {70, 61}};
    for (int d = 0; d < 2; d++) {
        plane.kernel[d] = 3;
        plane.stride[d] = 1;
        plane.padding[d] = plane.dilation[d] = 9;
    }
    check_spatial(&rng, &plane, 2, &splits);
    ck_assert_uint_gt(splits, 0);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    struct oct_rng rng = {23};
    struct spatial_shape s = {.dims = 2, .channels = 32, .outputs = 20, .groups = 1, .in = {9, 9}};
    for (int d = 0; d < 2; d++) {
        s.kernel[d] = 3;
        s.stride[d] = 1;
        s.padding[d] = s.dilation[d] = 4;
    }
    struct weighted_case c = make_spatial(&rng, false, &s);
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_loop_test(equal, much_padding_equals_the_reference, 1, 4);
    tcase_add_loop_test(equal, groups_with_much_padding_equal_the_reference, 1, 4);
    tcase_add_test(equal, lines_that_threads_share_unevenly_are_exact);
    tcase_add_test(equal, blocks_end_anywhere_in_a_zone);
    tcase_add_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for);
}

OCT_CHECK_MAIN("quantized convolution in zones", add)
