#include "tests/engine/graph/graph_kit.h"

// y = x * c[0], with c packed into the state: the plan need not keep c.
static enum oct_status scale_infer(struct oct_op_infer_call *call)
{
    call->outputs[0] = *call->inputs[0];
    return OCT_OK;
}
static void scale_by(const struct oct_op_run_call *call, float factor)
{
    const float *x = call->inputs[0].data;
    float *y = call->outputs[0].data;
    int64_t n;
    if (oct_shape_elements(&call->outputs[0].desc.shape, 1, &n) == OCT_OK) {
        for (int64_t i = 0; i < n; i++) {
            y[i] = x[i] * factor;
        }
    }
}
static void scale_reference(const struct oct_op_run_call *call)
{
    scale_by(call, *(const float *)call->inputs[1].data);
}
struct scale_state {
    float factor;
};
/// With scratch that depends on the batch, filled to its end to show that it is there.
static void scale_run(const struct oct_op_run_call *call)
{
    const struct scale_state *state = call->state;
    memset(call->scratch, 0xAA, 100 + 8 * (size_t)call->outputs[0].desc.shape.dims[0]);
    scale_by(call, state->factor);
}
static enum oct_status scale_prepare(struct oct_op_prepare_call *call)
{
    struct scale_state *state = oct_op_prepare_alloc(call, sizeof *state);
    if (!state) {
        return OCT_ERR_NOMEM;
    }
    state->factor = *(const float *)call->constants[1]->data;
    call->state = state;
    call->run = scale_run;
    call->kernel = "scale";
    call->scratch_bytes = 100;
    call->scratch_row_bytes = 8;
    call->constants_packed = true;
    return OCT_OK;
}
static enum oct_status greedy_prepare(struct oct_op_prepare_call *call)
{
    call->scratch_row_bytes = SIZE_MAX / 2;
    return OCT_OK;
}
static enum oct_status refusing_prepare(struct oct_op_prepare_call *call)
{
    return oct_error_set(call->error, OCT_ERR_UNSUPPORTED, NULL, OCT_POSITION_NONE, "this machine cannot");
}

static const char *const COVERS[] = {NULL};
static const char *const NAMES[] = {"x", "factor", NULL};
static const struct oct_attribute_spec NO_ATTRIBUTES[] = {{.name = NULL}};
#define SCALE_OP(op_name, op_prepare)                                                                                  \
    {                                                                                                                  \
        .name = (op_name), .covers = COVERS, .doc = "scales by a constant", .input_names = NAMES, .min_inputs = 2,     \
        .max_inputs = 2, .n_outputs = 1, .dtypes = "float32", .attributes = NO_ATTRIBUTES, .infer = scale_infer,       \
        .reference = scale_reference, .prepare = (op_prepare)                                                          \
    }
static const struct oct_op OPS[] = {SCALE_OP("test::packed", scale_prepare), SCALE_OP("test::plain", NULL),
                                    SCALE_OP("test::greedy", greedy_prepare),
                                    SCALE_OP("test::refusing", refusing_prepare)};

static struct kit open_kit(void)
{
    struct kit kit = kit_open();
    struct oct_error error = OCT_ERROR_INIT;
    for (size_t i = 0; i < sizeof OPS / sizeof OPS[0]; i++) {
        ck_assert_ok(oct_op_registry_add(kit.registry, &OPS[i], &error), &error);
    }
    return kit;
}

static size_t constants_held(const struct oct_plan *plan)
{
    size_t held = 0;
    const struct oct_graph *graph = oct_plan_graph(plan);
    for (size_t v = 0; v < oct_graph_value_count(graph); v++) {
        struct oct_value_info value = oct_graph_value(graph, (oct_value_id)v);
        held += value.kind == OCT_VALUE_CONSTANT && value.data != NULL;
    }
    return held;
}

