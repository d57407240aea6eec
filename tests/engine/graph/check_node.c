#include "tests/engine/graph/graph_kit.h"

static enum oct_status try_node(struct kit *kit,
                                const char *op,
                                const oct_value_id *inputs,
                                size_t n_inputs,
                                const struct oct_attribute_given *attributes,
                                size_t n_attributes,
                                struct oct_error *error)
{
    static const char *const NAMES[] = {"made"};
    *error = (struct oct_error)OCT_ERROR_INIT;
    return oct_graph_add_node(kit->graph, "node7", op, inputs, n_inputs, attributes, n_attributes, NAMES, 1, NULL,
                              error);
}

START_TEST(bad_nodes_are_refused_by_name_and_leave_the_graph_alone)
{
    struct kit kit = kit_open();
    struct oct_error error;
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    ck_assert_status(OCT_ERR_UNSUPPORTED, try_node(&kit, "aten::no_such", KIT_INPUTS(x), KIT_NO_ATTRIBUTES, &error));
    ck_assert_error_says(&error, "aten::no_such");
    ck_assert_error_says(&error, "node7");
    ck_assert_status(OCT_ERR_UNSUPPORTED, try_node(&kit, NULL, KIT_INPUTS(x), KIT_NO_ATTRIBUTES, &error));
    ck_assert_status(OCT_ERR_UNSUPPORTED,
                     try_node(&kit, "octet::memory_format", KIT_INPUTS(x), KIT_NO_ATTRIBUTES, &error));
    ck_assert_error_says(&error, "rewriting only");
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::relu", KIT_INPUTS(x, x), KIT_NO_ATTRIBUTES, &error));
    ck_assert_error_says(&error, "expected 1 to 1");
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::relu", NULL, 0, KIT_NO_ATTRIBUTES, &error));
    ck_assert_status(OCT_ERR_INVALID,
                     try_node(&kit, "aten::relu", KIT_INPUTS(OCT_VALUE_NONE), KIT_NO_ATTRIBUTES, &error));
    ck_assert_status(OCT_ERR_INVALID,
                     try_node(&kit, "aten::relu", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("slope", 1)), &error));
    ck_assert_error_says(&error, "slope");
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::softmax", KIT_INPUTS(x), KIT_NO_ATTRIBUTES, &error));
    ck_assert_status(OCT_ERR_INVALID,
                     try_node(&kit, "aten::softmax", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("dim", 5)), &error));
    ck_assert_status(OCT_ERR_INVALID,
                     try_node(&kit, "aten::softmax", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_string("dim", "1")), &error));
    ck_assert_int_ne(error.status, OCT_OK);
    static const char *const TWO[] = {"a", "b"};
    static const char *const TAKEN[] = {"x"};
    ck_assert_status(OCT_ERR_INVALID,
                     oct_graph_add_node(kit.graph, "n", "aten::relu", &x, 1, NULL, 0, TWO, 2, NULL, NULL));
    ck_assert_status(OCT_ERR_INVALID,
                     oct_graph_add_node(kit.graph, "n", "aten::relu", &x, 1, NULL, 0, TAKEN, 1, NULL, NULL));
    ck_assert_uint_eq(oct_graph_node_count(kit.graph), 0);
    ck_assert_uint_eq(oct_graph_value_count(kit.graph), 1);
    ck_assert_uint_eq(oct_graph_find(kit.graph, "made"), OCT_VALUE_NONE);
    kit_close(&kit);
}
END_TEST

START_TEST(a_cycle_cannot_be_written_down)
{
    struct kit kit = kit_open();
    struct oct_error error;
    kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id own_output = 1, later = 2;
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::relu", &own_output, 1, KIT_NO_ATTRIBUTES, &error));
    ck_assert_error_says(&error, "not a value added before this node");
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::relu", &later, 1, KIT_NO_ATTRIBUTES, &error));
    kit_close(&kit);
}
END_TEST

START_TEST(shapes_that_do_not_fit_are_refused)
{
    struct kit kit = kit_open();
    struct oct_error error;
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id y = kit_input(&kit, "y", kit_float(KIT_SHAPE(KIT_N, 5)));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(3, 4), 0.1, 0));
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::add", KIT_INPUTS(x, y), KIT_NO_ATTRIBUTES, &error));
    ck_assert_int_ne((int)try_node(&kit, "quantized::linear", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES, &error), OCT_OK);
    ck_assert_int_ne(
        (int)try_node(&kit, "aten::reshape", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("shape", -1, 3)), &error), OCT_OK);
    ck_assert_uint_eq(oct_graph_node_count(kit.graph), 0);
    kit_close(&kit);
}
END_TEST

