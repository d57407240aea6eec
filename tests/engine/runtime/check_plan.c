#include "tests/engine/runtime/network.h"

#include "engine/kernels/family.h"
#include "tests/support/chaos.h"

static enum oct_status
try_plan(const struct oct_graph *graph, int64_t max_rows, uint64_t budget, struct oct_error *error)
{
    struct oct_plan_options options = oct_plan_options_default();
    options.max_rows = max_rows;
    options.budget_bytes = budget;
    struct oct_plan *plan = NULL;
    *error = (struct oct_error)OCT_ERROR_INIT;
    enum oct_status status = oct_plan_create(graph, &options, &plan, error);
    ck_assert((status == OCT_OK) == (plan != NULL));
    oct_plan_release(plan);
    return status;
}

START_TEST(the_whole_network_equals_its_reference)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert(!oct_plan_is_class_f(plan));
    ck_assert(oct_plan_rows_independent(plan, NULL));
    ck_assert_uint_eq(kit_count(plan, "quantized::conv2d_relu"), 1);
    ck_assert_uint_eq(kit_count(plan, "quantized::add_relu"), 1);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(every_isa_gives_the_same_bytes)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_session *session;
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES), *got = malloc(KIT_MAX_OUTPUT_BYTES);
    for (int i = 0; i < OCTI_ISA_COUNT; i++) {
        struct oct_plan_options options = oct_plan_options_default();
        options.cpu_features &= octi_isa_required((enum octi_isa)i);
        struct oct_plan *plan;
        ck_assert_ok(oct_plan_create(kit.graph, &options, &plan, &error), &error);
        size_t n = kit_run(session, plan, 3, 0, 5, i == 0 ? expected : got);
        ck_assert(i == 0 || memcmp(expected, got, n) == 0);
        oct_plan_release(plan);
    }
    free(expected);
    free(got);
    oct_session_destroy(session);
    kit_close(&kit);
}
END_TEST

START_TEST(a_plan_outlives_the_graph_it_was_made_from)
{
    struct kit kit = kit_open(), again = kit_open();
    build_network(&kit, false);
    build_network(&again, false);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_session *session;
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    struct oct_plan *plan = kit_plan(kit.graph, false, false), *other = kit_plan(again.graph, true, true);
    oct_graph_destroy(kit.graph);
    kit.graph = NULL;
    unsigned char *a = malloc(KIT_MAX_OUTPUT_BYTES), *b = malloc(KIT_MAX_OUTPUT_BYTES);
    size_t n = kit_run(session, plan, 3, 0, 4, a);
    ck_assert_uint_eq(n, kit_run(session, other, 3, 0, 4, b));
    ck_assert_int_eq(memcmp(a, b, n), 0);
    free(a);
    free(b);
    oct_session_destroy(session);
    oct_plan_release(plan);
    oct_plan_release(other);
    kit_close(&kit);
    kit_close(&again);
}
END_TEST

