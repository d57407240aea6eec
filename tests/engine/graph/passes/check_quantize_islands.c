#include "tests/engine/graph/graph_kit.h"

static struct oct_tensor_desc bytes_of(struct oct_shape shape, double scale, int64_t zero_point)
{
    return kit_quantized(OCT_DTYPE_QUINT8, shape, scale, zero_point);
}

/// Compares, expects one step of operator `op`, and cleans up.
static void expect_single(struct kit *kit, const char *op, double tolerance)
{
    kit_finish(kit);
    struct oct_plan *plan = kit_compare(kit, tolerance);
    size_t others = oct_plan_step_count(plan) - kit_count(plan, "octet::memory_format");
    ck_assert_uint_eq(kit_count(plan, op), 1);
    ck_assert_uint_eq(others, 1);
    oct_plan_release(plan);
    kit_close(kit);
}

START_TEST(a_pair_with_equal_parameters_cancels)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 9), 0.1, 7));
    oct_value_id d = kit_dequantize(&kit, "d", x);
    kit_output(&kit, "y", kit_quantize(&kit, "y", d, 0.1, 7, "quint8"));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(oct_plan_step_count(plan), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_pair_with_other_parameters_stays)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 9), 0.1, 7));
    oct_value_id d = kit_dequantize(&kit, "d", x);
    kit_output(&kit, "y", kit_quantize(&kit, "y", d, 0.1, 8, "quint8"));
    kit_output(&kit, "z", kit_quantize(&kit, "z", d, 0.1, 7, "qint8"));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "aten::quantize_per_tensor"), 1);
    ck_assert_uint_eq(kit_count(plan, "octet::quantize_signed"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_relu_between_is_a_quantized_relu)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 300), 0.1, 120));
    oct_value_id d = kit_unary(&kit, "r", "aten::relu", kit_dequantize(&kit, "d", x));
    kit_output(&kit, "y", kit_quantize(&kit, "y", d, 0.1, 120, "quint8"));
    expect_single(&kit, "aten::relu", 0);
}
END_TEST

START_TEST(activations_become_their_quantized_operators)
{
    static const struct {
        const char *real, *quantized;
        double scale;
        int64_t zero_point;
    } ROWS[] = {{"aten::hardswish", "quantized::hardswish", 0.07, 11},
                {"aten::sigmoid", "quantized::sigmoid", 0.005, 2},
                {"aten::hardsigmoid", "aten::hardsigmoid", 1.0 / 256, 0}};
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct kit kit = kit_open();
        oct_value_id x = kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 512), 0.05, 117));
        oct_value_id d = kit_unary(&kit, "f", ROWS[i].real, kit_dequantize(&kit, "d", x));
        kit_output(&kit, "y", kit_quantize(&kit, "y", d, ROWS[i].scale, ROWS[i].zero_point, "quint8"));
        expect_single(&kit, ROWS[i].quantized, 1);
    }
}
END_TEST

START_TEST(a_sum_becomes_a_quantized_sum)
{
    for (int relu = 0; relu < 2; relu++) {
        struct kit kit = kit_open();
        oct_value_id a = kit_dequantize(&kit, "da", kit_input(&kit, "a", bytes_of(KIT_SHAPE(KIT_N, 500), 0.05, 117)));
        oct_value_id b = kit_dequantize(&kit, "db", kit_input(&kit, "b", bytes_of(KIT_SHAPE(KIT_N, 500), 0.11, 130)));
        oct_value_id y = kit_node_of(&kit, "sum", "aten::add", KIT_INPUTS(a, b), KIT_NO_ATTRIBUTES);
        y = relu ? kit_unary(&kit, "relu", "aten::relu", y) : y;
        kit_output(&kit, "y", kit_quantize(&kit, "y", y, 0.2, 100, "quint8"));
        expect_single(&kit, relu ? "quantized::add_relu" : "quantized::add", 1);
    }
}
END_TEST

START_TEST(a_scaled_sum_is_left_alone)
{
    struct kit kit = kit_open();
    oct_value_id a = kit_dequantize(&kit, "da", kit_input(&kit, "a", bytes_of(KIT_SHAPE(KIT_N, 50), 0.05, 117)));
    oct_value_id y = kit_node_of(&kit, "sum", "aten::add", KIT_INPUTS(a, a), KIT_ATTRIBUTES(kit_number("alpha", 0.5)));
    kit_output(&kit, "y", kit_quantize(&kit, "y", y, 0.2, 100, "quint8"));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "aten::add"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static struct oct_tensor_desc per_channel(struct oct_shape shape, const double *scales, const int64_t *zero_points)
{
    return (struct oct_tensor_desc){.dtype = OCT_DTYPE_QINT8,
                                    .shape = shape,
                                    .qparams = {.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE,
                                                .axis = 0,
                                                .channels = (size_t)shape.dims[0],
                                                .scales = scales,
                                                .zero_points = zero_points}};
}

static const double SCALES[] = {0.01, 0.02, 0.005, 0.03};
static const int64_t ZERO_POINTS[] = {0, 0, 0, 0};

START_TEST(a_linear_layer_becomes_the_quantized_one)
{
    for (int way = 0; way < 4; way++) { // with and without relu, bias as float or as int32
        struct kit kit = kit_open();
        oct_value_id x = kit_dequantize(&kit, "dx", kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 33), 0.02, 117)));
        oct_value_id w = kit_constant(&kit, per_channel(KIT_SHAPE(4, 33), SCALES, ZERO_POINTS));
        w = kit_dequantize(&kit, "dw", w);
        oct_value_id b = way & 2 ? kit_constant(&kit, kit_float(KIT_SHAPE(4)))
                                 : kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT32, KIT_SHAPE(4), 1e-10, 0));
        b = way & 2 ? b : kit_dequantize(&kit, "db", b);
        oct_value_id y = kit_node_of(&kit, "lin", "aten::linear", KIT_INPUTS(x, w, b), KIT_NO_ATTRIBUTES);
        y = way & 1 ? kit_unary(&kit, "relu", "aten::relu", y) : y;
        kit_output(&kit, "y", kit_quantize(&kit, "y", y, 0.1, 100, "quint8"));
        expect_single(&kit, way & 1 ? "quantized::linear_relu" : "quantized::linear", 1);
    }
}
END_TEST

