#include "tests/engine/graph/graph_kit.h"

#define TABLE "octet::table_lookup"

static const enum oct_dtype DTYPES[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};

static struct oct_tensor_desc image(enum oct_dtype dtype)
{
    return kit_quantized(dtype, KIT_SHAPE(KIT_N, 5, 4, 3), 0.06, 7);
}

static oct_value_id binary(struct kit *kit, const char *name, const char *op, oct_value_id a, oct_value_id b)
{
    return kit_node_of(kit, name, op, KIT_INPUTS(a, b),
                       KIT_ATTRIBUTES(kit_number("scale", 0.05), kit_int("zero_point", 11)));
}

static oct_value_id given(struct kit *kit, const char *name, const char *op, oct_value_id x)
{
    return kit_node_of(kit, name, op, KIT_INPUTS(x),
                       KIT_ATTRIBUTES(kit_number("output_scale", 0.04), kit_int("output_zero_point", 9)));
}

// Compares in every way a plan can be made; the rewritten graph has so many tables and nodes.
static void expect(struct kit *kit, size_t tables, size_t nodes)
{
    kit_finish(kit);
    struct oct_plan *plan = kit_compare(kit, 0);
    ck_assert_uint_eq(kit_count(plan, TABLE), tables);
    ck_assert_uint_eq(oct_graph_node_count(oct_plan_graph(plan)), nodes);
    oct_plan_release(plan);
    kit_compare_everywhere(kit);
    kit_close(kit);
}

static const char *const BINARY[] = {"quantized::mul", "quantized::mul_relu", "quantized::add", "quantized::add_relu"};
#define N_BINARY ((int)(sizeof BINARY / sizeof BINARY[0]))

START_TEST(a_product_with_a_function_of_itself_is_a_table)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(DTYPES[_i % 2]));
    oct_value_id gate = kit_unary(&kit, "gate", "aten::sigmoid", x);
    kit_output(&kit, "y", binary(&kit, "gated", BINARY[_i / 2], x, gate));
    expect(&kit, 1, 1);
}
END_TEST

START_TEST(a_tensor_by_itself_is_a_table)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    kit_output(&kit, "y", binary(&kit, "square", "quantized::mul", x, x));
    expect(&kit, 1, 1);
}
END_TEST

START_TEST(two_functions_of_one_tensor_are_a_table)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    oct_value_id a = given(&kit, "a", "quantized::hardswish", kit_unary(&kit, "clamped", "aten::relu6", x));
    oct_value_id b = kit_unary(&kit, "b", "aten::hardsigmoid", x);
    kit_output(&kit, "y", binary(&kit, "sum", "quantized::add", a, b));
    expect(&kit, 1, 1);
}
END_TEST

START_TEST(a_chain_of_functions_is_a_table)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    for (int i = 0; i < 20; i++) {
        char name[24];
        snprintf(name, sizeof name, "step_%d", i);
        x = i % 3 == 0 ? kit_unary(&kit, name, "aten::sigmoid", x) : given(&kit, name, "quantized::hardswish", x);
    }
    kit_output(&kit, "y", x);
    expect(&kit, 1, 1);
}
END_TEST

START_TEST(tables_of_tables_are_joined)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    for (int i = 0; i < 3; i++) {
        char gate[24], gated[24];
        snprintf(gate, sizeof gate, "gate_%d", i);
        snprintf(gated, sizeof gated, "gated_%d", i);
        x = binary(&kit, gated, "quantized::mul", kit_unary(&kit, gate, "aten::sigmoid", x), x);
    }
    kit_output(&kit, "y", x);
    expect(&kit, 3, 3); // each is read twice while the next one is made
}
END_TEST

START_TEST(a_value_that_is_read_elsewhere_is_kept)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    oct_value_id gate = kit_unary(&kit, "gate", "aten::sigmoid", x);
    kit_output(&kit, "y", binary(&kit, "gated", "quantized::mul", x, gate));
    kit_output(&kit, "gate_too", gate);
    expect(&kit, 1, 2);
}
END_TEST

START_TEST(functions_of_two_tensors_stay)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    oct_value_id other = kit_input(&kit, "other", image(OCT_DTYPE_QUINT8));
    oct_value_id gate = kit_unary(&kit, "gate", "aten::sigmoid", other);
    kit_output(&kit, "y", binary(&kit, "gated", "quantized::mul", x, gate));
    expect(&kit, 0, 2);
}
END_TEST

START_TEST(a_function_of_another_shape_stays)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 4, 4), 0.06, 7));
    oct_value_id turned =
        kit_node_of(&kit, "turned", "aten::permute", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("dims", 0, 2, 1)));
    kit_output(&kit, "y", binary(&kit, "product", "quantized::mul", x, turned));
    expect(&kit, 0, 2);
}
END_TEST

START_TEST(a_table_follows_the_convolution_before)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", image(OCT_DTYPE_QUINT8));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(8, 5, 3, 3), 0.02, 0));
    oct_value_id conv = kit_node_of(
        &kit, "conv", "quantized::conv2d", KIT_INPUTS(x, w),
        KIT_ATTRIBUTES(kit_number("output_scale", 0.1), kit_int("output_zero_point", 60), KIT_INTS("padding", 1)));
    oct_value_id gate = kit_unary(&kit, "gate", "aten::sigmoid", conv);
    kit_output(&kit, "y", binary(&kit, "gated", "quantized::mul", conv, gate));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    bool follows = false;
    for (size_t n = 0; n < oct_plan_step_count(plan); n++) {
        follows = follows || (strcmp(oct_graph_node(oct_plan_graph(plan), n).op->name, TABLE) == 0 &&
                              oct_plan_step(plan, n).head != n);
    }
    ck_assert(follows);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *compose = oct_case(suite, "compose_tables");
    tcase_add_loop_test(compose, a_product_with_a_function_of_itself_is_a_table, 0, 2 * N_BINARY);
    tcase_add_test(compose, a_tensor_by_itself_is_a_table);
    tcase_add_test(compose, two_functions_of_one_tensor_are_a_table);
    tcase_add_test(compose, a_chain_of_functions_is_a_table);
    tcase_add_test(compose, tables_of_tables_are_joined);
    tcase_add_test(compose, a_value_that_is_read_elsewhere_is_kept);
    tcase_add_test(compose, functions_of_two_tensors_stay);
    tcase_add_test(compose, a_function_of_another_shape_stays);
    tcase_add_test(compose, a_table_follows_the_convolution_before);
}

OCT_CHECK_MAIN("engine/graph/passes/compose_tables", add)
