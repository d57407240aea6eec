#include "tests/engine/graph/graph_kit.h"

static struct oct_slot_info slot_of(const struct oct_plan *plan, const char *name, int64_t rows)
{
    oct_value_id id = oct_graph_find(oct_plan_graph(plan), name);
    ck_assert_uint_ne(id, OCT_VALUE_NONE);
    return oct_plan_slot(plan, id, rows);
}

static bool share(const struct oct_plan *plan, const char *a, const char *b)
{
    return slot_of(plan, a, 3).offset_bytes == slot_of(plan, b, 3).offset_bytes;
}

START_TEST(a_dying_input_is_written_over)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 50)));
    oct_value_id a = kit_unary(&kit, "a", "aten::sigmoid", x);
    oct_value_id b = kit_unary(&kit, "b", "aten::relu", a);
    kit_output(&kit, "y", b);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(share(plan, "x", "a"));
    ck_assert(share(plan, "a", "b"));
    ck_assert_uint_eq(oct_plan_arena_bytes(plan, 1), 256 + 64);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(an_input_read_later_is_not_written_over)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 50)));
    oct_value_id a = kit_unary(&kit, "a", "aten::sigmoid", x);
    kit_output(&kit, "y", kit_node_of(&kit, "b", "aten::add", KIT_INPUTS(a, x), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!share(plan, "x", "a"));
    ck_assert(share(plan, "a", "b"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_value_that_a_view_still_shows_is_not_written_over)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3)));
    oct_value_id v = kit_node_of(&kit, "v", "aten::flatten", KIT_INPUTS(x), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    oct_value_id a = kit_unary(&kit, "a", "aten::sigmoid", x); // last reader of x, but v has its bytes
    kit_output(&kit, "v", kit_unary(&kit, "w", "aten::relu", v));
    kit_output(&kit, "a", a);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(share(plan, "x", "v"));
    ck_assert(!share(plan, "x", "a"));
    ck_assert(share(plan, "v", "w"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(an_output_is_not_written_over)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6)));
    oct_value_id a = kit_unary(&kit, "a", "aten::sigmoid", x);
    kit_output(&kit, "x", x);
    kit_output(&kit, "a", a);
    kit_output(&kit, "b", kit_unary(&kit, "b", "aten::relu", a));
    kit_output(&kit, "a_again", a);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!share(plan, "x", "a") && !share(plan, "a", "b") && !share(plan, "x", "b"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_value_used_twice_by_one_node_is_not_written_over)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4, 4)));
    oct_value_id v =
        kit_node_of(&kit, "v", "aten::reshape", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("shape", -1, 1, 16)));
    oct_value_id y = kit_node_of(&kit, "y", "aten::add", KIT_INPUTS(x, x), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", y);
    kit_output(&kit, "z", kit_node_of(&kit, "z", "aten::add", KIT_INPUTS(v, v), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!share(plan, "x", "y"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

// y[i] = a[i] + b[last - i], in place over a: right only where b has bytes of its own.
static enum oct_status mirror_infer(struct oct_op_infer_call *call)
{
    call->outputs[0] = *call->inputs[0];
    return OCT_OK;
}
static void mirror_reference(const struct oct_op_run_call *call)
{
    const float *a = call->inputs[0].data, *b = call->inputs[1].data;
    float *y = call->outputs[0].data;
    int64_t n;
    if (oct_shape_elements(&call->outputs[0].desc.shape, 1, &n) == OCT_OK) {
        for (int64_t i = 0; i < n; i++) {
            y[i] = a[i] + b[n - 1 - i];
        }
    }
}
static const char *const COVERS[] = {NULL};
static const char *const NAMES[] = {"a", "b", NULL};
static const struct oct_attribute_spec NO_ATTRIBUTES[] = {{.name = NULL}};
static const struct oct_op MIRROR = {.name = "test::mirror_add",
                                     .covers = COVERS,
                                     .doc = "adds a tensor read backwards",
                                     .input_names = NAMES,
                                     .min_inputs = 2,
                                     .max_inputs = 2,
                                     .n_outputs = 1,
                                     .dtypes = "float32",
                                     .flags = OCT_OP_IN_PLACE,
                                     .attributes = NO_ATTRIBUTES,
                                     .infer = mirror_infer,
                                     .reference = mirror_reference};

START_TEST(another_input_over_the_same_bytes_forbids_writing_over)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_op_registry_add(kit.registry, &MIRROR, &error), &error);
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 12)));
    oct_value_id z = kit_input(&kit, "z", kit_float(KIT_SHAPE(KIT_N, 12)));
    oct_value_id y = kit_node_of(&kit, "y", "test::mirror_add", KIT_INPUTS(x, x), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", y);
    kit_output(&kit, "w", kit_node_of(&kit, "w", "test::mirror_add", KIT_INPUTS(z, y), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!share(plan, "x", "y"));
    ck_assert(share(plan, "z", "w"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_broadcast_result_does_not_fit_its_input)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 1)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(7)));
    kit_output(&kit, "y", kit_node_of(&kit, "y", "aten::add", KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES));
    kit_output(&kit, "z", kit_node_of(&kit, "z", "aten::mul", KIT_INPUTS(c, x), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!share(plan, "x", "y"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(constants_are_never_written)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 6)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(2, 3)));
    oct_value_id v = kit_node_of(&kit, "v", "aten::reshape", KIT_INPUTS(c), KIT_ATTRIBUTES(KIT_INTS("shape", 6)));
    oct_value_id r = kit_unary(&kit, "r", "aten::relu", v);
    kit_output(&kit, "y", kit_node_of(&kit, "y", "aten::add", KIT_INPUTS(x, r), KIT_NO_ATTRIBUTES));
    kit_output(&kit, "v", v);
    kit_output(&kit, "c", c);
    kit_finish(&kit);
    oct_plan_release(kit_compare(&kit, 0)); // runs every plan several times
    kit_close(&kit);
}
END_TEST

