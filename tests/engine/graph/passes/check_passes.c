#include "engine/graph/passes/passes.h"

#include "tests/engine/runtime/network.h"

START_TEST(every_row_is_complete_and_named_once)
{
    ck_assert_uint_ge(octi_pass_count(), 8);
    for (size_t i = 0; i < octi_pass_count(); i++) {
        const struct octi_pass *pass = octi_pass_at(i);
        ck_assert_ptr_nonnull(pass->run);
        ck_assert_uint_gt(strlen(pass->doc), 10);
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(pass->name, octi_pass_at(j)->name);
        }
    }
}
END_TEST

START_TEST(rewriting_twice_changes_nothing_more)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph;
    ck_assert_ok(octi_graph_copy(kit.graph, NULL, &graph, &error), &error);
    ck_assert_ok(octi_graph_rewrite(graph, false, &error), &error);
    size_t nodes = oct_graph_node_count(graph), values = oct_graph_value_count(graph);
    ck_assert_uint_eq(kit_count_in(graph, "quantized::conv2d_relu"), 1);
    for (size_t i = 0; i < octi_pass_count(); i++) {
        if (!octi_pass_at(i)->required) {
            ck_assert_ok(octi_pass_run(octi_pass_at(i), graph, &error), &error);
        }
    }
    ck_assert_uint_eq(oct_graph_node_count(graph), nodes);
    ck_assert_uint_eq(oct_graph_value_count(graph), values);
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

START_TEST(required_passes_alone_keep_every_operator)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph;
    ck_assert_ok(octi_graph_copy(kit.graph, NULL, &graph, &error), &error);
    ck_assert_ok(octi_graph_rewrite(graph, true, &error), &error);
    ck_assert_uint_eq(oct_graph_node_count(graph),
                      oct_graph_node_count(kit.graph) + kit_count_in(graph, "octet::memory_format"));
    ck_assert_uint_eq(kit_count_in(graph, "aten::relu"), kit_count_in(kit.graph, "aten::relu"));
    oct_graph_destroy(graph);
    kit_close(&kit);
}
END_TEST

/// One more value from earlier ones, all [N, 4, 6, 6] and of `dtype` or float32; OCT_VALUE_NONE when the draw does not
/// fit. No float operator whose island is rewritten inexactly (passes.def).
static oct_value_id grow(struct kit *kit, const char *name, const char *dtype, oct_value_id a, oct_value_id b)
{
    struct oct_tensor_desc da = oct_graph_value(kit->graph, a).desc, db = oct_graph_value(kit->graph, b).desc;
    int64_t zero = strcmp(dtype, "quint8") == 0 ? 110 : -18;
    double scale = oct_rng_between(&kit->rng, 0, 1) ? 0.05 : 0.07;
    if (da.dtype == OCT_DTYPE_FLOAT32) {
        switch (oct_rng_between(&kit->rng, 0, 4)) {
        case 0:
            return kit_unary(kit, name, "aten::relu", a);
        case 1:
            return kit_unary(kit, name, "aten::hardtanh", a);
        case 2:
            return db.dtype == OCT_DTYPE_FLOAT32
                       ? kit_node_of(kit, name, "aten::mul", KIT_INPUTS(a, b), KIT_NO_ATTRIBUTES)
                       : OCT_VALUE_NONE;
        default:
            return kit_quantize(kit, name, a, scale, zero, dtype);
        }
    }
    struct oct_attribute_given sum[] = {kit_number("scale", scale), kit_int("zero_point", zero)};
    struct oct_attribute_given conv[] = {kit_number("output_scale", scale), kit_int("output_zero_point", zero),
                                         KIT_INTS("padding", 1, 1)};
    switch (oct_rng_between(&kit->rng, 0, 7)) {
    case 0: {
        oct_value_id w = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(4, 4, 3, 3), 0.01, 0));
        return kit_node_of(kit, name, "quantized::conv2d", KIT_INPUTS(a, w), conv, 3);
    }
    case 1:
        return db.dtype == da.dtype ? kit_node_of(kit, name, "quantized::add", KIT_INPUTS(a, b), sum, 2)
                                    : OCT_VALUE_NONE;
    case 2:
        return kit_unary(kit, name, "aten::relu", a);
    case 3:
        return kit_node_of(
            kit, name, "aten::max_pool2d", KIT_INPUTS(a),
            KIT_ATTRIBUTES(KIT_INTS("kernel_size", 3, 3), KIT_INTS("stride", 1, 1), KIT_INTS("padding", 1, 1)));
    case 4:
        return kit_node_of(kit, name, "aten::transpose", KIT_INPUTS(a),
                           KIT_ATTRIBUTES(kit_int("dim0", 2), kit_int("dim1", 3)));
    case 5:
        return kit_node_of(kit, name, "aten::reshape", KIT_INPUTS(a), KIT_ATTRIBUTES(KIT_INTS("shape", -1, 4, 6, 6)));
    default:
        return kit_dequantize(kit, name, a);
    }
}

START_TEST(random_networks_equal_their_reference)
{
    struct kit kit = kit_open();
    kit.rng.state = (uint64_t)_i + 1;
    const char *dtype = _i % 2 ? "qint8" : "quint8";
    oct_value_id values[64];
    size_t n = 0;
    values[n++] = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4, 6, 6)));
    values[n++] = kit_input(
        &kit, "q", kit_quantized(_i % 2 ? OCT_DTYPE_QINT8 : OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 4, 6, 6), 0.05, 3));
    while (n < 30) {
        char name[16];
        snprintf(name, sizeof name, "v%zu", n);
        oct_value_id a = values[oct_rng_between(&kit.rng, n > 5 ? (int64_t)n - 5 : 0, (int64_t)n - 1)];
        oct_value_id b = values[oct_rng_between(&kit.rng, 0, (int64_t)n - 1)];
        oct_value_id made = grow(&kit, name, dtype, a, b);
        if (made != OCT_VALUE_NONE) {
            values[n++] = made;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "out%zu", i);
        kit_output(&kit, name, i < 2 ? values[n - 1 - i] : values[oct_rng_between(&kit.rng, 0, (int64_t)n - 1)]);
    }
    kit_finish(&kit);
    oct_plan_release(kit_compare(&kit, 0));
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *passes = oct_case(suite, "passes");
    tcase_add_test(passes, every_row_is_complete_and_named_once);
    tcase_add_test(passes, rewriting_twice_changes_nothing_more);
    tcase_add_loop_test(passes, random_networks_equal_their_reference, 0, 100);
    tcase_add_test(passes, required_passes_alone_keep_every_operator);
}

OCT_CHECK_MAIN("engine/graph/passes/passes", add)