START_TEST(steps_and_slots_are_shown)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    const struct oct_graph *graph = oct_plan_graph(plan);
    ck_assert_uint_eq(oct_plan_step_count(plan), oct_graph_node_count(graph));
    bool any_state = false;
    for (size_t i = 0; i < oct_plan_step_count(plan); i++) {
        struct oct_step_info step = oct_plan_step(plan, i);
        ck_assert_ptr_nonnull(step.kernel);
        any_state |= step.state_bytes > 0;
    }
    ck_assert(any_state);
    for (size_t v = 0; v < oct_graph_value_count(graph); v++) {
        struct oct_slot_info slot = oct_plan_slot(plan, (oct_value_id)v, 3);
        bool constant = oct_graph_value(graph, (oct_value_id)v).kind == OCT_VALUE_CONSTANT;
        ck_assert(slot.in_arena == !constant);
        ck_assert(constant || slot.offset_bytes + slot.bytes + 64 <= oct_plan_arena_bytes(plan, 3));
        ck_assert_uint_eq(slot.offset_bytes % OCT_ALIGN, 0);
    }
    for (int64_t rows = 2; rows <= 8; rows++) {
        ck_assert_uint_ge(oct_plan_arena_bytes(plan, rows), oct_plan_arena_bytes(plan, rows - 1));
    }
    ck_assert_uint_gt(oct_plan_resident_bytes(plan), 0);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_error error;
    ck_assert_status(OCT_ERR_INVALID, try_plan(kit.graph, -1, 0, &error));
    ck_assert_status(OCT_ERR_INVALID, try_plan(kit.graph, OCT_PLAN_MAX_ROWS + 1, 0, &error));
    ck_assert_error_says(&error, "expected 1..1048576");
    ck_assert_status_ok(try_plan(kit.graph, 0, 0, &error));
    struct oct_plan *plan;
    ck_assert_ok(oct_plan_create(kit.graph, NULL, &plan, &error), &error);
    ck_assert_int_eq(oct_plan_max_rows(plan), OCT_PLAN_DEFAULT_MAX_ROWS);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_tiny_model_that_declares_terabytes_is_refused_by_name)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "monster", kit_float(KIT_SHAPE(KIT_N, 1 << 20, 1 << 19)));
    kit_output(&kit, "y", kit_unary(&kit, "r", "aten::relu", x));
    kit_finish(&kit);
    struct oct_error error;
    ck_assert_status(OCT_ERR_LIMIT, try_plan(kit.graph, 32, 0, &error));
    ck_assert_error_says(&error, "monster");
    ck_assert_error_says(&error, "70368744177664 bytes for 32 rows");
    ck_assert_error_says(&error, "2147483648");
    kit_close(&kit);
}
END_TEST

START_TEST(a_product_of_batches_that_overflows_is_refused)
{
    struct kit kit = kit_open();
    const int64_t wide = (int64_t)1 << 36;
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 1, wide)));
    oct_value_id t =
        kit_node_of(&kit, "t", "aten::reshape", KIT_INPUTS(x), KIT_ATTRIBUTES(KIT_INTS("shape", 1, -1, wide)));
    kit_output(&kit, "y", kit_node_of(&kit, "outer", "aten::add", KIT_INPUTS(x, t), KIT_NO_ATTRIBUTES));
    kit_finish(&kit);
    struct oct_error error;
    ck_assert_status(OCT_ERR_LIMIT, try_plan(kit.graph, OCT_PLAN_MAX_ROWS, UINT64_MAX, &error));
    ck_assert_error_says(&error, "outer");
    ck_assert_error_says(&error, "[N, N, 68719476736]");
    kit_close(&kit);
}
END_TEST

START_TEST(an_arena_beyond_the_budget_is_refused_with_figures)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_error error;
    ck_assert_status(OCT_ERR_LIMIT, try_plan(kit.graph, 4096, (uint64_t)3 << 20, &error));
    ck_assert_error_says(&error, "4096 rows");
    ck_assert_error_says(&error, "3145728");
    ck_assert_status_ok(
        try_plan(kit.graph, 4, (uint64_t)3 << 20, &error)); // nothing is lowered silently, but fewer rows fit
    kit_close(&kit);
}
END_TEST

START_TEST(packed_weights_beyond_the_budget_are_refused)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 1024), 0.02, 10));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(1024, 1024), 0.02, 0));
    struct oct_attribute_given linear[] = {kit_number("Y_scale_i", 0.06), kit_int("Y_zero_point_i", 120)};
    kit_output(&kit, "y", kit_node_of(&kit, "l", "quantized::linear", KIT_INPUTS(x, w), linear, 2));
    kit_finish(&kit);
    struct oct_error error;
    for (uint64_t budget = 1 << 10; budget < (1 << 20); budget *= 2) {
        ck_assert_status(OCT_ERR_LIMIT, try_plan(kit.graph, 1, budget, &error));
        ck_assert_error_says(&error, "budget");
    }
    ck_assert_status_ok(try_plan(kit.graph, 1, 8 << 20, &error));
    kit_close(&kit);
}
END_TEST

