#include "tests/engine/graph/chain.h"

START_TEST(tidy_keeps_an_order_that_is_one)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    ck_assert_status_ok(octi_graph_tidy(graph, NULL));
    EXPECT_ORDER(graph, "a", "b", "c");
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

START_TEST(an_inserted_node_moves_in_front_of_its_reader)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    oct_value_id a = graph->nodes[0].outputs[0];
    oct_value_id made = insert_relu(graph, "made", a);
    octi_edit_replace(graph, graph->nodes[1].outputs[0], made); // c reads made, b has no reader
    ck_assert_uint_eq(octi_edit_input(graph, 2, 0), made);
    ck_assert_uint_eq(graph->values[made].uses, 1);
    ck_assert_status_ok(octi_graph_tidy(graph, NULL));
    EXPECT_ORDER(graph, "a", "b", "made", "c");
    ck_assert_status_ok(octi_graph_prune(graph, NULL));
    ck_assert_status_ok(octi_graph_tidy(graph, NULL));
    EXPECT_ORDER(graph, "a", "made", "c");
    ck_assert_uint_eq(graph->n_values, 4);
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

START_TEST(nonsense_of_a_pass_is_found)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    octi_edit_remove(graph, 1); // c still reads b
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INTERNAL, octi_graph_tidy(graph, &error));
    ck_assert_error_says(&error, "a reader of a removed node");
    oct_graph_destroy(graph);
    kit_close(&kit);

    graph = open_chain(&kit);
    octi_edit_remove(graph, 2);
    ck_assert_status(OCT_ERR_INTERNAL, octi_graph_tidy(graph, NULL));
    oct_graph_destroy(graph);
    kit_close(&kit);

    graph = open_chain(&kit);
    oct_value_id made = insert_relu(graph, "made", graph->nodes[2].outputs[0]);
    octi_edit_replace(graph, graph->nodes[0].outputs[0], made);
    error = (struct oct_error)OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INTERNAL, octi_graph_tidy(graph, &error));
    ck_assert_error_says(&error, "a cycle");
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *all = oct_case(suite, "tidy");
    tcase_add_test(all, tidy_keeps_an_order_that_is_one);
    tcase_add_test(all, an_inserted_node_moves_in_front_of_its_reader);
    tcase_add_test(all, nonsense_of_a_pass_is_found);
}

OCT_CHECK_MAIN("engine/graph/tidy", add)
