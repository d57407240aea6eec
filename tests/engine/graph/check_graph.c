#include "tests/engine/graph/graph_kit.h"

#include "tests/support/chaos.h"

static enum oct_status
add_input(struct kit *kit, const char *name, struct oct_tensor_desc desc, struct oct_error *error)
{
    oct_value_id id;
    *error = (struct oct_error)OCT_ERROR_INIT;
    return oct_graph_add_input(kit->graph, name, &desc, &id, error);
}

START_TEST(names_are_bounded_unique_and_printable)
{
    struct kit kit = kit_open();
    struct oct_error error;
    struct oct_tensor_desc desc = kit_float(KIT_SHAPE(KIT_N, 4));
    char long_name[OCT_GRAPH_MAX_NAME_BYTES + 2];
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "", desc, &error));
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, NULL, desc, &error));
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, long_name, desc, &error));
    ck_assert_error_says(&error, "longer than 256");
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "a\nb", desc, &error));
    ck_assert_error_says(&error, "control character at byte 1");
    long_name[OCT_GRAPH_MAX_NAME_BYTES] = '\0';
    ck_assert_status_ok(add_input(&kit, long_name, desc, &error));
    ck_assert_status_ok(add_input(&kit, "x", desc, &error));
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", desc, &error));
    ck_assert_error_says(&error, "'x' is taken");
    ck_assert_uint_eq(oct_graph_value_count(kit.graph), 2);
    kit_close(&kit);
}
END_TEST

START_TEST(shapes_out_of_bounds_are_refused)
{
    struct kit kit = kit_open();
    struct oct_error error;
    struct oct_shape rank9 = KIT_SHAPE(KIT_N, 1, 1, 1, 1, 1, 1, 1);
    rank9.rank = 9;
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_float(rank9), &error));
    ck_assert_error_says(&error, "expected 0..8");
    rank9.rank = -1;
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_float(rank9), &error));
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 0)), &error));
    ck_assert_error_says(&error, "dimension 1 is 0");
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_float(KIT_SHAPE(4, KIT_N)), &error));
    ck_assert_error_says(&error, "dimension 0");
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_float(KIT_SHAPE(-2, 3)), &error));
    ck_assert_status(OCT_ERR_LIMIT, add_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, INT64_MAX)), &error));
    ck_assert_status(OCT_ERR_LIMIT, add_input(&kit, "x", kit_float(KIT_SHAPE(INT64_MIN, 1)), &error));
    ck_assert_status(OCT_ERR_LIMIT, add_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 1 << 21, 1 << 20)), &error));
    ck_assert_status(OCT_ERR_LIMIT,
                     add_input(&kit, "x", kit_float(KIT_SHAPE((int64_t)1 << 33, (int64_t)1 << 33)), &error));
    struct oct_tensor_desc channels_last = kit_float(KIT_SHAPE(KIT_N, 3, 2, 2));
    channels_last.format = OCT_FORMAT_CHANNELS_LAST;
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", channels_last, &error));
    struct oct_tensor_desc strange = kit_float(KIT_SHAPE(KIT_N));
    strange.dtype = OCT_DTYPE_COUNT;
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", strange, &error));
    ck_assert_uint_eq(oct_graph_value_count(kit.graph), 0);
    kit_close(&kit);
}
END_TEST