START_TEST(a_graph_without_batch_takes_one_row)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(3, 4)));
    kit_output(&kit, "y", kit_unary(&kit, "r", "aten::relu", x));
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    ck_assert_int_eq(oct_plan_max_rows(plan), 1);
    ck_assert(!oct_plan_output(plan, 0)->batched);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(rows_that_mix_still_run)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_float(KIT_SHAPE(KIT_N, 2, 3)));
    oct_value_id y = kit_node_of(&kit, "t", "aten::transpose", KIT_INPUTS(x),
                                 KIT_ATTRIBUTES(kit_int("dim0", 0), kit_int("dim1", 1)));
    y = kit_node_of(&kit, "s", "aten::softmax", KIT_INPUTS(y), KIT_ATTRIBUTES(kit_int("dim", 1)));
    y = kit_node_of(&kit, "f", "aten::flatten", KIT_INPUTS(y), KIT_NO_ATTRIBUTES);
    y = kit_node_of(&kit, "c", "aten::cat", KIT_INPUTS(y, y), KIT_ATTRIBUTES(kit_int("dim", 0)));
    kit_output(&kit, "y", y);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    const char *reason;
    ck_assert(!oct_plan_rows_independent(plan, &reason));
    ck_assert_ptr_nonnull(strstr(reason, "'t'"));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(planning_survives_failure_of_any_allocation)
{
    struct kit kit = kit_open();
    build_network(&kit, true);
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct oct_plan_options options = oct_plan_options_default();
        options.allocator = &chaos.allocator;
        struct oct_plan *plan = NULL;
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = oct_plan_create(kit.graph, &options, &plan, &error);
        ck_assert_msg(status == (chaos.failed ? OCT_ERR_NOMEM : OCT_OK), "allocation %zu: %s: %s", n,
                      oct_status_name(status), error.message);
        ck_assert_int_eq((int)error.status, (int)status);
        oct_plan_release(plan);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_uint_ge(n, 20);
            break;
        }
    }
    kit_close(&kit);
}
END_TEST

START_TEST(the_plan_reports_what_it_holds)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    uint64_t held = oct_plan_resident_bytes(plan);
    ck_assert_uint_gt(held, 1000);
    struct oct_error error;
    // That much and the arena are enough at the end; less is not.
    ck_assert_status(OCT_ERR_LIMIT, try_plan(kit.graph, 8, held, &error));
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *answers = oct_case(suite, "answers");
    tcase_add_test(answers, the_whole_network_equals_its_reference);
    tcase_add_test(answers, every_isa_gives_the_same_bytes);
    tcase_add_test(answers, a_plan_outlives_the_graph_it_was_made_from);
    tcase_add_test(answers, a_graph_without_batch_takes_one_row);
    tcase_add_test(answers, rows_that_mix_still_run);
    TCase *tools = oct_case(suite, "tools");
    tcase_add_test(tools, steps_and_slots_are_shown);
    tcase_add_test(tools, the_plan_reports_what_it_holds);
    TCase *limits = oct_case(suite, "limits");
    tcase_add_test(limits, options_out_of_range_are_refused);
    tcase_add_test(limits, a_tiny_model_that_declares_terabytes_is_refused_by_name);
    tcase_add_test(limits, a_product_of_batches_that_overflows_is_refused);
    tcase_add_test(limits, an_arena_beyond_the_budget_is_refused_with_figures);
    tcase_add_test(limits, packed_weights_beyond_the_budget_are_refused);
    tcase_add_test(limits, planning_survives_failure_of_any_allocation);
}

OCT_CHECK_MAIN("engine/runtime/plan", add)
