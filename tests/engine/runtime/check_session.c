#include "tests/engine/runtime/network.h"

#include "tests/support/chaos.h"

#include <pthread.h>

static struct oct_session *open_session(void)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_session *session;
    ck_assert_ok(oct_session_create(NULL, &session, &error), &error);
    return session;
}

START_TEST(a_row_does_not_depend_on_its_batch)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    struct oct_session *session = open_session();
    enum { ROWS = 8 };
    unsigned char *alone = malloc(KIT_MAX_OUTPUT_BYTES), *together = malloc(KIT_MAX_OUTPUT_BYTES);
    for (int64_t rows = 1; rows <= ROWS; rows++) {
        kit_run(session, plan, 5, 0, rows, together);
        for (int64_t r = 0; r < rows; r++) {
            kit_run(session, plan, 5, r, 1, alone);
            size_t at_one = 0, at_all = 0;
            for (size_t i = 0; i < oct_plan_output_count(plan); i++) {
                size_t row_bytes;
                ck_assert_status_ok(oct_tensor_bytes(&oct_plan_output(plan, i)->desc, 1, &row_bytes));
                ck_assert_msg(memcmp(alone + at_one, together + at_all + (size_t)r * row_bytes, row_bytes) == 0,
                              "row %d of %d, output %zu", (int)r, (int)rows, i);
                at_one += row_bytes;
                at_all += row_bytes * (size_t)rows;
            }
        }
    }
    free(alone);
    free(together);
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_session_switches_between_plans)
{
    struct kit kit = kit_open(), small = kit_open();
    build_network(&kit, false);
    oct_value_id x = kit_input(&small, "x", kit_float(KIT_SHAPE(KIT_N, 3)));
    kit_output(&small, "y", kit_unary(&small, "r", "aten::sigmoid", x));
    kit_finish(&small);
    struct oct_plan *big_plan = kit_plan(kit.graph, false, false), *small_plan = kit_plan(small.graph, false, false);
    struct oct_session *session = open_session();
    unsigned char *first = malloc(KIT_MAX_OUTPUT_BYTES), *again = malloc(KIT_MAX_OUTPUT_BYTES), few[256], more[256];
    size_t n_few = kit_run(session, small_plan, 1, 0, 8, few);
    size_t held = oct_session_arena_bytes(session);
    ck_assert_uint_ge(held, oct_plan_arena_bytes(small_plan, 8));
    size_t n = kit_run(session, big_plan, 2, 0, 8, first);
    ck_assert_uint_gt(oct_session_arena_bytes(session), held);
    held = oct_session_arena_bytes(session);
    ck_assert_uint_eq(n_few, kit_run(session, small_plan, 1, 0, 8, more));
    ck_assert_int_eq(memcmp(few, more, n_few), 0);
    ck_assert_uint_eq(n, kit_run(session, big_plan, 2, 0, 8, again));
    ck_assert_int_eq(memcmp(first, again, n), 0);
    ck_assert_uint_eq(oct_session_arena_bytes(session), held); // it only grows
    oct_plan_release(big_plan);
    oct_plan_release(small_plan); // the session still holds what it has bound
    size_t bytes;
    ck_assert_ptr_nonnull(oct_session_input(session, 0, &bytes));
    oct_session_run(session, NULL);
    free(first);
    free(again);
    oct_session_destroy(session);
    kit_close(&kit);
    kit_close(&small);
}
END_TEST

