#include "tests/engine/runtime/network.h"

START_TEST(ports_show_what_the_model_declares)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    ck_assert_uint_eq(oct_plan_input_count(plan), 2);
    ck_assert_uint_eq(oct_plan_output_count(plan), 4);
    ck_assert_str_eq(oct_plan_input(plan, 1)->name, "side");
    ck_assert_int_eq((int)oct_plan_input(plan, 1)->desc.dtype, OCT_DTYPE_QINT8);
    ck_assert_int_eq(oct_plan_input(plan, 1)->desc.qparams.zero_point, -3);
    ck_assert(oct_plan_input(plan, 0)->batched);
    ck_assert_str_eq(oct_plan_output(plan, 2)->name, "map");
    ck_assert_int_eq((int)oct_plan_output(plan, 2)->desc.format, OCT_FORMAT_CONTIGUOUS);
    ck_assert_int_eq((int)oct_plan_output(plan, 3)->desc.dtype, OCT_DTYPE_QINT8);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_fixed_batch_shows_no_batch)
{
    struct kit kit = kit_open();
    oct_graph_fix_batch(kit.graph, 1, NULL);
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 4), 0.1, 2));
    kit_output(&kit, "y", kit_unary(&kit, "r", "aten::relu", x));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!oct_plan_input(plan, 0)->batched && !oct_plan_output(plan, 0)->batched);
    ck_assert_int_eq(oct_plan_input(plan, 0)->desc.shape.dims[0], 1);
    ck_assert_int_eq(oct_plan_output(plan, 0)->desc.qparams.zero_point, 2);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *all = oct_case(suite, "plan_ports");
    tcase_add_test(all, ports_show_what_the_model_declares);
    tcase_add_test(all, a_fixed_batch_shows_no_batch);
}

OCT_CHECK_MAIN("engine/runtime/plan_ports", add)
