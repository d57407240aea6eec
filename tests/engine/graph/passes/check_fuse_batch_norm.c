#include "tests/engine/graph/graph_kit.h"

/// y = batch_norm(product) with random parameters; `affine` gives it weight and bias.
static oct_value_id add_batch_norm(struct kit *kit, oct_value_id product, int64_t channels, bool affine)
{
    struct oct_tensor_desc desc = kit_float(KIT_SHAPE(channels));
    oct_value_id gamma = affine ? kit_constant(kit, desc) : OCT_VALUE_NONE;
    oct_value_id beta = affine ? kit_constant(kit, desc) : OCT_VALUE_NONE;
    oct_value_id mean = kit_constant(kit, desc), variance = kit_constant_in(kit, desc, 0.5f, 2.0f);
    return kit_node_of(kit, "bn", "aten::batch_norm", KIT_INPUTS(product, gamma, beta, mean, variance),
                       KIT_NO_ATTRIBUTES);
}

START_TEST(a_convolution_swallows_its_batch_norm)
{
    for (int way = 0; way < 4; way++) {
        struct kit kit = kit_open();
        oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4, 7, 7)));
        oct_value_id w = kit_constant(&kit, kit_float(KIT_SHAPE(6, 2, 3, 3)));
        oct_value_id b = way & 1 ? kit_constant(&kit, kit_float(KIT_SHAPE(6))) : OCT_VALUE_NONE;
        oct_value_id y = kit_node_of(&kit, "conv", "aten::conv2d", KIT_INPUTS(x, w, b),
                                     KIT_ATTRIBUTES(KIT_INTS("padding", 1, 1), kit_int("groups", 2)));
        kit_output(&kit, "y", add_batch_norm(&kit, y, 6, way & 2));
        kit_finish(&kit);
        struct oct_plan *plan = kit_compare(&kit, 1e-4);
        ck_assert_uint_eq(kit_count(plan, "aten::batch_norm"), 0);
        ck_assert_uint_eq(kit_count(plan, "aten::conv2d"), 1);
        oct_plan_release(plan);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(convolutions_of_lines_and_volumes_do_too)
{
    static const char *const ops[] = {"aten::conv1d", "aten::conv3d"};
    const struct oct_shape images[] = {KIT_SHAPE(KIT_N, 4, 9), KIT_SHAPE(KIT_N, 4, 3, 5, 4)};
    const struct oct_shape weights[] = {KIT_SHAPE(6, 4, 3), KIT_SHAPE(6, 4, 2, 3, 3)};
    for (int i = 0; i < 2; i++) {
        struct kit kit = kit_open();
        oct_value_id x = kit_input(&kit, "x", kit_float(images[i]));
        oct_value_id w = kit_constant(&kit, kit_float(weights[i]));
        oct_value_id y = kit_node_of(&kit, "conv", ops[i], KIT_INPUTS(x, w), KIT_ATTRIBUTES(kit_int("padding", 1)));
        kit_output(&kit, "y", add_batch_norm(&kit, y, 6, true));
        kit_finish(&kit);
        struct oct_plan *plan = kit_compare(&kit, 1e-4);
        ck_assert_uint_eq(kit_count(plan, "aten::batch_norm"), 0);
        ck_assert_uint_eq(kit_count(plan, ops[i]), 1);
        oct_plan_release(plan);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(a_linear_layer_swallows_its_batch_norm)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 10)));
    oct_value_id w = kit_constant(&kit, kit_float(KIT_SHAPE(6, 10)));
    oct_value_id y = kit_node_of(&kit, "lin", "aten::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", add_batch_norm(&kit, y, 6, true));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 1e-4);
    ck_assert_uint_eq(oct_plan_step_count(plan), 1);
    ck_assert(oct_plan_is_class_f(plan) == oct_plan_step(plan, 0).class_f);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(where_the_channel_is_not_the_last_dimension_nothing_is_fused)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6, 10)));
    oct_value_id w = kit_constant(&kit, kit_float(KIT_SHAPE(6, 10)));
    oct_value_id y = kit_node_of(&kit, "lin", "aten::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", add_batch_norm(&kit, y, 6, true));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 1e-4);
    ck_assert_uint_eq(kit_count(plan, "aten::batch_norm"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_product_read_elsewhere_keeps_its_batch_norm)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 10)));
    oct_value_id w = kit_constant(&kit, kit_float(KIT_SHAPE(6, 10)));
    oct_value_id y = kit_node_of(&kit, "lin", "aten::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "before", y);
    kit_output(&kit, "y", add_batch_norm(&kit, y, 6, true));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 1e-4);
    ck_assert_uint_eq(kit_count(plan, "aten::batch_norm"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *fuse = oct_case(suite, "fuse_batch_norm");
    tcase_add_test(fuse, a_convolution_swallows_its_batch_norm);
    tcase_add_test(fuse, convolutions_of_lines_and_volumes_do_too);
    tcase_add_test(fuse, a_linear_layer_swallows_its_batch_norm);
    tcase_add_test(fuse, where_the_channel_is_not_the_last_dimension_nothing_is_fused);
    tcase_add_test(fuse, a_product_read_elsewhere_keeps_its_batch_norm);
}

OCT_CHECK_MAIN("engine/graph/passes/fuse_batch_norm", add)
