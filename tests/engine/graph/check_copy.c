#include "tests/engine/graph/chain.h"
#include "tests/support/chaos.h"

START_TEST(a_copy_equals_its_source)
{
    struct kit kit;
    struct oct_graph *graph = open_chain(&kit);
    ck_assert_uint_eq(oct_graph_value_count(graph), oct_graph_value_count(kit.graph));
    EXPECT_ORDER(graph, "a", "b", "c");
    ck_assert_uint_eq(oct_graph_find(graph, "b"), oct_graph_find(kit.graph, "b"));
    ck_assert_str_eq(oct_graph_output_name(graph, 0), "y");
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

START_TEST(a_copy_has_attributes_of_its_own_and_borrows_constants)
{
    struct kit kit = kit_open();
    double scales[] = {0.1, 0.2};
    int64_t zero_points[] = {1, 2};
    struct oct_tensor_desc desc = {
        .dtype = OCT_DTYPE_QINT8,
        .shape = KIT_SHAPE(2, 3),
        .qparams = {
            .scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE, .channels = 2, .scales = scales, .zero_points = zero_points}};
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3)));
    oct_value_id c = kit_constant(&kit, desc);
    oct_value_id t = kit_node_of(&kit, "t", "aten::permute", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 2, 1)));
    kit_output(&kit, "t", t);
    kit_output(&kit, "q", kit_quantize(&kit, "q", t, 0.5, 3, "quint8"));
    kit_finish(&kit);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *copy;
    ck_assert_ok(octi_graph_copy(kit.graph, NULL, &copy, &error), &error);
    const void *bytes = oct_graph_value(kit.graph, c).data;
    ck_assert_ptr_eq(oct_graph_value(copy, c).data, bytes);
    ck_assert_ptr_eq(oct_graph_value(copy, c).desc.qparams.scales, oct_graph_value(kit.graph, c).desc.qparams.scales);
    const struct oct_attribute *dims = octi_node_attribute(&copy->nodes[0], "dims");
    ck_assert_uint_eq(dims->count, 3);
    ck_assert_int_eq(dims->integers[1], 2);
    ck_assert_ptr_ne(dims->integers, octi_node_attribute(&kit.graph->nodes[0], "dims")->integers);
    ck_assert_str_eq(octi_node_attribute(&copy->nodes[1], "dtype")->string, "quint8");
    ck_assert(oct_graph_rows_independent(copy, NULL));
    oct_graph_destroy(copy);
    kit_close(&kit);
}
END_TEST

START_TEST(copying_survives_failure_of_any_allocation)
{
    struct kit kit;
    oct_graph_destroy(open_chain(&kit));
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct oct_graph *copy = NULL;
        enum oct_status status = octi_graph_copy(kit.graph, &chaos.allocator, &copy, NULL);
        ck_assert_status(chaos.failed ? OCT_ERR_NOMEM : OCT_OK, status);
        oct_graph_destroy(copy);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            break;
        }
    }
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *all = oct_case(suite, "copy");
    tcase_add_test(all, a_copy_equals_its_source);
    tcase_add_test(all, a_copy_has_attributes_of_its_own_and_borrows_constants);
    tcase_add_test(all, copying_survives_failure_of_any_allocation);
}

OCT_CHECK_MAIN("engine/graph/copy", add)
