#include "tests/engine/graph/graph_kit.h"

START_TEST(what_constants_alone_decide_is_worked_out_once)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6)));
    oct_value_id c = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(2, 3), 0.1, 3));
    c = kit_dequantize(&kit, "c1", c);
    c = kit_node_of(&kit, "c2", "aten::reshape", KIT_INPUTS(c), KIT_ATTRIBUTES(KIT_INTS("shape", 6)));
    c = kit_unary(&kit, "c3", "aten::sigmoid", c);
    kit_output(&kit, "y", kit_node_of(&kit, "y", "aten::mul", KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES));
    kit_output(&kit, "c", c);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(oct_plan_step_count(plan), 1);
    ck_assert_uint_eq(kit_count(plan, "aten::mul"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_computed_weight_serves_where_a_constant_is_asked_for)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 5)));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(3, 5), 0.02, 0));
    w = kit_dequantize(&kit, "w", w);
    oct_value_id y = kit_node_of(&kit, "y", "aten::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    ck_assert_uint_eq(oct_graph_node_count(kit.graph), 2); // the graph still says where the weight comes from
    struct oct_plan *plan = kit_compare(&kit, 1e-4);
    ck_assert_uint_eq(oct_plan_step_count(plan), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_huge_constant_expression_is_left_alone_while_building)
{
    // Each step asks for four times the bytes of the one before: nothing may be computed in proportion.
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 1)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(1, 4096)));
    for (int i = 0; i < 13; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        c = kit_node_of(&kit, name, "aten::cat", KIT_INPUTS(c, c, c, c), KIT_ATTRIBUTES(kit_int("dim", 1)));
    }
    kit_output(&kit, "y", x);
    kit_output(&kit, "c", c);
    kit_finish(&kit);
    struct oct_plan *plan = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_LIMIT, oct_plan_create(kit.graph, NULL, &plan, &error));
    ck_assert_error_says(&error, "budget");
    ck_assert_ptr_null(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *fold = oct_case(suite, "fold_constants");
    tcase_add_test(fold, what_constants_alone_decide_is_worked_out_once);
    tcase_add_test(fold, a_computed_weight_serves_where_a_constant_is_asked_for);
    tcase_add_test(fold, a_huge_constant_expression_is_left_alone_while_building);
}

OCT_CHECK_MAIN("engine/graph/passes/fold_constants", add)