START_TEST(a_constant_that_all_its_readers_packed_is_dropped)
{
    struct kit kit = open_kit();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 7)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(3)));
    oct_value_id y = kit_node_of(&kit, "a", "test::packed", KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES);
    kit_output(&kit, "y", kit_node_of(&kit, "b", "test::packed", KIT_INPUTS(y, c), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(constants_held(plan), 0);
    ck_assert_str_eq(oct_plan_step(plan, 0).kernel, "scale");
    ck_assert_uint_eq(oct_plan_step(plan, 0).state_bytes, sizeof(struct scale_state));
    ck_assert_uint_eq(oct_plan_step(plan, 0).scratch_bytes, 100 + 8 * 8);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_constant_that_one_reader_needs_is_kept)
{
    for (int order = 0; order < 2; order++) {
        struct kit kit = open_kit();
        oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 7)));
        oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(3)));
        const char *first = order ? "test::plain" : "test::packed", *second = order ? "test::packed" : "test::plain";
        oct_value_id y = kit_node_of(&kit, "a", first, KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES);
        kit_output(&kit, "y", kit_node_of(&kit, "b", second, KIT_INPUTS(y, c), KIT_NO_ATTRIBUTES));
        kit_finish(&kit);
        struct oct_plan *plan = kit_compare(&kit, 0);
        ck_assert_uint_eq(constants_held(plan), 1);
        oct_plan_release(plan);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(a_constant_shown_as_an_output_is_kept)
{
    struct kit kit = open_kit();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 7)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(3)));
    kit_output(&kit, "y", kit_node_of(&kit, "a", "test::packed", KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES));
    kit_output(&kit, "c", c);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_uint_eq(constants_held(plan), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static struct oct_error failing_plan(const char *op, enum oct_status expected)
{
    struct kit kit = open_kit();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 7)));
    oct_value_id c = kit_constant(&kit, kit_float(KIT_SHAPE(3)));
    kit_output(&kit, "y", kit_node_of(&kit, "step", op, KIT_INPUTS(x, c), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_plan *plan = NULL;
    ck_assert_status(expected, oct_plan_create(kit.graph, NULL, &plan, &error));
    kit_close(&kit);
    return error;
}

START_TEST(an_operator_that_cannot_be_prepared_is_named)
{
    struct oct_error error = failing_plan("test::refusing", OCT_ERR_UNSUPPORTED);
    ck_assert_error_says(&error, "node 'step' (test::refusing)");
    ck_assert_error_says(&error, "this machine cannot");
}
END_TEST

START_TEST(scratch_beyond_the_address_space_is_a_limit)
{
    struct oct_error error = failing_plan("test::greedy", OCT_ERR_LIMIT);
    ck_assert_error_says(&error, "arena");
}
END_TEST

START_TEST(convolutions_of_one_geometry_share_their_tables)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 16, 20, 20), 0.05, 7));
    static const int64_t PADDING[] = {1, 1, 2};
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "conv%d", i);
        oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(16, 16, 3, 3), 0.02, 0));
        x = kit_node_of(&kit, name, "quantized::conv2d", KIT_INPUTS(x, w),
                        KIT_ATTRIBUTES(KIT_INTS("padding", PADDING[i], PADDING[i]), kit_number("output_scale", 0.05),
                                       kit_int("output_zero_point", 7)));
    }
    kit_output(&kit, "y", x);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    size_t first = 0;
    while (strcmp(oct_graph_node(oct_plan_graph(plan), first).name, "conv0") != 0) {
        first++;
    }
    const uint64_t table = 9 * 20 * 20 * sizeof(int32_t), weights = 16 * 16 * 9;
    ck_assert_uint_ge(oct_plan_step(plan, first).state_bytes, table + weights);
    ck_assert_uint_lt(oct_plan_step(plan, first + 1).state_bytes, table);
    ck_assert_uint_ge(oct_plan_step(plan, first + 2).state_bytes, table + weights);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(windows_mostly_in_the_padding_have_small_tables)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 8, 33, 33), 0.05, 7));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(8, 8, 5, 5), 0.02, 0));
    x = kit_node_of(&kit, "conv", "quantized::conv2d", KIT_INPUTS(x, w),
                    KIT_ATTRIBUTES(KIT_INTS("padding", 64, 64), KIT_INTS("dilation", 32, 32),
                                   kit_number("output_scale", 0.05), kit_int("output_zero_point", 7)));
    kit_output(&kit, "y", x);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    uint64_t most = 0;
    for (size_t n = 0; n < oct_plan_step_count(plan); n++) {
        most = oct_plan_step(plan, n).state_bytes > most ? oct_plan_step(plan, n).state_bytes : most;
    }
    const uint64_t table = 25 * 33 * 33 * sizeof(int32_t); // a twentieth of which lies in the image
    ck_assert_uint_gt(most, 0);
    ck_assert_uint_lt(most, table / 4);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