START_TEST(quantization_parameters_are_checked)
{
    struct kit kit = kit_open();
    struct oct_error error;
    struct oct_shape shape = KIT_SHAPE(KIT_N, 4);
    static const double BAD_SCALES[] = {0.0, -0.1, NAN, INFINITY, 1e39, 1e-46, 1e-39};
    for (size_t i = 0; i < sizeof BAD_SCALES / sizeof BAD_SCALES[0]; i++) {
        ck_assert_status(OCT_ERR_INVALID,
                         add_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, shape, BAD_SCALES[i], 0), &error));
        ck_assert_error_says(&error, "scale");
    }
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, shape, 1, -1), &error));
    ck_assert_error_says(&error, "expected 0..255 for quint8");
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, shape, 1, 128), &error));
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", kit_quantized(OCT_DTYPE_FLOAT32, shape, 1, 0), &error));
    struct oct_tensor_desc bare = {.dtype = OCT_DTYPE_QUINT8, .shape = shape};
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "x", bare, &error));
    ck_assert_error_says(&error, "needs a scale");

    double scales[3] = {1, 0.5, 0};
    int64_t zero_points[3] = {0, 0, 0};
    struct oct_tensor_desc weight = {.dtype = OCT_DTYPE_QINT8,
                                     .shape = KIT_SHAPE(3, 2),
                                     .qparams = {.scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE,
                                                 .axis = 0,
                                                 .channels = 3,
                                                 .scales = scales,
                                                 .zero_points = zero_points}};
    oct_value_id id;
    char bytes[6] = {0};
    error = (struct oct_error)OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "w", &weight, bytes, 6, &id, &error));
    ck_assert_error_says(&error, "channel 2");
    scales[2] = 0.25;
    weight.qparams.channels = 2;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "w", &weight, bytes, 6, &id, NULL));
    weight.qparams.channels = 3;
    weight.qparams.axis = 2;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "w", &weight, bytes, 6, &id, NULL));
    weight.qparams.axis = 0;
    ck_assert_status_ok(oct_graph_add_constant(kit.graph, "w", &weight, bytes, 6, &id, NULL));
    scales[0] = 77; // copied, not borrowed
    ck_assert_double_eq(oct_graph_value(kit.graph, id).desc.qparams.scales[0], 1);
    kit_close(&kit);
}
END_TEST

START_TEST(constants_must_be_filled_exactly)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_tensor_desc desc = kit_float(KIT_SHAPE(2, 2));
    unsigned char bytes[17] = {0};
    oct_value_id id;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "c", &desc, bytes, 15, &id, &error));
    ck_assert_error_says(&error, "expected 16");
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "c", &desc, bytes, 17, &id, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "c", &desc, NULL, 16, &id, NULL));
    struct oct_tensor_desc batched = kit_float(KIT_SHAPE(KIT_N, 4));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "c", &batched, bytes, 16, &id, NULL));
    struct oct_tensor_desc flags = {.dtype = OCT_DTYPE_BOOL, .shape = KIT_SHAPE(2)};
    bytes[1] = 2;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_constant(kit.graph, "c", &flags, bytes, 2, &id, NULL));
    ck_assert_status_ok(oct_graph_add_constant(kit.graph, "c", &desc, bytes + 1, 16, &id, NULL)); // unaligned source
    ck_assert_uint_eq((uintptr_t)oct_graph_value(kit.graph, id).data % OCT_ALIGN, 0);
    ck_assert_int_eq(memcmp(oct_graph_value(kit.graph, id).data, bytes + 1, 16), 0);
    kit_close(&kit);
}
END_TEST

// Bytes in memory as a source, which counts how often it is asked and may fail.
struct memory {
    unsigned char bytes[40000];
    int reads;
    bool fails;
};

static enum oct_status read_memory(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    struct memory *memory = context;
    memory->reads++;
    if (memory->fails) {
        return oct_error_set(error, OCT_ERR_IO, NULL, OCT_POSITION_NONE, "gone");
    }
    memcpy(bytes, memory->bytes + offset, n_bytes);
    return OCT_OK;
}

static struct memory memory;
static const struct oct_constant_source source = {&memory, read_memory};

START_TEST(small_constants_of_a_source_are_read_at_once)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_tensor_desc desc = kit_float(KIT_SHAPE(2, 2)), flags = {.dtype = OCT_DTYPE_BOOL, .shape = KIT_SHAPE(3)};
    memory = (struct memory){.bytes = {[8] = 1, [9] = 2, [23] = 3}};
    oct_value_id id;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_defer_constant(kit.graph, "c", &desc, &source, 8, 15, &id, &error));
    ck_assert_error_says(&error, "constant 'c'");
    ck_assert_int_eq(memory.reads, 0);
    ck_assert_status_ok(oct_graph_defer_constant(kit.graph, "c", &desc, &source, 8, 16, &id, NULL));
    ck_assert_int_eq(memory.reads, 1);
    ck_assert_int_eq(memcmp(oct_graph_value(kit.graph, id).data, memory.bytes + 8, 16), 0);
    ck_assert_status(OCT_ERR_INVALID, oct_graph_defer_constant(kit.graph, "f", &flags, &source, 8, 3, &id, NULL));
    memory.fails = true;
    error = (struct oct_error)OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_IO, oct_graph_defer_constant(kit.graph, "d", &desc, &source, 8, 16, &id, &error));
    ck_assert_error_says(&error, "gone");
    memory.fails = false;
    ck_assert_status_ok(oct_graph_defer_constant(kit.graph, "d", &desc, &source, 8, 16, &id, NULL));
    kit_close(&kit);
}
END_TEST

