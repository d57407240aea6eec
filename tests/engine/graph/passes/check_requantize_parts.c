#include "tests/engine/graph/graph_kit.h"

static oct_value_id part(struct kit *kit, const char *name, enum oct_dtype dtype, double scale, int64_t zero_point)
{
    oct_value_id x = kit_input(kit, name, kit_quantized(dtype, KIT_SHAPE(KIT_N, 5, 4, 3), scale, zero_point));
    char pool[32];
    snprintf(pool, sizeof pool, "%s_pool", name);
    return kit_node_of(kit, pool, "aten::max_pool2d", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 1, 1)));
}

static const enum oct_dtype DTYPES[] = {OCT_DTYPE_QUINT8, OCT_DTYPE_QINT8};

START_TEST(parts_of_other_parameters_are_converted_first)
{
    struct kit kit = kit_open();
    enum oct_dtype dtype = DTYPES[_i % 2];
    oct_value_id a = part(&kit, "a", dtype, 0.1, 30), b = part(&kit, "b", dtype, 0.05, 3);
    oct_value_id c = part(&kit, "c", dtype, 0.1, 31);
    kit_output(&kit, "y",
               kit_node_of(&kit, "joined", "quantized::cat", KIT_INPUTS(a, b, c, a),
                           KIT_ATTRIBUTES(kit_int("dim", 1 - _i / 2 * 2), kit_number("scale", 0.1),
                                          kit_int("zero_point", 30))));
    kit_output(&kit, "b_too", b);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::requantize"), 2);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

START_TEST(a_concatenation_without_parameters_takes_the_first_ones)
{
    struct kit kit = kit_open();
    oct_value_id a = part(&kit, "a", OCT_DTYPE_QUINT8, 0.1, 30), b = part(&kit, "b", OCT_DTYPE_QUINT8, 0.02, 200);
    kit_output(&kit, "y",
               kit_node_of(&kit, "joined", "aten::cat", KIT_INPUTS(a, b), KIT_ATTRIBUTES(kit_int("dim", 1))));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::requantize"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(equal_parameters_and_floats_stay)
{
    struct kit kit = kit_open();
    oct_value_id a = part(&kit, "a", OCT_DTYPE_QUINT8, 0.1, 30), b = part(&kit, "b", OCT_DTYPE_QUINT8, 0.1, 30);
    oct_value_id f = kit_input(&kit, "f", kit_float(KIT_SHAPE(KIT_N, 7)));
    struct oct_attribute_given dim = kit_int("dim", 1);
    kit_output(&kit, "y", kit_node_of(&kit, "joined", "aten::cat", KIT_INPUTS(a, b), &dim, 1));
    kit_output(&kit, "z", kit_node_of(&kit, "floats", "aten::cat", KIT_INPUTS(f, f), &dim, 1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::requantize"), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_concatenation_of_one_part_is_that_part)
{
    struct kit kit = kit_open();
    oct_value_id a = part(&kit, "a", OCT_DTYPE_QUINT8, 0.1, 30);
    oct_value_id f = kit_input(&kit, "f", kit_float(KIT_SHAPE(KIT_N, 7)));
    struct oct_attribute_given dim = kit_int("dim", 1);
    kit_output(&kit, "y",
               kit_node_of(&kit, "converted", "quantized::cat", KIT_INPUTS(a),
                           KIT_ATTRIBUTES(kit_int("dim", 1), kit_number("scale", 0.2), kit_int("zero_point", 3))));
    kit_output(&kit, "same", kit_node_of(&kit, "joined", "aten::cat", KIT_INPUTS(a), &dim, 1));
    kit_output(&kit, "floats", kit_node_of(&kit, "float_joined", "aten::cat", KIT_INPUTS(f), &dim, 1));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "octet::requantize"), 1);
    ck_assert_uint_eq(kit_count(plan, "quantized::cat"), 0);
    ck_assert_uint_eq(kit_count(plan, "aten::cat"), 0);
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *requantize = oct_case(suite, "requantize_parts");
    tcase_add_loop_test(requantize, parts_of_other_parameters_are_converted_first, 0, 4);
    tcase_add_test(requantize, a_concatenation_without_parameters_takes_the_first_ones);
    tcase_add_test(requantize, equal_parameters_and_floats_stay);
    tcase_add_test(requantize, a_concatenation_of_one_part_is_that_part);
}

OCT_CHECK_MAIN("engine/graph/passes/requantize_parts", add)