#define WAITING_BYTES 300000

static struct {
    int8_t bytes[WAITING_BYTES];
    size_t reads, most; // most: the largest, in BYTES
    size_t fails_at;    // which read fails; 0: none
} waiting;

static enum oct_status
read_waiting(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    (void)context;
    waiting.most = n_bytes > waiting.most ? n_bytes : waiting.most;
    if (++waiting.reads == waiting.fails_at) {
        return oct_error_set(error, OCT_ERR_IO, NULL, OCT_POSITION_NONE, "gone");
    }
    memcpy(bytes, waiting.bytes + offset, n_bytes);
    return OCT_OK;
}

// A weight of `shape` that waits in a source.
static oct_value_id wait_for(struct kit *kit, struct oct_shape shape)
{
    static const struct oct_constant_source source = {NULL, read_waiting};
    struct oct_tensor_desc desc = kit_quantized(OCT_DTYPE_QINT8, shape, 0.001, 0);
    struct oct_rng rng = {11};
    int64_t n;
    oct_value_id w;
    oct_rng_bytes(&rng, waiting.bytes, sizeof waiting.bytes);
    ck_assert_status_ok(oct_shape_elements(&shape, 1, &n));
    ck_assert_int_le(n, WAITING_BYTES);
    ck_assert_status_ok(oct_graph_defer_constant(kit->graph, "w", &desc, &source, 0, (size_t)n, &w, NULL));
    ck_assert_ptr_null(oct_graph_value(kit->graph, w).data);
    return w;
}

static void wait_for_linear(struct kit *kit)
{
    oct_value_id w = wait_for(kit, KIT_SHAPE(150, 1999)), x;
    x = kit_input(kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 1999), 0.05, 7));
    kit_output(kit, "y",
               kit_node_of(kit, "step", "quantized::linear", KIT_INPUTS(x, w),
                           KIT_ATTRIBUTES(kit_number("Y_scale_i", 0.05), kit_int("Y_zero_point_i", 7))));
    kit_finish(kit);
}

START_TEST(weights_that_wait_in_a_source_are_packed_in_pieces)
{
    static const struct {
        int64_t channels, groups;
    } convolutions[] = {{96, 1}, {128, 2}, {1024, 256}};
    struct kit kit = kit_open();
    wait_for_linear(&kit);
    struct oct_plan *plan = NULL;
    ck_assert_status_ok(oct_plan_create(kit.graph, NULL, &plan, NULL));
    ck_assert_uint_le(waiting.most, (size_t)64 * 1999); // a panel
    oct_plan_release(plan);
    kit_compare_everywhere(&kit);
    kit_close(&kit);
    for (size_t i = 0; i < sizeof convolutions / sizeof convolutions[0]; i++) {
        kit = kit_open();
        const int64_t channels = convolutions[i].channels, groups = convolutions[i].groups;
        oct_value_id w = wait_for(&kit, KIT_SHAPE(channels, channels / groups, 3, 3)), x;
        x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, channels, 5, 5), 0.05, 7));
        kit_output(&kit, "y",
                   kit_node_of(&kit, "step", "quantized::conv2d", KIT_INPUTS(x, w),
                               KIT_ATTRIBUTES(KIT_INTS("padding", 1, 1), kit_int("groups", groups),
                                              kit_number("output_scale", 0.05), kit_int("output_zero_point", 7))));
        kit_finish(&kit);
        kit_compare_everywhere(&kit);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(a_weight_that_cannot_be_read_is_named_with_its_node)
{
    struct kit kit = kit_open();
    wait_for_linear(&kit);
    for (size_t read = 1; read <= 3; read++) { // as many as there are panels
        struct oct_error error = OCT_ERROR_INIT;
        struct oct_plan *plan = NULL;
        waiting.reads = 0;
        waiting.fails_at = read;
        ck_assert_status(OCT_ERR_IO, oct_plan_create(kit.graph, NULL, &plan, &error));
        ck_assert_uint_eq(waiting.reads, read);
        ck_assert_error_says(&error, "node 'step' (quantized::linear)");
        ck_assert_error_says(&error, "constant 'w'");
        ck_assert_error_says(&error, "gone");
    }
    kit_close(&kit);
}
END_TEST

