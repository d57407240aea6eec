// One batch on one session, called from the test's thread.
#include "tests/server/batch/guests.h"

#include "server/batch/run.h"
#include "tests/support/chaos.h"

START_TEST(a_request_in_slices_ends_between_them_when_its_client_leaves)
{
    struct guest guest;
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 1, NULL);
    struct oct_session *session = NULL;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    const struct oct_batch_runner runner = {.max_answer_bytes = 1 << 20};
    invite(&guest, &stage, 1, 50, &n_done);
    guest.ticket.queue = stage.queue;
    atomic_store(&guest.gone, true);
    const struct oct_batch batch = {.queue = stage.queue, .first = &guest.ticket, .n_tickets = 1, .rows = 50};
    oct_batch_run(&runner, session, &batch);
    ck_assert_status(OCT_ERR_CANCELLED, guest.status);
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_BATCHES), 1);
    atomic_store(&guest.gone, false);
    guest.ticket.deadline_us = oct_clock_us();
    oct_batch_run(&runner, session, &batch);
    ck_assert_status(OCT_ERR_DEADLINE, guest.status);
    atomic_bool cancel = true;
    const struct oct_batch_runner stopping = {.max_answer_bytes = 1 << 20, .cancel = &cancel};
    oct_batch_run(&stopping, session, &batch);
    ck_assert_status(OCT_ERR_UNAVAILABLE, guest.status);
    farewell(&guest);
    oct_session_destroy(session);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(without_memory_a_request_fails_and_the_next_succeeds)
{
    struct guest guests[3];
    atomic_uint n_done = 0;
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, SIZE_MAX);
    struct stage stage = set_up(TINY_RELU, 1, 8, &chaos.allocator);
    for (int i = 0; i < 3; i++) {
        invite(&guests[i], &stage, 1, i == 1 ? 20 : 2, &n_done);
        guests[i].ticket.queue = stage.queue;
    }
    // One thread runs here, so the allocator's counters need no lock.
    struct oct_session *session = NULL;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    const struct oct_batch_runner runner = {.allocator = &chaos.allocator, .max_answer_bytes = 1 << 20};
    for (size_t n = 0; n < 2; n++) { // the outputs of slices, then the answer
        chaos.fail_at = chaos.requests + n;
        const struct oct_batch batch = {.queue = stage.queue, .first = &guests[1].ticket, .n_tickets = 1, .rows = 20};
        oct_batch_run(&runner, session, &batch);
        ck_assert_status(OCT_ERR_NOMEM, guests[1].status);
        ck_assert_uint_eq(chaos.live, 0);
    }
    chaos.fail_at = chaos.requests; // of two in one batch the first finds no memory for its answer
    guests[0].ticket.next = &guests[2].ticket;
    const struct oct_batch both = {.queue = stage.queue, .first = &guests[0].ticket, .n_tickets = 2, .rows = 4};
    oct_batch_run(&runner, session, &both);
    ck_assert_status(OCT_ERR_NOMEM, guests[0].status);
    ck_assert_relu_answer(&guests[2]);
    for (int i = 0; i < 3; i++) {
        farewell(&guests[i]);
    }
    oct_session_destroy(session);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(a_batch_whose_arena_does_not_fit_is_run_one_by_one)
{
    struct guest guests[2];
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 64, NULL);
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, SIZE_MAX);
    struct oct_session *session = NULL;
    ck_assert_status_ok(oct_session_create(&chaos.allocator, &session, NULL));
    // An arena for one row first, so that only the larger one is asked for, and refused.
    ck_assert_status_ok(oct_session_bind(session, oct_model_plan(stage.model), 1, NULL));
    invite(&guests[0], &stage, 1, 1, &n_done);
    invite(&guests[1], &stage, 7, 63, &n_done);
    guests[0].ticket.queue = stage.queue;
    guests[1].ticket.queue = stage.queue;
    guests[0].ticket.next = &guests[1].ticket;
    chaos.fail_at = chaos.requests;
    const struct oct_batch_runner runner = {.max_answer_bytes = 1 << 20};
    const struct oct_batch batch = {.queue = stage.queue, .first = &guests[0].ticket, .n_tickets = 2, .rows = 64};
    oct_batch_run(&runner, session, &batch);
    ck_assert(chaos.failed);
    ck_assert_relu_answer(&guests[0]);
    ck_assert_relu_answer(&guests[1]);
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_BATCHES), 2);
    farewell(&guests[0]);
    farewell(&guests[1]);
    oct_session_destroy(session);
    ck_assert_uint_eq(chaos.live, 0);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(an_answer_over_the_limit_is_refused)
{
    struct guest guest;
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 8, NULL);
    struct oct_session *session = NULL;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    invite(&guest, &stage, 1, 100, &n_done);
    guest.ticket.queue = stage.queue;
    const struct oct_batch batch = {.queue = stage.queue, .first = &guest.ticket, .n_tickets = 1, .rows = 100};
    const struct oct_batch_runner runner = {.max_answer_bytes = 100 * TINY_COLUMNS * sizeof(float) - 1};
    oct_batch_run(&runner, session, &batch);
    ck_assert_status(OCT_ERR_LIMIT, guest.status);
    ck_assert_ptr_nonnull(strstr(guest.message, "100 rows exceed the limit"));
    farewell(&guest);
    oct_session_destroy(session);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