START_TEST(rows_out_of_range_unbind)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    struct oct_session *session = open_session();
    struct oct_error error = OCT_ERROR_INIT;
    size_t bytes = 7;
    ck_assert_ptr_null(oct_session_input(session, 0, &bytes));
    ck_assert_uint_eq(bytes, 0);
    oct_session_run(session, NULL); // nothing bound, nothing done
    ck_assert_status_ok(oct_session_bind(session, plan, 3, NULL));
    ck_assert_status(OCT_ERR_LIMIT, oct_session_bind(session, plan, 9, &error));
    ck_assert_error_says(&error, "1..8");
    ck_assert_ptr_null(oct_session_output(session, 0, NULL));
    ck_assert_status(OCT_ERR_LIMIT, oct_session_bind(session, plan, 0, NULL));
    ck_assert_status_ok(oct_session_bind(session, plan, 8, NULL));
    ck_assert_ptr_nonnull(oct_session_input(session, 1, &bytes));
    ck_assert_uint_eq(bytes, 80);
    ck_assert_ptr_null(oct_session_input(session, 2, &bytes));
    ck_assert_ptr_null(oct_session_output(session, 4, &bytes));
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(profiling_gives_the_same_answer_and_times)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    struct oct_session *session = open_session();
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES);
    kit_run(session, plan, 5, 0, 4, expected);
    for (size_t i = 0; i < oct_plan_step_count(plan); i++) {
        ck_assert_uint_eq(oct_session_step_ns(session, i), 0);
    }
    kit_write_inputs(session, plan, 5, 0, 4);
    oct_session_profile(session, NULL);
    size_t bytes;
    const void *data = oct_session_output(session, 0, &bytes);
    ck_assert_int_eq(memcmp(data, expected, bytes), 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < oct_plan_step_count(plan); i++) {
        sum += oct_session_step_ns(session, i);
    }
    ck_assert_uint_gt(sum, 0);
    ck_assert_uint_eq(oct_session_step_ns(session, 10000), 0);
    free(expected);
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(a_constant_and_an_input_can_be_outputs)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 5), 0.1, 0));
    kit_input(&kit, "unused", kit_float(KIT_SHAPE(KIT_N, 100)));
    oct_value_id c = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(4), 0.1, 0));
    kit_output(&kit, "x1", x);
    kit_output(&kit, "c", c);
    kit_output(&kit, "x2", x);
    kit_finish(&kit);
    struct oct_plan *plan = kit_compare(&kit, 0);
    struct oct_session *session = open_session();
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_session_bind(session, plan, 2, &error), &error);
    size_t bytes;
    memcpy(oct_session_input(session, 0, &bytes), "0123456789", 10);
    oct_session_run(session, NULL);
    ck_assert_int_eq(memcmp(oct_session_output(session, 0, &bytes), "0123456789", 10), 0);
    ck_assert_int_eq(memcmp(oct_session_output(session, 2, &bytes), "0123456789", 10), 0);
    const void *constant = oct_session_output(session, 1, &bytes);
    ck_assert_uint_eq(bytes, 4);
    ck_assert_int_eq(memcmp(constant, oct_graph_value(kit.graph, c).data, 4), 0);
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

START_TEST(binding_survives_failure_of_any_allocation)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    for (size_t n = 0;; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct oct_session *session = NULL;
        struct oct_error error = OCT_ERROR_INIT;
        enum oct_status status = oct_session_create(&chaos.allocator, &session, &error);
        if (status == OCT_OK) {
            status = oct_session_bind(session, plan, 2, &error);
            if (status == OCT_OK) {
                status = oct_session_bind(session, plan, 8, &error);
            }
            if (status != OCT_OK) {
                ck_assert_ptr_null(oct_session_input(session, 0, NULL));
                ck_assert_status_ok(oct_session_bind(session, plan, 4, NULL)); // still usable
            }
        }
        ck_assert_status(chaos.failed ? OCT_ERR_NOMEM : OCT_OK, status);
        oct_session_destroy(session);
        ck_assert_uint_eq(chaos.live, 0);
        if (!chaos.failed) {
            ck_assert_uint_ge(n, 3);
            break;
        }
    }
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void *count_only(void *context, size_t bytes, size_t alignment)
{
    ++*(size_t *)context;
    const struct oct_allocator *real = oct_allocator_default();
    return real->allocate(real->context, bytes, alignment);
}
static void release_only(void *context, void *block, size_t bytes)
{
    (void)context;
    const struct oct_allocator *real = oct_allocator_default();
    real->release(real->context, block, bytes);
}

START_TEST(a_run_allocates_nothing_nor_does_a_bind_that_fits)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    size_t requests = 0;
    struct oct_allocator counting = {&requests, count_only, release_only};
    struct oct_session *session;
    ck_assert_status_ok(oct_session_create(&counting, &session, NULL));
    ck_assert_status_ok(oct_session_bind(session, plan, 8, NULL));
    size_t before = requests;
    for (int64_t rows = 1; rows <= 8; rows++) {
        ck_assert_status_ok(oct_session_bind(session, plan, rows, NULL));
        kit_write_inputs(session, plan, 1, 0, rows);
        oct_session_run(session, NULL);
    }
    ck_assert_uint_eq(requests, before);
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