static enum oct_status read_ones(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    (void)context;
    (void)offset;
    (void)error;
    memset(bytes, 1, n_bytes);
    return OCT_OK;
}

START_TEST(many_short_columns_are_held_once)
{
    static const struct oct_constant_source ones = {NULL, read_ones};
    const struct oct_tensor_desc desc = kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(100000, 64), 0.001, 0);
    struct kit kit = kit_open();
    oct_value_id w, x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 64), 0.05, 7));
    ck_assert_status_ok(oct_graph_defer_constant(kit.graph, "w", &desc, &ones, 0, (size_t)100000 * 64, &w, NULL));
    kit_output(&kit, "y",
               kit_node_of(&kit, "step", "quantized::linear", KIT_INPUTS(x, w),
                           KIT_ATTRIBUTES(kit_number("Y_scale_i", 0.05), kit_int("Y_zero_point_i", 7))));
    kit_finish(&kit);
    struct oct_plan *plan = NULL;
    ck_assert_status_ok(oct_plan_create(kit.graph, NULL, &plan, NULL));
    // The weights, 28 bytes a column, and what is left of a huge page.
    ck_assert_uint_le(oct_plan_resident_bytes(plan), (uint64_t)100000 * (64 + 28) + ((uint64_t)3 << 20));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

// y = x, if the weight is there as a whole.
static void nothing(const struct oct_op_run_call *call)
{
    scale_by(call, 1);
}
static enum oct_status whole_prepare(struct oct_op_prepare_call *call)
{
    ck_assert_ptr_nonnull(call->constants[1]->data);
    ck_assert_int_eq(memcmp(call->constants[1]->data, waiting.bytes, WAITING_BYTES), 0);
    call->run = nothing;
    call->constants_packed = true;
    return OCT_OK;
}

START_TEST(an_operator_that_knows_no_pieces_gets_the_whole_weight)
{
    static const char *const NAMES_OF_INPUTS[] = {"x", "weight", NULL};
    static struct oct_op whole = SCALE_OP("test::whole", whole_prepare);
    whole.input_names = NAMES_OF_INPUTS;
    struct kit kit = kit_open();
    ck_assert_status_ok(oct_op_registry_add(kit.registry, &whole, NULL));
    oct_value_id w = wait_for(&kit, KIT_SHAPE(WAITING_BYTES));
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 7)));
    kit_output(&kit, "y", kit_node_of(&kit, "step", "test::whole", KIT_INPUTS(x, w), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_plan *plan = NULL;
    ck_assert_status_ok(oct_plan_create(kit.graph, NULL, &plan, NULL));
    ck_assert_uint_eq(constants_held(plan), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *constants = oct_case(suite, "constants");
    tcase_add_test(constants, a_constant_that_all_its_readers_packed_is_dropped);
    tcase_add_test(constants, a_constant_that_one_reader_needs_is_kept);
    tcase_add_test(constants, a_constant_shown_as_an_output_is_kept);
    tcase_add_test(constants, weights_that_wait_in_a_source_are_packed_in_pieces);
    tcase_add_test(constants, a_weight_that_cannot_be_read_is_named_with_its_node);
    tcase_add_test(constants, many_short_columns_are_held_once);
    tcase_add_test(constants, an_operator_that_knows_no_pieces_gets_the_whole_weight);
    TCase *failures = oct_case(suite, "failures");
    tcase_add_test(failures, an_operator_that_cannot_be_prepared_is_named);
    tcase_add_test(failures, scratch_beyond_the_address_space_is_a_limit);
    TCase *tables = oct_case(suite, "tables");
    tcase_add_test(tables, convolutions_of_one_geometry_share_their_tables);
    tcase_add_test(tables, windows_mostly_in_the_padding_have_small_tables);
}

OCT_CHECK_MAIN("engine/runtime/plan_prepare", add)