START_TEST(random_elementwise_graphs_equal_their_reference)
{
    // Views, in-place operators and diamonds in random order: what shares storage wrongly gives a wrong answer.
    struct kit kit = kit_open();
    kit.rng.state = (uint64_t)_i + 1;
    static const char *const UNARY[] = {"aten::relu", "aten::sigmoid", "aten::hardswish"};
    static const int64_t SHAPES[][3] = {{-1, 2, 6}, {-1, 12, 1}, {-1, 4, 3}};
    oct_value_id values[64];
    size_t n = 0;
    values[n++] = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4, 3)));
    values[n++] = kit_input(&kit, "z", kit_float(KIT_SHAPE(KIT_N, 4, 3)));
    while (n < 40) {
        char name[16];
        snprintf(name, sizeof name, "v%zu", n);
        oct_value_id a = values[oct_rng_between(&kit.rng, n > 6 ? (int64_t)n - 6 : 0, (int64_t)n - 1)];
        oct_value_id b = values[oct_rng_between(&kit.rng, 0, (int64_t)n - 1)];
        struct oct_tensor_desc da = oct_graph_value(kit.graph, a).desc, db = oct_graph_value(kit.graph, b).desc;
        int64_t kind = oct_rng_between(&kit.rng, 0, 2);
        if (kind == 0) {
            values[n++] = kit_unary(&kit, name, UNARY[oct_rng_between(&kit.rng, 0, 2)], a);
        } else if (kind == 1) {
            const int64_t *shape = SHAPES[oct_rng_between(&kit.rng, 0, 2)];
            struct oct_attribute_given given = kit_ints("shape", shape, 3);
            values[n++] = kit_node_of(&kit, name, "aten::reshape", &a, 1, &given, 1);
        } else if (oct_shape_equal(&da.shape, &db.shape)) {
            const char *op = oct_rng_between(&kit.rng, 0, 1) ? "aten::add" : "aten::mul";
            values[n++] = kit_node_of(&kit, name, op, KIT_INPUTS(a, b), KIT_NO_ATTRIBUTES);
        }
    }
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "out%d", i);
        kit_output(&kit, name, values[oct_rng_between(&kit.rng, 0, (int64_t)n - 1)]);
    }
    kit_output(&kit, "last", values[n - 1]);
    kit_finish(&kit);
    oct_plan_release(kit_compare(&kit, 0));
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *storage = oct_case(suite, "storage");
    tcase_add_test(storage, a_dying_input_is_written_over);
    tcase_add_test(storage, an_input_read_later_is_not_written_over);
    tcase_add_test(storage, a_value_that_a_view_still_shows_is_not_written_over);
    tcase_add_test(storage, an_output_is_not_written_over);
    tcase_add_test(storage, a_value_used_twice_by_one_node_is_not_written_over);
    tcase_add_test(storage, another_input_over_the_same_bytes_forbids_writing_over);
    tcase_add_test(storage, a_broadcast_result_does_not_fit_its_input);
    tcase_add_test(storage, constants_are_never_written);
    tcase_add_loop_test(storage, random_elementwise_graphs_equal_their_reference, 0, 100);
}

OCT_CHECK_MAIN("engine/runtime/plan_storage", add)
