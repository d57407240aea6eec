/// Steps that are done along with the one that makes what they read.
#include "tests/engine/graph/graph_kit.h"

#define NO_STEP SIZE_MAX

static size_t step_of(const struct oct_plan *plan, const char *name)
{
    for (size_t n = 0; n < oct_plan_step_count(plan); n++) {
        if (strcmp(oct_graph_node(oct_plan_graph(plan), n).name, name) == 0) {
            return n;
        }
    }
    return NO_STEP;
}

/// Is the step `name` done along with the step `head`?
static bool follows(const struct oct_plan *plan, const char *name, const char *head)
{
    size_t step = step_of(plan, name);
    ck_assert_uint_ne(step, NO_STEP);
    return oct_plan_step(plan, step).head == step_of(plan, head);
}

static oct_value_id image(struct kit *kit, const char *name, int64_t channels, int64_t size)
{
    return kit_input(kit, name, kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, channels, size, size), 0.04, 121));
}

static oct_value_id conv(struct kit *kit, const char *name, oct_value_id x, int64_t out, int64_t window, int64_t groups)
{
    int64_t in = oct_graph_value(kit->graph, x).desc.shape.dims[1];
    enum oct_dtype dtype = OCT_DTYPE_QINT8;
    oct_value_id w = kit_constant(kit, kit_quantized(dtype, KIT_SHAPE(out, in / groups, window, window), 0.01, 0));
    return kit_node_of(kit, name, "quantized::conv2d", KIT_INPUTS(x, w),
                       KIT_ATTRIBUTES(kit_number("output_scale", 0.1), kit_int("output_zero_point", 77),
                                      KIT_INTS("padding", window / 2, window / 2), kit_int("groups", groups)));
}

static oct_value_id add(struct kit *kit, const char *name, const char *op, oct_value_id a, oct_value_id b)
{
    return kit_node_of(kit, name, op, KIT_INPUTS(a, b),
                       KIT_ATTRIBUTES(kit_number("scale", 0.11), kit_int("zero_point", 93)));
}

static oct_value_id hardswish(struct kit *kit, const char *name, oct_value_id x)
{
    return kit_node_of(kit, name, "quantized::hardswish", KIT_INPUTS(x),
                       KIT_ATTRIBUTES(kit_number("output_scale", 0.05), kit_int("output_zero_point", 9)));
}

