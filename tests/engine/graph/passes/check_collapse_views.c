#include "tests/engine/graph/graph_kit.h"

START_TEST(a_chain_of_views_is_one_reshape)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3, 4)));
    oct_value_id y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    y = kit_node_of(&kit, "a", "aten::reshape", KIT_INPUTS(y), KIT_ATTRIBUTES(KIT_INTS("shape", -1, 6, 4)));
    y = kit_node_of(&kit, "b", "aten::view", KIT_INPUTS(y), KIT_ATTRIBUTES(KIT_INTS("size", -1, 12, 2)));
    y = kit_unary(&kit, "r", "aten::relu", y);
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "aten::reshape"), 1);
    ck_assert_uint_eq(oct_plan_step_count(plan), 2);
    ck_assert_str_eq(oct_plan_step(plan, 0).kernel, "view");
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_view_that_changes_nothing_disappears)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6)));
    oct_value_id y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(oct_plan_step_count(plan), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_view_in_between_that_others_read_stays)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3)));
    oct_value_id y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    oct_value_id z =
        kit_node_of(&kit, "a", "aten::reshape", KIT_INPUTS(y), KIT_ATTRIBUTES(KIT_INTS("shape", -1, 3, 2)));
    kit_output(&kit, "y", y);
    kit_output(&kit, "z", z);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(oct_plan_step_count(plan), 2);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(what_nothing_reads_is_dropped)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6)));
    oct_value_id dead = kit_unary(&kit, "dead", "aten::sigmoid", x);
    kit_unary(&kit, "deader", "aten::relu", dead);
    kit_output(&kit, "y", kit_unary(&kit, "live", "aten::relu", x));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(oct_plan_step_count(plan), 1);
    struct oct_plan *whole = kit_plan(kit.graph, false, true);
    ck_assert_uint_eq(oct_plan_step_count(whole), 3);
    oct_plan_release(whole);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *views = oct_case(suite, "collapse_views");
    tcase_add_test(views, a_chain_of_views_is_one_reshape);
    tcase_add_test(views, a_view_that_changes_nothing_disappears);
    tcase_add_test(views, a_view_in_between_that_others_read_stays);
    tcase_add_test(views, what_nothing_reads_is_dropped);
}

OCT_CHECK_MAIN("engine/graph/passes/collapse_views", add)
