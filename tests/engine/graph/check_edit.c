#include "tests/engine/graph/chain.h"

START_TEST(replacing_reaches_outputs_and_chains)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    oct_value_id x = graph->inputs[0], a = graph->nodes[0].outputs[0], b = graph->nodes[1].outputs[0];
    octi_edit_replace(graph, graph->nodes[2].outputs[0], b);
    octi_edit_replace(graph, b, a);
    octi_edit_replace(graph, a, x);
    for (size_t n = 0; n < 3; n++) {
        octi_edit_remove(graph, n);
    }
    ck_assert_status_ok(octi_graph_tidy(graph, NULL));
    ck_assert_uint_eq(graph->n_nodes, 0);
    ck_assert_uint_eq(graph->n_values, 1);
    ck_assert_uint_eq(oct_graph_output(graph, 0), graph->inputs[0]);
    ck_assert_uint_eq(graph->values[graph->inputs[0]].uses, 1);
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

START_TEST(what_does_not_apply_is_no_error)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    oct_value_id out = 0, x = graph->inputs[0];
    ck_assert_status_ok(octi_edit_insert(graph, "n", "no::such", &x, 1, NULL, 0, &out, NULL));
    ck_assert_uint_eq(out, OCT_VALUE_NONE);
    ck_assert_status_ok(octi_edit_insert(graph, "n", "quantized::relu6", &x, 1, NULL, 0, &out, NULL));
    ck_assert_uint_eq(out, OCT_VALUE_NONE);
    ck_assert_uint_eq(graph->n_nodes, 3);
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *all = oct_case(suite, "edit");
    tcase_add_test(all, replacing_reaches_outputs_and_chains);
    tcase_add_test(all, what_does_not_apply_is_no_error);
}

OCT_CHECK_MAIN("engine/graph/edit", add)