START_TEST(absent_and_strange_inputs_never_crash_an_operator)
{
    // Every operator, with every pattern of absent inputs and all sorts of values where it expects something else.
    struct kit kit = kit_open();
    oct_value_id values[] = {
        kit_input(&kit, "f4", kit_float(KIT_SHAPE(KIT_N, 3, 8, 8))),
        kit_input(&kit, "f0", kit_float((struct oct_shape){.rank = 0})),
        kit_input(&kit, "q4", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 3, 8, 8), 0.1, 3)),
        kit_input(&kit, "s2", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 3), 0.1, 3)),
        kit_input(&kit, "q32", kit_quantized(OCT_DTYPE_QINT32, KIT_SHAPE(KIT_N, 3), 0.1, 3)),
        kit_input(&kit, "i", (struct oct_tensor_desc){.dtype = OCT_DTYPE_INT64, .shape = KIT_SHAPE(7)}),
        kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(3, 3, 1, 1), 0.1, 0)),
        kit_constant(&kit, kit_float(KIT_SHAPE(3))),
        OCT_VALUE_NONE,
    };
    size_t n_values = sizeof values / sizeof values[0], tried = 0;
    struct oct_rng rng = {5};
    for (size_t o = 0; o < oct_op_registry_count(kit.registry); o++) {
        const struct oct_op *op = oct_op_registry_at(kit.registry, o);
        for (int round = 0; round < 300; round++) {
            oct_value_id inputs[8];
            size_t most = op->max_inputs < 8 ? op->max_inputs : 8;
            size_t n = (size_t)oct_rng_between(&rng, (int64_t)op->min_inputs, (int64_t)most);
            for (size_t i = 0; i < n; i++) {
                inputs[i] = values[oct_rng_between(&rng, 0, (int64_t)n_values - 1)];
            }
            struct oct_attribute_given given[OCT_OP_MAX_ATTRIBUTES];
            size_t n_given = 0;
            static const int64_t PAIRS[][2] = {{1, 1}, {2, 3}, {0, 1}, {-1, 2}, {1 << 30, 7}};
            for (size_t a = 0; op->attributes[a].name; a++) {
                const char *name = op->attributes[a].name;
                if (!op->attributes[a].required && oct_rng_between(&rng, 0, 2) == 0) {
                    continue;
                }
                switch (op->attributes[a].type) {
                case OCT_ATTRIBUTE_INTS:
                    given[n_given++] = kit_ints(name, PAIRS[oct_rng_between(&rng, 0, 4)], 2);
                    break;
                case OCT_ATTRIBUTE_STRING:
                    given[n_given++] = kit_string(name, oct_rng_between(&rng, 0, 1) ? "quint8" : "qint8");
                    break;
                case OCT_ATTRIBUTE_FLOAT:
                    given[n_given++] = kit_number(name, oct_rng_float(&rng, 0.01f, 2.0f));
                    break;
                case OCT_ATTRIBUTE_BOOL:
                case OCT_ATTRIBUTE_INT:
                    given[n_given++] = kit_int(name, oct_rng_between(&rng, -2, 3));
                    if (op->attributes[a].type == OCT_ATTRIBUTE_BOOL) {
                        given[n_given - 1].value.type = OCT_ATTRIBUTE_BOOL;
                    }
                    break;
                }
            }
            char name[48];
            snprintf(name, sizeof name, "n%zu_%d", o, round);
            const char *names[OCT_OP_MAX_OUTPUTS] = {name};
            struct oct_error error = OCT_ERROR_INIT;
            enum oct_status status = oct_graph_add_node(kit.graph, NULL, op->name, inputs, n, given, n_given, names,
                                                        op->n_outputs, NULL, &error);
            ck_assert_int_eq((int)status, (int)error.status);
            ck_assert_msg(status == OCT_OK || status == OCT_ERR_INVALID || status == OCT_ERR_UNSUPPORTED ||
                              status == OCT_ERR_LIMIT,
                          "%s: %s: %s", op->name, oct_status_name(status), error.message);
            tried++;
        }
    }
    ck_assert_uint_ge(tried, 300 * 30);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *nodes = oct_case(suite, "nodes");
    tcase_add_test(nodes, bad_nodes_are_refused_by_name_and_leave_the_graph_alone);
    tcase_add_test(nodes, a_cycle_cannot_be_written_down);
    tcase_add_test(nodes, shapes_that_do_not_fit_are_refused);
    tcase_add_test(nodes, absent_and_strange_inputs_never_crash_an_operator);
}

OCT_CHECK_MAIN("engine/graph/node", add)
