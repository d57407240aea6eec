#include "tests/engine/graph/graph_kit.h"

/// No value a kernel reads or writes as an activation is signed any more.
static void expect_unsigned(const struct oct_plan *plan)
{
    const struct oct_graph *graph = oct_plan_graph(plan);
    for (size_t n = 0; n < oct_graph_node_count(graph); n++) {
        struct oct_node_info node = oct_graph_node(graph, n);
        for (size_t i = 0; i < node.n_inputs; i++) {
            bool weight = i < 2 && node.op->input_names[i] && strcmp(node.op->input_names[i], "weight") == 0;
            if (node.inputs[i] != OCT_VALUE_NONE && !weight) {
                ck_assert_int_ne((int)oct_graph_value(graph, node.inputs[i]).desc.dtype, OCT_DTYPE_QINT8);
            }
        }
        for (size_t i = 0; i < node.n_outputs; i++) {
            ck_assert_int_ne((int)oct_graph_value(graph, node.outputs[i]).desc.dtype, OCT_DTYPE_QINT8);
        }
    }
}

START_TEST(a_signed_network_answers_the_same_and_keeps_its_ports)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 4, 6, 6), 0.03, -5));
    oct_value_id f = kit_input(&kit, "f", kit_float(KIT_SHAPE(KIT_N, 4, 6, 6)));
    oct_value_id q = kit_quantize(&kit, "q", f, 0.04, 10, "qint8");
    oct_value_id c = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(4, 1, 1), 0.04, 3));
    struct oct_attribute_given sum[] = {kit_number("scale", 0.1), kit_int("zero_point", -60)};
    oct_value_id s = kit_node_of(&kit, "s", "quantized::add", KIT_INPUTS(x, q), sum, 2);
    oct_value_id s2 = kit_node_of(&kit, "s2", "quantized::mul", KIT_INPUTS(s, c), sum, 2);
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(5, 4, 3, 3), 0.02, 3));
    oct_value_id y = kit_node_of(&kit, "conv", "quantized::conv2d", KIT_INPUTS(s2, w),
                                 KIT_ATTRIBUTES(kit_number("output_scale", 0.05), kit_int("output_zero_point", -128),
                                                KIT_INTS("padding", 1, 1)));
    oct_value_id h = kit_unary(&kit, "h", "aten::hardsigmoid", y);
    kit_output(&kit, "s", s);
    kit_output(&kit, "y", y);
    kit_output(&kit, "h", h);
    kit_output(&kit, "x", x);
    kit_output(&kit, "c", c);
    kit_output(&kit, "y_again", y);
    kit_output(&kit, "d", kit_dequantize(&kit, "d", h));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    expect_unsigned(plan);
    ck_assert_int_eq((int)oct_plan_input(plan, 0)->desc.dtype, OCT_DTYPE_QINT8);
    ck_assert_int_eq((int)oct_plan_output(plan, 1)->desc.dtype, OCT_DTYPE_QINT8);
    ck_assert_int_eq(oct_plan_output(plan, 1)->desc.qparams.zero_point, -128);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(outputs_that_share_storage_are_flipped_once)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 2, 4), 0.03, -5));
    oct_value_id r = kit_unary(&kit, "r", "aten::relu", x);
    oct_value_id v = kit_node_of(&kit, "v", "aten::flatten", KIT_INPUTS(r), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    kit_output(&kit, "r", r);
    kit_output(&kit, "v", v);
    kit_output(&kit, "x", x);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    expect_unsigned(plan);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

// A custom operator that insists on signed bytes.
static enum oct_status signed_infer(struct oct_op_infer_call *call)
{
    if (call->inputs[0]->dtype != OCT_DTYPE_QINT8) {
        return oct_error_set(call->error, OCT_ERR_UNSUPPORTED, NULL, OCT_POSITION_NONE, "signed only");
    }
    call->outputs[0] = *call->inputs[0];
    return OCT_OK;
}
static void signed_reference(const struct oct_op_run_call *call)
{
    oct_view_copy(&call->outputs[0], &call->inputs[0]);
}
static const char *const COVERS[] = {NULL};
static const char *const SELF[] = {"self", NULL};
static const struct oct_attribute_spec NO_ATTRIBUTES[] = {{.name = NULL}};
static const struct oct_op SIGNED_ONLY = {.name = "test::signed_only",
                                          .covers = COVERS,
                                          .doc = "copies signed bytes",
                                          .input_names = SELF,
                                          .min_inputs = 1,
                                          .max_inputs = 1,
                                          .n_outputs = 1,
                                          .dtypes = "qint8 -> qint8",
                                          .attributes = NO_ATTRIBUTES,
                                          .infer = signed_infer,
                                          .reference = signed_reference};

START_TEST(an_operator_that_insists_on_signed_bytes_is_named)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_op_registry_add(kit.registry, &SIGNED_ONLY, &error), &error);
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 2), 0.03, -5));
    kit_output(&kit, "y", kit_unary(&kit, "stubborn", "test::signed_only", x));
    kit_finish(&kit);
    struct oct_plan *plan = NULL;
    ck_assert_status(OCT_ERR_UNSUPPORTED, oct_plan_create(kit.graph, NULL, &plan, &error));
    ck_assert_error_says(&error, "stubborn");
    ck_assert_error_says(&error, "test::signed_only cannot run on unsigned activations");
    oct_plan_release(kit_plan(kit.graph, true, true)); // the reference takes it as it is
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *unsign = oct_case(suite, "unsigned_activations");
    tcase_add_test(unsign, a_signed_network_answers_the_same_and_keeps_its_ports);
    tcase_add_test(unsign, outputs_that_share_storage_are_flipped_once);
    tcase_add_test(unsign, an_operator_that_insists_on_signed_bytes_is_named);
}

OCT_CHECK_MAIN("engine/graph/passes/unsigned_activations", add)
