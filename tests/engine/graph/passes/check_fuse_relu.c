#include "tests/engine/graph/graph_kit.h"

/// [N, 4, 6, ...] or a weight [5, 4, 3, ...] of as many dimensions as "quantized::conv<n>d" says.
static struct oct_shape conv_shape(const char *op, int64_t first, int64_t extent)
{
    struct oct_shape shape = {.rank = 2 + (op[strlen("quantized::conv")] - '0'), .dims = {first, 4}};
    for (int32_t d = 2; d < shape.rank; d++) {
        shape.dims[d] = extent;
    }
    return shape;
}

static oct_value_id add_plain(struct kit *kit, const char *op)
{
    struct oct_tensor_desc row = kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 40), 0.03, 120);
    struct oct_attribute_given conv[] = {kit_number("output_scale", 0.1), kit_int("output_zero_point", 60)};
    struct oct_attribute_given linear[] = {kit_number("Y_scale_i", 0.1), kit_int("Y_zero_point_i", 60)};
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", 60)};
    if (strstr(op, "conv") != NULL) {
        oct_value_id x = kit_input(kit, "x", kit_quantized(OCT_DTYPE_QUINT8, conv_shape(op, KIT_N, 6), 0.03, 120));
        oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, conv_shape(op, 5, 3), 0.02, 3));
        return kit_node_of(kit, "plain", op, KIT_INPUTS(x, w), conv, 2);
    }
    if (strcmp(op, "quantized::linear") == 0) {
        oct_value_id x = kit_input(kit, "x", row);
        oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(5, 40), 0.02, 0));
        oct_value_id b = kit_constant(kit, kit_float(KIT_SHAPE(5)));
        return kit_node_of(kit, "plain", op, KIT_INPUTS(x, w, b), linear, 2);
    }
    oct_value_id a = kit_input(kit, "a", row), b = kit_input(kit, "b", row);
    return kit_node_of(kit, "plain", op, KIT_INPUTS(a, b), sum, 2);
}

static const char *const PLAIN[] = {"quantized::conv1d", "quantized::conv2d", "quantized::conv3d",
                                    "quantized::linear", "quantized::add",    "quantized::mul"};
#define N_PLAIN ((int)(sizeof PLAIN / sizeof PLAIN[0]))

START_TEST(relu_becomes_a_bound_of_the_operator_before)
{
    struct kit kit = kit_open();
    oct_value_id y = add_plain(&kit, PLAIN[_i]);
    kit_output(&kit, "y", kit_unary(&kit, "relu", "aten::relu", y));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    char fused[64];
    snprintf(fused, sizeof fused, "%s_relu", PLAIN[_i]);
    ck_assert_uint_eq(kit_count(plan, fused), 1);
    ck_assert_uint_eq(kit_count(plan, "aten::relu"), 0);
    ck_assert_uint_eq(kit_count(plan, PLAIN[_i]), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_value_that_is_read_elsewhere_is_not_fused)
{
    struct kit kit = kit_open();
    oct_value_id y = add_plain(&kit, PLAIN[_i]);
    kit_output(&kit, "before", y);
    kit_output(&kit, "y", kit_unary(&kit, "relu", "aten::relu", y));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, PLAIN[_i]), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *fuse = oct_case(suite, "fuse_relu");
    tcase_add_loop_test(fuse, relu_becomes_a_bound_of_the_operator_before, 0, N_PLAIN);
    tcase_add_loop_test(fuse, a_value_that_is_read_elsewhere_is_not_fused, 0, N_PLAIN);
}

OCT_CHECK_MAIN("engine/graph/passes/fuse_relu", add)
