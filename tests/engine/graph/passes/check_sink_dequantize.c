#include "tests/engine/graph/graph_kit.h"

START_TEST(dequantize_moves_behind_views_pools_and_relu)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 4, 6, 6), 0.05, 100));
    oct_value_id y = kit_dequantize(&kit, "d", x);
    y = kit_node_of(&kit, "p", "aten::max_pool2d", KIT_INPUTS(y), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 2, 2)));
    y = kit_unary(&kit, "r", "aten::relu", y);
    y = kit_node_of(&kit, "t", "aten::permute", KIT_INPUTS(y), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 2, 1, 3)));
    y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(y), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    const struct oct_graph *graph = oct_plan_graph(plan);
    size_t n = oct_graph_node_count(graph);
    ck_assert_str_eq(oct_graph_node(graph, n - 1).op->name, "aten::dequantize");
    ck_assert_uint_eq(kit_count(plan, "aten::dequantize"), 1);
    ck_assert_str_eq(oct_graph_value(graph, oct_graph_output(graph, 0)).name, "f");
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_dequantized_value_with_other_readers_stays)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 8), 0.05, 100));
    oct_value_id d = kit_dequantize(&kit, "d", x);
    oct_value_id y = kit_unary(&kit, "r", "aten::relu", d);
    kit_output(&kit, "d", d);
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    const struct oct_graph *graph = oct_plan_graph(plan);
    ck_assert_str_eq(oct_graph_node(graph, 0).op->name, "aten::dequantize");
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *sink = oct_case(suite, "sink_dequantize");
    tcase_add_test(sink, dequantize_moves_behind_views_pools_and_relu);
    tcase_add_test(sink, a_dequantized_value_with_other_readers_stays);
}

OCT_CHECK_MAIN("engine/graph/passes/sink_dequantize", add)