START_TEST(a_table_and_a_residual_follow_their_convolution)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 16, 9);
    oct_value_id a = hardswish(&kit, "swish", conv(&kit, "conv1", x, 16, 3, 1));
    oct_value_id b = conv(&kit, "conv2", a, 16, 1, 1);
    oct_value_id sum = add(&kit, "sum", "quantized::add_relu", _i ? x : b, _i ? b : x);
    kit_output(&kit, "y", hardswish(&kit, "last", sum));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "swish", "conv1") && follows(plan, "sum", "conv2") && follows(plan, "last", "conv2"));
    ck_assert(follows(plan, "conv1", "conv1") && follows(plan, "conv2", "conv2"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_filtered_convolution_hands_on_its_lines)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 64, 11);
    oct_value_id a = hardswish(&kit, "swish", conv(&kit, "conv1", x, 64, 3, 1));
    oct_value_id sum = add(&kit, "sum", "quantized::add", conv(&kit, "conv2", a, 64, 3, 1), x);
    kit_output(&kit, "y", sum);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "swish", "conv1") && follows(plan, "sum", "conv2"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_sum_of_two_convolutions_follows_the_later_one)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 24, 8);
    oct_value_id a = conv(&kit, "first", x, 40, 3, 1), b = conv(&kit, "second", x, 40, 1, 1);
    kit_output(&kit, "y", add(&kit, "sum", "quantized::add", a, b));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "sum", "second"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_value_with_another_reader_is_not_changed)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 8, 6);
    oct_value_id a = conv(&kit, "conv1", x, 8, 3, 1);
    oct_value_id b = kit_node_of(&kit, "pool", "aten::max_pool2d", KIT_INPUTS(hardswish(&kit, "swish", a)),
                                 KIT_ATTRIBUTES(KIT_INTS("kernel_size", 1, 1)));
    kit_output(&kit, "y", add(&kit, "sum", "quantized::add", a, b));
    oct_value_id c = conv(&kit, "conv2", x, 8, 3, 1);
    kit_output(&kit, "shown", c);
    kit_output(&kit, "z", hardswish(&kit, "swish2", c));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "swish", "swish") && follows(plan, "sum", "sum") && follows(plan, "swish2", "swish2"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_residual_made_after_the_convolution_is_waited_for)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 8, 6), z = image(&kit, "z", 8, 12);
    oct_value_id a = conv(&kit, "conv", x, 8, 3, 1);
    oct_value_id pooled =
        kit_node_of(&kit, "pool", "aten::max_pool2d", KIT_INPUTS(z), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 2, 2)));
    kit_output(&kit, "y", add(&kit, "sum", "quantized::add", a, pooled));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "sum", "sum"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_broadcast_residual_does_not_follow)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 8, 6), z = image(&kit, "z", 8, 1);
    kit_output(&kit, "y", add(&kit, "sum", "quantized::add", conv(&kit, "conv", x, 8, 3, 1), z));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "sum", "sum"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_reference_plan_has_no_followers)
{
    struct kit kit = kit_open();
    kit_output(&kit, "y", hardswish(&kit, "swish", conv(&kit, "conv", image(&kit, "x", 8, 6), 8, 3, 1)));
    kit_finish(&kit);
    struct oct_plan *plan = kit_plan(kit.graph, true, false);
    ck_assert(follows(plan, "swish", "swish"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(linear_layers_take_followers_whichever_way_they_are_spread)
{
    // Few rows are spread by columns, many by rows; signed activations become unsigned first.
    struct kit kit = kit_open();
    int64_t rows = _i ? 40 : 1, wide = _i ? 128 : 1024, narrow = _i ? 200 : 500;
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, rows, wide), 0.04, -7));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(narrow, wide), 0.01, 0));
    oct_value_id v = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(wide, narrow), 0.01, 0));
    struct oct_attribute_given given[] = {kit_number("Y_scale_i", 0.09), kit_int("Y_zero_point_i", 3)};
    oct_value_id a = kit_node_of(&kit, "linear1", "quantized::linear", KIT_INPUTS(x, w), given, 2);
    a = hardswish(&kit, "swish", a);
    oct_value_id b = kit_node_of(&kit, "linear2", "quantized::linear", KIT_INPUTS(a, v), given, 2);
    kit_output(&kit, "y", add(&kit, "sum", "quantized::mul", x, b));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "swish", "linear1") && follows(plan, "sum", "linear2"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(first_layers_and_groups_take_followers)
{
    struct kit kit = kit_open();
    oct_value_id x = image(&kit, "x", 3, 13);
    oct_value_id a = hardswish(&kit, "swish1", conv(&kit, "first", x, 64, 3, 1));
    oct_value_id b = hardswish(&kit, "swish2", conv(&kit, "depthwise", a, 64, 3, 64));
    oct_value_id c = hardswish(&kit, "swish3", conv(&kit, "grouped", b, 96, 3, 2));
    kit_output(&kit, "y", hardswish(&kit, "swish4", conv(&kit, "merged", c, 96, 3, 24)));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(follows(plan, "swish1", "first") && follows(plan, "swish2", "depthwise"));
    ck_assert(follows(plan, "swish3", "grouped") && follows(plan, "swish4", "merged"));
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(random_graphs_equal_their_reference)
{
    // Convolutions, sums, products and tables of one shape in random order, each value read by any number of others.
    struct kit kit = kit_open();
    kit.rng.state = (uint64_t)_i + 1;
    oct_value_id values[32];
    size_t n = 0;
    int64_t channels = oct_rng_between(&kit.rng, 1, 3) * 8;
    values[n++] = image(&kit, "x", channels, 7);
    while (n < 20) {
        char name[16];
        snprintf(name, sizeof name, "v%zu", n);
        oct_value_id a = values[oct_rng_between(&kit.rng, n > 2 ? (int64_t)n - 2 : 0, (int64_t)n - 1)];
        oct_value_id b = values[oct_rng_between(&kit.rng, n > 5 ? (int64_t)n - 5 : 0, (int64_t)n - 1)];
        static const char *const OPS[] = {"quantized::add", "quantized::add_relu", "quantized::mul"};
        int64_t kind = oct_rng_between(&kit.rng, 0, 5);
        if (kind < 3) {
            int64_t groups = kind == 0 ? channels : 1, window = kind == 1 ? 1 : 3;
            values[n++] = conv(&kit, name, a, channels, window, groups);
        } else if (kind == 3) {
            values[n++] = hardswish(&kit, name, a);
        } else {
            values[n++] = add(&kit, name, OPS[oct_rng_between(&kit.rng, 0, 2)], a, b);
        }
    }
    kit_output(&kit, "y", values[n - 1]);
    kit_output(&kit, "z", values[oct_rng_between(&kit.rng, 1, (int64_t)n - 2)]);
    kit_finish(&kit);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *followers = oct_case(suite, "followers");
    tcase_add_loop_test(followers, a_table_and_a_residual_follow_their_convolution, 0, 2);
    tcase_add_test(followers, a_filtered_convolution_hands_on_its_lines);
    tcase_add_test(followers, a_sum_of_two_convolutions_follows_the_later_one);
    tcase_add_test(followers, a_value_with_another_reader_is_not_changed);
    tcase_add_test(followers, a_residual_made_after_the_convolution_is_waited_for);
    tcase_add_test(followers, a_broadcast_residual_does_not_follow);
    tcase_add_test(followers, a_reference_plan_has_no_followers);
    tcase_add_loop_test(followers, linear_layers_take_followers_whichever_way_they_are_spread, 0, 2);
    tcase_add_test(followers, first_layers_and_groups_take_followers);
    tcase_add_loop_test(followers, random_graphs_equal_their_reference, 0, 4);
}

OCT_CHECK_MAIN("engine/runtime/plan_followers", add_tests)