START_TEST(large_weights_wait_until_somebody_else_reads_them)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_tensor_desc desc = kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(200, 200), 0.1, 0);
    struct oct_attribute_given linear[] = {kit_number("Y_scale_i", 0.06), kit_int("Y_zero_point_i", 120)};
    memory = (struct memory){.bytes = {1, 2, 3}};
    oct_value_id w;
    ck_assert_status_ok(oct_graph_defer_constant(kit.graph, "w", &desc, &source, 0, 40000, &w, NULL));
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 200), 0.1, 0));
    kit_node_of(&kit, "y", "quantized::linear", KIT_INPUTS(x, w), linear, 2);
    ck_assert_int_eq(memory.reads, 0);
    ck_assert_ptr_null(oct_graph_value(kit.graph, w).data);
    memory.fails = true;
    const char *name = "real";
    oct_value_id real;
    ck_assert_status(OCT_ERR_IO,
                     oct_graph_add_node(kit.graph, name, "aten::dequantize", &w, 1, NULL, 0, &name, 1, &real, &error));
    ck_assert_error_says(&error, "constant 'w'");
    memory.fails = false;
    kit_dequantize(&kit, name, w);
    ck_assert_int_eq(memory.reads, 2);
    ck_assert_int_eq(memcmp(oct_graph_value(kit.graph, w).data, memory.bytes, 40000), 0);
    kit_close(&kit);
}
END_TEST

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

START_TEST(a_graph_needs_inputs_outputs_and_then_is_closed)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INVALID, oct_graph_finish(kit.graph, &error));
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_finish(kit.graph, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_output(kit.graph, "y", 17, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_output(kit.graph, "", x, NULL));
    kit_output(&kit, "y", x);
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_output(kit.graph, "y", x, NULL));
    kit_output(&kit, "again", x);
    struct oct_plan *plan = NULL;
    ck_assert_status(OCT_ERR_INVALID, oct_plan_create(kit.graph, NULL, &plan, NULL)); // not finished
    kit_finish(&kit);
    ck_assert_status(OCT_ERR_INVALID, add_input(&kit, "late", kit_float(KIT_SHAPE(KIT_N)), &error));
    ck_assert_error_says(&error, "finished");
    ck_assert_status(OCT_ERR_INVALID, oct_graph_add_output(kit.graph, "late", x, NULL));
    ck_assert_status(OCT_ERR_INVALID, try_node(&kit, "aten::relu", &x, 1, KIT_NO_ATTRIBUTES, &error));
    ck_assert_status(OCT_ERR_INVALID, oct_graph_finish(kit.graph, NULL));
    ck_assert_uint_eq(oct_graph_output_count(kit.graph), 2);
    ck_assert_str_eq(oct_graph_output_name(kit.graph, 1), "again");
    kit_close(&kit);
}
END_TEST

START_TEST(inputs_and_outputs_are_bounded)
{
    struct kit kit = kit_open();
    struct oct_error error;
    for (int i = 0; i < OCT_GRAPH_MAX_INPUTS; i++) {
        char name[16];
        snprintf(name, sizeof name, "i%d", i);
        oct_value_id id = kit_input(&kit, name, kit_float(KIT_SHAPE(KIT_N)));
        kit_output(&kit, name, id);
    }
    ck_assert_status(OCT_ERR_LIMIT, add_input(&kit, "more", kit_float(KIT_SHAPE(KIT_N)), &error));
    ck_assert_status(OCT_ERR_LIMIT, oct_graph_add_output(kit.graph, "more", 0, NULL));
    kit_close(&kit);
}
END_TEST

