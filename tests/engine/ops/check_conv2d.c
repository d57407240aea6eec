#include "engine/ops/op_support.h"
#include "tests/engine/ops/float_case.h"

struct conv_shape {
    int64_t channels, height, width, outputs, kernel[2], stride[2], padding[2], dilation[2], groups;
};

static struct weighted_case make_conv(struct oct_rng *rng, const struct conv_shape *s)
{
    struct weighted_case c = {.op = &octi_op_conv2d};
    const int64_t x_dims[4] = {OCT_DIM_BATCH, s->channels, s->height, s->width};
    const int64_t w_dims[4] = {s->outputs, s->channels / s->groups, s->kernel[0], s->kernel[1]};
    c.x = make_desc(OCT_DTYPE_FLOAT32, 4, x_dims);
    add_float_weight(&c, rng, 4, w_dims);
    add_pair(&c, s->stride[0], s->stride[1]);
    add_pair(&c, s->padding[0], s->padding[1]);
    add_pair(&c, s->dilation[0], s->dilation[1]);
    add_int(&c, s->groups);
    return c;
}

static struct prepared_run check_shape(struct oct_rng *rng, const struct conv_shape *s, int64_t rows, size_t *splits)
{
    struct weighted_case c = make_conv(rng, s);
    struct prepared_run run = check_float(&c, rng, rows, splits);
    free(c.weight_data);
    return run;
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
    s.channels = oct_rng_between(rng, 1, 12);
    s.outputs = oct_rng_between(rng, 1, 12);
    return s;
}

START_TEST(a_run_is_within_rounding_of_the_reference)
{
    struct oct_rng rng = {95};
    size_t splits;
    for (int repeat = 0; repeat < 60; repeat++) {
        struct conv_shape s = random_shape(&rng);
        check_shape(&rng, &s, 2, &splits);
        s.groups = oct_rng_between(&rng, 2, 4);
        s.channels *= s.groups;
        s.outputs *= s.groups;
        check_shape(&rng, &s, 2, &splits);
    }
}
END_TEST

START_TEST(pointwise_groups_read_the_image_in_place)
{
    struct oct_rng rng = {96};
    size_t splits;
    struct conv_shape s = {12, 5, 4, 9, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 3};
    check_shape(&rng, &s, 3, &splits);
}
END_TEST

START_TEST(more_pixels_than_a_block_holds)
{
    struct oct_rng rng = {97};
    size_t splits;
    struct conv_shape s = {4, 20, 21, 5, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1};
    check_shape(&rng, &s, 2, &splits);
}
END_TEST

START_TEST(depthwise_equals_the_reference_and_is_split)
{
    struct oct_rng rng = {98};
    size_t splits;
    struct conv_shape s = {33, 20, 21, 33, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 33};
    struct prepared_run run = check_shape(&rng, &s, 2, &splits);
    ck_assert(!run.class_f);
    ck_assert_uint_gt(splits, 0);
}
END_TEST

START_TEST(refused_memory_is_reported_wherever_it_is_asked_for)
{
    struct oct_rng rng = {99};
    struct conv_shape s = {6, 8, 8, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 2};
    struct weighted_case c = make_conv(&rng, &s);
    c.has_bias = true;
    check_prepare_out_of_memory(&c);
    free(c.weight_data);
}
END_TEST

static void add(Suite *suite)
{
    TCase *equal = oct_case(suite, "equal");
    tcase_add_test(equal, a_run_is_within_rounding_of_the_reference);
    tcase_add_test(equal, pointwise_groups_read_the_image_in_place);
    tcase_add_test(equal, more_pixels_than_a_block_holds);
    tcase_add_test(equal, depthwise_equals_the_reference_and_is_split);
    tcase_add_test(oct_case(suite, "memory"), refused_memory_is_reported_wherever_it_is_asked_for);
}

OCT_CHECK_MAIN("aten::conv2d", add)
