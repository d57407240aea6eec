#include "tests/engine/graph/graph_kit.h"

/// Finishes the graph with `y` as its output; true when rows are independent, else `reason` must hold `says`.
static bool independent(struct kit *kit, oct_value_id y, const char *says)
{
    kit_output(kit, "out", y);
    kit_finish(kit);
    const char *reason = NULL;
    bool result = oct_graph_rows_independent(kit->graph, &reason);
    ck_assert_ptr_nonnull(reason);
    ck_assert_msg(result == (says == NULL), "reason: '%s'", reason);
    ck_assert_msg(says == NULL || strstr(reason, says), "'%s' does not say '%s'", reason, says ? says : "");
    kit_close(kit);
    return result;
}

START_TEST(a_chain_that_keeps_the_batch_in_front_is_independent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3, 3)));
    oct_value_id y = kit_unary(&kit, "r", "aten::relu", x);
    y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(y), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    y = kit_node_of(&kit, "s", "aten::softmax", KIT_INPUTS(y), KIT_ATTRIBUTES(kit_int("dim", 1)));
    y = kit_node_of(&kit, "a", "aten::add", KIT_INPUTS(y, kit_constant(&kit, kit_float(KIT_SHAPE(18)))),
                    KIT_NO_ATTRIBUTES);
    ck_assert(independent(&kit, y, NULL));
}
END_TEST

START_TEST(flattening_the_batch_away_is_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id y =
        kit_node_of(&kit, "merge", "aten::reshape", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("shape", 1, -1)));
    ck_assert(!independent(&kit, y, "node 'merge' (aten::reshape) gives 'merge' the shape [1, 4*N]"));
}
END_TEST

START_TEST(concatenating_along_the_batch_is_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id y = kit_node_of(&kit, "twice", "aten::cat", KIT_INPUTS(x, x), KIT_ATTRIBUTES(kit_int("dim", 0)));
    ck_assert(!independent(&kit, y, "node 'twice' (aten::cat)"));
}
END_TEST

START_TEST(softmax_over_the_batch_is_dependent_though_the_shape_hides_it)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id y = kit_node_of(&kit, "soft", "aten::softmax", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("dim", 0)));
    ck_assert(!independent(&kit, y, "node 'soft' (aten::softmax): "));
}
END_TEST

START_TEST(time_first_tensors_count_as_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 5, 4)));
    struct oct_attribute_given swap[] = {kit_int("dim0", 0), kit_int("dim1", 1)};
    oct_value_id y = kit_node_of(&kit, "there", "aten::transpose", KIT_INPUTS(x), swap, 2);
    y = kit_node_of(&kit, "back", "aten::transpose", KIT_INPUTS(y), swap, 2);
    ck_assert(!independent(&kit, y, "node 'there' (aten::transpose) gives 'there' the shape [5, N, 4]"));
}
END_TEST

START_TEST(the_mean_of_everything_is_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    ck_assert(!independent(&kit, kit_unary(&kit, "all", "aten::mean", x), "all"));
}
END_TEST

START_TEST(an_input_without_batch_is_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id s = kit_input(&kit, "shared", kit_float(KIT_SHAPE(4)));
    oct_value_id y = kit_node_of(&kit, "sum", "aten::add", KIT_INPUTS(x, s), KIT_NO_ATTRIBUTES);
    ck_assert(!independent(&kit, y, "input 'shared' of shape [4] has no batch dimension"));
}
END_TEST

START_TEST(a_constant_output_is_dependent)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    kit_output(&kit, "x", x);
    ck_assert(!independent(&kit, kit_constant(&kit, kit_float(KIT_SHAPE(4))), "output 'out' does not depend"));
}
END_TEST

START_TEST(what_constants_do_among_themselves_does_not_matter)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(2, 2)));
    c = kit_node_of(&kit, "c1", "aten::reshape", KIT_INPUTS(c), KIT_ATTRIBUTES(KIT_INTS("shape", 4)));
    oct_value_id y = kit_node_of(&kit, "sum", "aten::add", KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES);
    ck_assert(independent(&kit, y, NULL));
}
END_TEST

static void add(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, a_chain_that_keeps_the_batch_in_front_is_independent);
    tcase_add_test(rows, flattening_the_batch_away_is_dependent);
    tcase_add_test(rows, concatenating_along_the_batch_is_dependent);
    tcase_add_test(rows, softmax_over_the_batch_is_dependent_though_the_shape_hides_it);
    tcase_add_test(rows, time_first_tensors_count_as_dependent);
    tcase_add_test(rows, the_mean_of_everything_is_dependent);
    tcase_add_test(rows, an_input_without_batch_is_dependent);
    tcase_add_test(rows, a_constant_output_is_dependent);
    tcase_add_test(rows, what_constants_do_among_themselves_does_not_matter);
}

OCT_CHECK_MAIN("engine/graph/rows", add)