/// Everything on the calling thread, last part first.
static void run_backwards(void *context, size_t count, oct_task_fn task, void *argument)
{
    (void)context;
    for (size_t i = count; i > 0; i--) {
        task(argument, i - 1, count);
    }
}

START_TEST(a_run_that_was_shared_out_never_makes_a_row_look_dearer)
{
    struct guest guest;
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 8, NULL);
    struct oct_session *session = NULL;
    ck_assert_status_ok(oct_session_create(NULL, &session, NULL));
    invite(&guest, &stage, 1, 8, &n_done);
    guest.ticket.queue = stage.queue;
    const struct oct_executor executor = {NULL, 1000, run_backwards};
    const struct oct_batch_runner shared = {.max_answer_bytes = 1 << 20, .executor = &executor};
    const struct oct_batch_runner alone = {.max_answer_bytes = 1 << 20};
    const struct oct_batch batch = {.queue = stage.queue, .first = &guest.ticket, .n_tickets = 1, .rows = 8};
    oct_batch_queue_observe(stage.queue, 1, 8); // less than a thousandth of any run
    uint64_t cheap_us = oct_batch_queue_expect_us(stage.queue, 1000000);
    oct_batch_run(&shared, session, &batch);
    ck_assert_relu_answer(&guest);
    ck_assert_uint_le(oct_batch_queue_expect_us(stage.queue, 1000000), cheap_us);
    oct_buffer_deinit(&guest.answer);
    for (int i = 0; i < 100; i++) {
        oct_batch_queue_observe(stage.queue, 10000000000, 8); // and far more
    }
    uint64_t dear_us = oct_batch_queue_expect_us(stage.queue, 1000000);
    oct_batch_run(&shared, session, &batch);
    uint64_t corrected_us = oct_batch_queue_expect_us(stage.queue, 1000000);
    ck_assert_uint_lt(corrected_us, dear_us);
    oct_buffer_deinit(&guest.answer);
    oct_batch_run(&alone, session, &batch);
    ck_assert_uint_lt(oct_batch_queue_expect_us(stage.queue, 1000000), corrected_us);
    farewell(&guest);
    oct_session_destroy(session);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *run = oct_case(suite, "run");
    tcase_add_test(run, a_request_in_slices_ends_between_them_when_its_client_leaves);
    tcase_add_test(run, a_run_that_was_shared_out_never_makes_a_row_look_dearer);
    tcase_add_test(run, without_memory_a_request_fails_and_the_next_succeeds);
    tcase_add_test(run, a_batch_whose_arena_does_not_fit_is_run_one_by_one);
    tcase_add_test(run, an_answer_over_the_limit_is_refused);
}

OCT_CHECK_MAIN("server/batch/run", add_tests)
