#include "server/cli/bench/case_graph.h"

#include <stdio.h>
#include <string.h>

#include "octet/plan.h"
#include "tests/server/cli/bench/shapes.h"

static struct oct_op_registry *registry;

static void open_registry(void)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_op_registry_create(NULL, &registry, &error), &error);
}

static void close_registry(void)
{
    oct_op_registry_destroy(registry);
}

static void build_all(const struct oct_bench_shapes *shapes)
{
    for (size_t i = 0; i < shapes->n_cases; ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        struct oct_graph *graph = NULL;
        const char *name = oct_bench_case_operator(&shapes->cases[i]);
        enum oct_status status = oct_bench_case_graph(&shapes->cases[i], registry, &graph, &error);
        if (oct_op_registry_find(registry, name) == NULL) {
            ck_assert_status(OCT_ERR_UNSUPPORTED, status);
            continue;
        }
        ck_assert_msg(status == OCT_OK, "%s/%s: %s: %s", shapes->name, shapes->cases[i].name, error.where,
                      error.message);
        ck_assert(oct_graph_rows_independent(graph, NULL));
        oct_graph_destroy(graph);
    }
}

START_TEST(every_case_of_the_tree_is_a_legal_graph)
{
    shapes_each(build_all);
}
END_TEST

/// Builds the only case of a file and compares the shape of its output, for one row.
static struct oct_graph *graph_of(const char *members, int rank, const int64_t *dims)
{
    struct oct_bench_shapes shapes = shapes_of(members);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph = NULL;
    ck_assert_ok(oct_bench_case_graph(&shapes.cases[0], registry, &graph, &error), &error);
    struct oct_shape out = oct_graph_value(graph, oct_graph_output(graph, 0)).desc.shape;
    ck_assert_int_eq(out.rank, rank);
    for (int d = 0; d < rank; ++d) {
        ck_assert_int_eq(oct_dim_at(out.dims[d], 1), dims[d]);
    }
    oct_bench_shapes_deinit(&shapes);
    return graph;
}
#define DIMS(...)                                                                                                      \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])                                       \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

START_TEST(nothing_but_the_operator_takes_time)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_plan *plan = NULL;
    struct oct_graph *graph = graph_of(
        "\"op\": \"conv2d\", \"relu\": true, \"batch\": 1, \"in\": [9, 9], \"channels\": 8, \"out_channels\": 6,"
        "\"kernel\": [3, 3], \"stride\": [2, 2], \"padding\": [1, 1], \"dilation\": [1, 1], \"groups\": 1",
        DIMS(1, 5, 5, 6));
    ck_assert_uint_ne(oct_graph_find(graph, "weight"), OCT_VALUE_NONE);
    struct oct_tensor_desc weight = oct_graph_value(graph, oct_graph_find(graph, "weight")).desc;
    ck_assert_int_eq((int)weight.qparams.scheme, (int)OCT_QSCHEME_PER_CHANNEL_AFFINE);
    struct oct_tensor_desc x = oct_graph_value(graph, oct_graph_input(graph, 0)).desc;
    ck_assert_int_eq((int)x.dtype, (int)OCT_DTYPE_QUINT8);
    ck_assert_int_ne(x.qparams.zero_point, 0);
    ck_assert_ok(oct_plan_create(graph, NULL, &plan, &error), &error);
    size_t n_busy = 0;
    for (size_t i = 0; i < oct_plan_step_count(plan); ++i) {
        n_busy += strcmp(oct_plan_step(plan, i).kernel, "view") != 0;
    }
    ck_assert_uint_eq(n_busy, 1);
    oct_plan_release(plan);
    oct_graph_destroy(graph);
}
END_TEST

START_TEST(each_form_has_the_shape_it_says)
{
    oct_graph_destroy(
        graph_of("\"op\": \"linear\", \"rows\": 7, \"in_features\": 12, \"out_features\": 5", DIMS(1, 5)));
    oct_graph_destroy(graph_of("\"op\": \"concat\", \"elements\": 9, \"inputs\": 3", DIMS(1, 27)));
    oct_graph_destroy(
        graph_of("\"op\": \"concat\", \"batch\": 1, \"in\": [2, 3], \"channels\": 4, \"inputs\": 2", DIMS(1, 2, 3, 8)));
    oct_graph_destroy(graph_of("\"op\": \"quantize\", \"elements\": 9", DIMS(1, 9)));
    oct_graph_destroy(graph_of("\"op\": \"dequantize\", \"elements\": 9", DIMS(1, 9)));
    oct_graph_destroy(
        graph_of("\"op\": \"transpose\", \"batch\": 1, \"in\": [2, 3], \"channels\": 4", DIMS(1, 2, 3, 4)));
    oct_graph_destroy(
        graph_of("\"op\": \"global_avg_pool2d\", \"batch\": 1, \"in\": [2, 3], \"channels\": 4", DIMS(1, 1, 1, 4)));
    oct_graph_destroy(
        graph_of("\"op\": \"max_pool2d\", \"batch\": 1, \"in\": [4, 4], \"channels\": 4, \"kernel\": [2, 2], "
                 "\"stride\": [2, 2], \"padding\": [0, 0]",
                 DIMS(1, 2, 2, 4)));
}
END_TEST

START_TEST(a_window_larger_than_its_image_is_refused)
{
    struct oct_bench_shapes shapes =
        shapes_of("\"op\": \"conv2d\", \"batch\": 1, \"in\": [2, 2], \"channels\": 4, \"out_channels\": 6,"
                  "\"kernel\": [3, 3], \"stride\": [1, 1], \"padding\": [0, 0], \"dilation\": [1, 1], \"groups\": 1");
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph = NULL;
    ck_assert_status(OCT_ERR_INVALID, oct_bench_case_graph(&shapes.cases[0], registry, &graph, &error));
    ck_assert_ptr_null(graph);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(too_many_weights_are_refused_before_they_are_allocated)
{
    struct oct_bench_shapes shapes =
        shapes_of("\"op\": \"linear\", \"rows\": 1, \"in_features\": 1048576, \"out_features\": 1048576");
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph = NULL;
    ck_assert_status(OCT_ERR_LIMIT, oct_bench_case_graph(&shapes.cases[0], registry, &graph, &error));
    ck_assert_error_says(&error, "weights");
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

static void add(Suite *suite)
{
    TCase *graphs = oct_case(suite, "case_graph");
    tcase_add_checked_fixture(graphs, open_registry, close_registry);
    tcase_add_test(graphs, every_case_of_the_tree_is_a_legal_graph);
    tcase_add_test(graphs, nothing_but_the_operator_takes_time);
    tcase_add_test(graphs, each_form_has_the_shape_it_says);
    tcase_add_test(graphs, a_window_larger_than_its_image_is_refused);
    tcase_add_test(graphs, too_many_weights_are_refused_before_they_are_allocated);
}

OCT_CHECK_MAIN("server/cli/bench/case_graph", add)