START_TEST(nodes_are_bounded)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N)));
    for (int i = 0; i < OCT_GRAPH_MAX_NODES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        x = kit_unary(&kit, name, "aten::relu", x);
    }
    ck_assert_status(OCT_ERR_LIMIT, try_node(&kit, "aten::relu", &x, 1, KIT_NO_ATTRIBUTES, &error));
    kit_output(&kit, "y", x);
    kit_finish(&kit);
    struct oct_plan *plan = NULL; // a chain this long is still compiled and run
    ck_assert_ok(oct_plan_create(kit.graph, NULL, &plan, &error), &error);
    ck_assert_uint_eq(oct_plan_step_count(plan), OCT_GRAPH_MAX_NODES);
    ck_assert_uint_le(oct_plan_arena_bytes(plan, 32), 1024); // in place all along
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_fixed_batch_is_concrete_and_says_why)
{
    struct kit kit = kit_open();
    oct_graph_fix_batch(kit.graph, 1, "the batch is fixed at 1: node 'x' mixes something");
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    oct_value_id y = kit_node_of(&kit, "y", "aten::reshape", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("shape", 2, 2)));
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_shape expected = KIT_SHAPE(1, 4);
    struct oct_tensor_desc desc = oct_graph_value(kit.graph, x).desc;
    ck_assert(oct_shape_equal(&desc.shape, &expected));
    const char *reason;
    ck_assert(!oct_graph_rows_independent(kit.graph, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "mixes something"));
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    ck_assert_int_eq(oct_plan_max_rows(plan), 1);
    ck_assert(!oct_plan_input(plan, 0)->batched);
    ck_assert(!oct_plan_rows_independent(plan, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "mixes something"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static enum oct_status
build_some(const struct oct_allocator *allocator, const struct oct_op_registry *registry, struct oct_graph **graph)
{
    oct_value_id x, w, y;
    double scales[2] = {0.1, 0.2};
    int64_t zero_points[2] = {0, 0};
    struct oct_tensor_desc input = kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 4), 0.1, 10);
    struct oct_tensor_desc weight = {
        .dtype = OCT_DTYPE_QINT8,
        .shape = KIT_SHAPE(2, 4),
        .qparams = {
            .scheme = OCT_QSCHEME_PER_CHANNEL_AFFINE, .channels = 2, .scales = scales, .zero_points = zero_points}};
    char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const char *name = "y";
    struct oct_attribute_given given[] = {kit_number("Y_scale_i", 0.3), kit_int("Y_zero_point_i", 4)};
    enum oct_status status = oct_graph_create(allocator, registry, graph, NULL);
    if (status != OCT_OK) {
        *graph = NULL;
        return status;
    }
    if ((status = oct_graph_add_input(*graph, "x", &input, &x, NULL)) != OCT_OK ||
        (status = oct_graph_add_constant(*graph, "w", &weight, bytes, sizeof bytes, &w, NULL)) != OCT_OK ||
        (status = oct_graph_add_node(*graph, "n", "quantized::linear", (const oct_value_id[]){x, w}, 2, given, 2, &name,
                                     1, &y, NULL)) != OCT_OK ||
        (status = oct_graph_add_output(*graph, "y", y, NULL)) != OCT_OK) {
        return status;
    }
    return oct_graph_finish(*graph, NULL);
}

START_TEST(building_survives_failure_of_any_allocation)
{
    struct kit kit = kit_open();
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct oct_graph *graph = NULL;
        enum oct_status status = build_some(&chaos.allocator, kit.registry, &graph);
        ck_assert_status(chaos.failed ? OCT_ERR_NOMEM : OCT_OK, status);
        oct_graph_destroy(graph);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_uint_ge(n, 5);
            break;
        }
    }
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *values = oct_case(suite, "values");
    tcase_add_test(values, names_are_bounded_unique_and_printable);
    tcase_add_test(values, shapes_out_of_bounds_are_refused);
    tcase_add_test(values, quantization_parameters_are_checked);
    tcase_add_test(values, constants_must_be_filled_exactly);
    tcase_add_test(values, small_constants_of_a_source_are_read_at_once);
    tcase_add_test(values, large_weights_wait_until_somebody_else_reads_them);
    TCase *whole = oct_case(suite, "whole graphs");
    tcase_add_test(whole, a_graph_needs_inputs_outputs_and_then_is_closed);
    tcase_add_test(whole, inputs_and_outputs_are_bounded);
    tcase_add_test(whole, nodes_are_bounded);
    tcase_add_test(whole, a_fixed_batch_is_concrete_and_says_why);
    tcase_add_test(whole, building_survives_failure_of_any_allocation);
}

OCT_CHECK_MAIN("engine/graph/graph", add)
