#include "server/cli/bench/work.h"

#include <stdio.h>

#include "server/cli/bench/case_graph.h"
#include "tests/server/cli/bench/shapes.h"

static struct oct_graph *graph_of(const char *members, struct oct_op_registry *registry)
{
    struct oct_bench_shapes shapes = shapes_of(members);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph = NULL;
    ck_assert_ok(oct_bench_case_graph(&shapes.cases[0], registry, &graph, &error), &error);
    oct_bench_shapes_deinit(&shapes);
    return graph;
}

START_TEST(multiplications_and_bytes_are_those_of_the_layer)
{
    struct oct_op_registry *registry = NULL;
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    struct oct_graph *graph =
        graph_of("\"op\": \"conv2d\", \"batch\": 1, \"in\": [10, 8], \"channels\": 6, \"out_channels\": 4,"
                 "\"kernel\": [3, 3], \"stride\": [2, 2], \"padding\": [1, 1], \"dilation\": [1, 1], \"groups\": 2",
                 registry);
    // 5 x 4 pixels of 4 channels, each of 3 x 3 x 3 weights
    ck_assert_double_eq(oct_bench_graph_macs(graph, 1), 5 * 4 * 4 * 27);
    ck_assert_double_eq(oct_bench_graph_macs(graph, 3), 3 * 5 * 4 * 4 * 27);
    ck_assert_double_eq(oct_bench_graph_outputs(graph, 1), 5 * 4 * 4);
    ck_assert_double_eq(oct_bench_graph_bytes(graph, 1), 10 * 8 * 6 + 5 * 4 * 4 + 4 * 27 + 4 * sizeof(float));
    double sum = 0;
    for (size_t i = 0; i < oct_graph_node_count(graph); ++i) {
        sum += oct_bench_node_macs(graph, i, 1);
    }
    ck_assert_double_eq(sum, 5 * 4 * 4 * 27); // permutations multiply nothing
    oct_graph_destroy(graph);

    graph = graph_of("\"op\": \"linear\", \"rows\": 3, \"in_features\": 10, \"out_features\": 7", registry);
    ck_assert_double_eq(oct_bench_graph_macs(graph, 3), 3 * 10 * 7);
    ck_assert_double_eq(oct_bench_graph_bytes(graph, 3), 3 * 10 + 70 + 3 * 7 + 7 * sizeof(float));
    oct_graph_destroy(graph);

    graph = graph_of("\"op\": \"quantize\", \"elements\": 10", registry);
    ck_assert_double_eq(oct_bench_graph_macs(graph, 1), 0);
    ck_assert_double_eq(oct_bench_graph_bytes(graph, 1), 10 + 10 * sizeof(float));
    oct_graph_destroy(graph);
    oct_op_registry_destroy(registry);
}
END_TEST

static void add(Suite *suite)
{
    TCase *work = oct_case(suite, "work");
    tcase_add_test(work, multiplications_and_bytes_are_those_of_the_layer);
}

OCT_CHECK_MAIN("server/cli/bench/work", add)