struct worker {
    pthread_t thread;
    struct oct_plan *plan;
    const unsigned char *expected;
    size_t n_expected;
    uint64_t seed;
    bool right;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct oct_session *session;
    unsigned char *got = malloc(KIT_MAX_OUTPUT_BYTES);
    if (!got || oct_session_create(NULL, &session, NULL) != OCT_OK) {
        free(got);
        return NULL;
    }
    worker->right = true;
    for (int round = 0; round < 20; round++) {
        size_t n = kit_run(session, worker->plan, worker->seed, 0, 4, got);
        worker->right &= n == worker->n_expected && memcmp(got, worker->expected, n) == 0;
    }
    oct_session_destroy(session);
    oct_plan_release(worker->plan);
    free(got);
    return NULL;
}

START_TEST(many_sessions_share_one_plan)
{
    struct kit kit = kit_open();
    build_network(&kit, false);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    struct oct_session *session = open_session();
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES);
    size_t n = kit_run(session, plan, 11, 0, 4, expected);
    struct worker workers[4];
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){.plan = oct_plan_retain(plan), .expected = expected, .n_expected = n, .seed = 11};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    oct_session_destroy(session);
    oct_plan_release(plan); // the last worker frees it
    for (size_t i = 0; i < 4; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert(workers[i].right);
    }
    free(expected);
    kit_close(&kit);
}
END_TEST

/// Runs the parts backwards: an executor may use any order.
static void backwards(void *context, size_t count, oct_task_fn task, void *argument)
{
    ++*(size_t *)context;
    for (size_t i = count; i-- > 0;) {
        task(argument, i, count);
    }
}

START_TEST(an_executor_changes_nothing_in_the_answer)
{
    struct kit kit = kit_open();
    oct_value_id x = kit_input(&kit, "x", kit_quantized(OCT_DTYPE_QUINT8, KIT_SHAPE(KIT_N, 32, 28, 28), 0.02, 100));
    oct_value_id w = kit_constant(&kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(32, 32, 3, 3), 0.01, 0));
    struct oct_attribute_given conv[] = {kit_number("output_scale", 0.05), kit_int("output_zero_point", 100),
                                         KIT_INTS("padding", 1, 1)};
    kit_output(&kit, "y", kit_node_of(&kit, "c", "quantized::conv2d", KIT_INPUTS(x, w), conv, 3));
    kit_finish(&kit);
    struct oct_plan *plan = kit_plan(kit.graph, false, false);
    struct oct_session *session = open_session();
    unsigned char *expected = malloc(KIT_MAX_OUTPUT_BYTES);
    size_t n = kit_run(session, plan, 11, 0, 8, expected), calls = 0;
    struct oct_executor executor = {.context = &calls, .width = 3, .parallel = backwards};
    kit_write_inputs(session, plan, 11, 0, 8);
    oct_session_run(session, &executor);
    size_t bytes;
    const void *got = oct_session_output(session, 0, &bytes);
    ck_assert_uint_eq(bytes, n);
    ck_assert_int_eq(memcmp(got, expected, n), 0);
    ck_assert_uint_gt(calls, 0);
    free(expected);
    oct_session_destroy(session);
    oct_plan_release(plan);
    kit_close(&kit);
}
END_TEST

static void add(Suite *suite)
{
    TCase *runs = oct_case(suite, "runs");
    tcase_add_test(runs, a_row_does_not_depend_on_its_batch);
    tcase_add_test(runs, a_session_switches_between_plans);
    tcase_add_test(runs, rows_out_of_range_unbind);
    tcase_add_test(runs, profiling_gives_the_same_answer_and_times);
    tcase_add_test(runs, a_constant_and_an_input_can_be_outputs);
    tcase_add_test(runs, an_executor_changes_nothing_in_the_answer);
    TCase *memory = oct_case(suite, "memory");
    tcase_add_test(memory, binding_survives_failure_of_any_allocation);
    tcase_add_test(memory, a_run_allocates_nothing_nor_does_a_bind_that_fits);
    TCase *threads = oct_case(suite, "threads");
    tcase_add_test(threads, many_sessions_share_one_plan);
}

OCT_CHECK_MAIN("engine/runtime/session", add)