START_TEST(a_convolution_becomes_the_quantized_one)
{
    for (int relu = 0; relu < 2; relu++) {
        struct kit kit = kit_open();
        oct_value_id x = kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 4, 9, 9), 0.02, 117));
        x = kit_dequantize(&kit, "dx", x);
        oct_value_id w = kit_constant(&kit, per_channel(KIT_SHAPE(4, 2, 3, 3), SCALES, ZERO_POINTS));
        w = kit_dequantize(&kit, "dw", w);
        oct_value_id y =
            kit_node_of(&kit, "conv", "aten::conv2d", KIT_INPUTS(x, w),
                        KIT_ATTRIBUTES(KIT_INTS("stride", 2, 1), KIT_INTS("padding", 1, 0), kit_int("groups", 2)));
        y = relu ? kit_unary(&kit, "relu", "aten::relu", y) : y;
        kit_output(&kit, "y", kit_quantize(&kit, "y", y, 0.1, 100, "quint8"));
        expect_single(&kit, relu ? "quantized::conv2d_relu" : "quantized::conv2d", 1);
    }
}
END_TEST

START_TEST(convolutions_of_lines_and_volumes_do_too)
{
    static const char *const real[] = {"aten::conv1d", "aten::conv3d"};
    static const char *const quantized[2][2] = {{"quantized::conv1d", "quantized::conv1d_relu"},
                                                {"quantized::conv3d", "quantized::conv3d_relu"}};
    const struct oct_shape images[] = {KIT_SHAPE(KIT_N, 4, 19), KIT_SHAPE(KIT_N, 4, 4, 5, 6)};
    const struct oct_shape weights[] = {KIT_SHAPE(4, 2, 5), KIT_SHAPE(4, 2, 2, 3, 3)};
    for (int way = 0; way < 4; way++) {
        int i = way / 2, relu = way % 2;
        struct kit kit = kit_open();
        oct_value_id x = kit_dequantize(&kit, "dx", kit_input(&kit, "x", bytes_of(images[i], 0.02, 117)));
        oct_value_id w = kit_constant(&kit, per_channel(weights[i], SCALES, ZERO_POINTS));
        w = kit_dequantize(&kit, "dw", w);
        oct_value_id y = kit_node_of(&kit, "conv", real[i], KIT_INPUTS(x, w),
                                     KIT_ATTRIBUTES(kit_int("padding", 1), kit_int("groups", 2)));
        y = relu ? kit_unary(&kit, "relu", "aten::relu", y) : y;
        kit_output(&kit, "y", kit_quantize(&kit, "y", y, 0.1, 100, "quint8"));
        expect_single(&kit, quantized[i][relu], 1);
    }
}
END_TEST

START_TEST(a_value_read_elsewhere_keeps_its_island)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_dequantize(&kit, "dx", kit_input(&kit, "x", bytes_of(KIT_SHAPE(KIT_N, 33), 0.02, 117)));
    oct_value_id h = kit_unary(&kit, "h", "aten::hardswish", x);
    kit_output(&kit, "h", h);
    kit_output(&kit, "y", kit_quantize(&kit, "y", h, 0.1, 100, "quint8"));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(kit_count(plan, "aten::hardswish"), 1);
    ck_assert_uint_eq(kit_count(plan, "quantized::hardswish"), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *islands = oct_case(suite, "quantize_islands");
    tcase_add_test(islands, a_pair_with_equal_parameters_cancels);
    tcase_add_test(islands, a_pair_with_other_parameters_stays);
    tcase_add_test(islands, a_relu_between_is_a_quantized_relu);
    tcase_add_test(islands, activations_become_their_quantized_operators);
    tcase_add_test(islands, a_sum_becomes_a_quantized_sum);
    tcase_add_test(islands, a_scaled_sum_is_left_alone);
    tcase_add_test(islands, a_linear_layer_becomes_the_quantized_one);
    tcase_add_test(islands, a_convolution_becomes_the_quantized_one);
    tcase_add_test(islands, convolutions_of_lines_and_volumes_do_too);
    tcase_add_test(islands, a_value_read_elsewhere_keeps_its_island);
}

OCT_CHECK_MAIN("engine/graph/passes/quantize_islands", add)
