#include "engine/graph/evaluate.h"

#include "tests/engine/graph/graph_kit.h"

static bool is_known(const struct kit *kit, oct_value_id value)
{
    return kit->graph->values[value].constant != NULL;
}

START_TEST(what_is_computed_from_constants_is_known_when_it_is_added)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 3)));
    oct_value_id c = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(2, 3), 0.5, 1));
    oct_value_id d = kit_dequantize(&kit, "d", c);
    ck_assert(is_known(&kit, d));
    ck_assert(!is_known(&kit, kit_unary(&kit, "r", "aten::relu", x)));
    const int8_t *from = oct_graph_value(kit.graph, c).data;
    const float *to = kit.graph->values[d].constant->data;
    for (int i = 0; i < 6; i++) {
        ck_assert_float_eq(to[i], 0.5f * (float)(from[i] - 1));
    }
    ck_assert_ptr_null(oct_graph_value(kit.graph, d).data); // still a node for everybody outside
    ck_assert_int_eq((int)oct_graph_value(kit.graph, d).kind, OCT_VALUE_NODE);
    kit_close(&kit);
}
END_TEST

START_TEST(a_result_far_larger_than_its_inputs_is_not_worked_out)
{
    struct kit kit = kit_open();
    oct_value_id row = kit_constant(&kit, kit_float(KIT_SHAPE(1, 300)));
    oct_value_id column = kit_constant(&kit, kit_float(KIT_SHAPE(300, 1)));
    ck_assert(!is_known(&kit, kit_node_of(&kit, "y", "aten::add", KIT_INPUTS(row, column), KIT_NO_ATTRIBUTES)));
    kit_close(&kit);
}
END_TEST

START_TEST(bytes_and_work_spent_while_building_are_bounded)
{
    struct kit kit = kit_open();
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(100, 1000)));
    size_t known = 0;
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        known += is_known(&kit, kit_unary(&kit, name, "aten::sigmoid", c));
    }
    ck_assert_uint_eq(known, 8); // copies of 400000 bytes against 8 times the 400000 given
    kit_close(&kit);

    kit = kit_open();
    oct_value_id x = kit_constant(&kit, kit_float(KIT_SHAPE(64, 1024)));
    oct_value_id w = kit_constant(&kit, kit_float(KIT_SHAPE(64, 1024)));
    known = 0;
    for (int i = 0; i < 10; i++) { // 4096 results of 65536 elements each: 2^28 a time
        char name[16];
        snprintf(name, sizeof name, "l%d", i);
        known += is_known(&kit, kit_node_of(&kit, name, "aten::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES));
    }
    ck_assert_uint_eq(known, 4);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *evaluate = oct_case(suite, "evaluate");
    tcase_add_test(evaluate, what_is_computed_from_constants_is_known_when_it_is_added);
    tcase_add_test(evaluate, a_result_far_larger_than_its_inputs_is_not_worked_out);
    tcase_add_test(evaluate, bytes_and_work_spent_while_building_are_bounded);
}

OCT_CHECK_MAIN("engine/graph/evaluate", add)
