// The scheduler with real workers and real (tiny) models: what goes in comes out of the right ticket.
#include "tests/server/batch/guests.h"

#include <pthread.h>

START_TEST(every_request_gets_its_own_rows)
{
    enum { GUESTS = 300 };
    static struct guest guests[GUESTS];
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 2, 8, NULL);
    for (int i = 0; i < GUESTS; i++) {
        invite(&guests[i], &stage, (float)(i * 10), 1 + i % 3, &n_done);
    }
    for (int i = 0; i < GUESTS; i++) {
        submit(&stage, &guests[i]);
    }
    wait_for(&n_done, GUESTS);
    for (int i = 0; i < GUESTS; i++) {
        ck_assert_relu_answer(&guests[i]);
        farewell(&guests[i]);
    }
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_REQUESTS), GUESTS);
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_ROWS), GUESTS * 2);
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_QUEUE_DEPTH), 0);
    ck_assert_uint_gt(oct_batch_queue_expect_us(stage.queue, 1000000), 0);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(a_large_request_is_run_in_slices)
{
    struct guest guest;
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 8, NULL);
    invite(&guest, &stage, 1, 61, &n_done);
    submit(&stage, &guest);
    wait_for(&n_done, 1);
    ck_assert_relu_answer(&guest);
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_BATCHES), 8);
    farewell(&guest);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(rows_that_depend_on_one_another_are_never_mixed_with_others)
{
    enum { GUESTS = 40 };
    static struct guest guests[GUESTS];
    atomic_uint n_done = 0;
    struct stage stage = set_up(TINY_SOFTMAX, 2, 8, NULL);
    ck_assert(!stage.queue->mergeable);
    for (int i = 0; i < GUESTS; i++) {
        invite(&guests[i], &stage, (float)i, 1, &n_done);
        submit(&stage, &guests[i]);
    }
    wait_for(&n_done, GUESTS);
    for (int i = 0; i < GUESTS; i++) {
        // Alone in its batch, a row's softmax over the batch is 1 everywhere.
        ck_assert_status_ok(guests[i].status);
        ck_assert_ptr_nonnull(strstr((const char *)guests[i].answer.data, "\"y\""));
        struct oct_json_document *document = NULL;
        ck_assert_status_ok(
            oct_json_parse((const char *)guests[i].answer.data, guests[i].answer.length, 65536, &document, NULL));
        const struct oct_json *rows = oct_json_get(oct_json_get(oct_json_root(document), "outputs"), "y");
        for (size_t column = 0; column < TINY_COLUMNS; column++) {
            ck_assert_double_eq(number_at(rows, 0, column), 1);
        }
        oct_json_destroy(document);
        farewell(&guests[i]);
    }
    ck_assert_int_eq(oct_metrics_model_value(stage.queue->series, OCT_METRIC_INFER_BATCHES), GUESTS);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(a_deadline_is_answered_while_every_worker_is_busy)
{
    static struct guest guests[2];
    atomic_uint n_done = 0;
    atomic_uint late_done = 0;
    struct stage stage = set_up(TINY_RELU, 1, 1, NULL);
    // 60,000 slices of one row keep the only worker busy for longer than the other may wait.
    invite(&guests[0], &stage, 1, 60000, &n_done);
    invite(&guests[1], &stage, 1, 1, &late_done);
    submit(&stage, &guests[0]);
    guests[1].ticket.deadline_us = oct_clock_us() + 2000;
    unsigned retry = 0;
    enum oct_status status = oct_scheduler_submit(stage.scheduler, stage.queue, &guests[1].ticket, &retry, NULL);
    if (status == OCT_OK) {
        wait_for(&late_done, 1);
        // Answered in time unless the long one was over first.
        ck_assert(guests[1].status == OCT_ERR_DEADLINE || atomic_load(&n_done) == 1);
    } else {
        ck_assert(status == OCT_ERR_BUSY || status == OCT_ERR_DEADLINE);
    }
    atomic_store(&guests[0].gone, true);
    wait_for(&n_done, 1);
    farewell(&guests[0]);
    farewell(&guests[1]);
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(stop_answers_everything)
{
    enum { GUESTS = 200 };
    static struct guest guests[GUESTS];
    for (int mode = 0; mode < 2; mode++) {
        atomic_uint n_done = 0;
        struct stage stage = set_up(TINY_RELU, 2, 1, NULL);
        for (int i = 0; i < GUESTS; i++) {
            invite(&guests[i], &stage, (float)i, 20, &n_done);
            submit(&stage, &guests[i]);
        }
        // With time everything is run; without, the rest hears that the server stops.
        oct_scheduler_stop(stage.scheduler, mode == 0 ? OCT_CLOCK_NEVER : oct_clock_us());
        ck_assert_uint_eq(atomic_load(&n_done), GUESTS);
        for (int i = 0; i < GUESTS; i++) {
            ck_assert(guests[i].status == OCT_OK || (mode == 1 && guests[i].status == OCT_ERR_UNAVAILABLE));
            farewell(&guests[i]);
        }
        unsigned retry = 0;
        invite(&guests[0], &stage, 1, 1, &n_done);
        ck_assert_status(OCT_ERR_UNAVAILABLE,
                         oct_scheduler_submit(stage.scheduler, stage.queue, &guests[0].ticket, &retry, NULL));
        farewell(&guests[0]);
        take_down(&stage, 0);
    }
}
END_TEST

struct crowd {
    const struct stage *stage;
    float first;
    atomic_uint n_done;
    struct guest guests[50];
};

static void *come(void *argument)
{
    struct crowd *crowd = argument;
    for (int i = 0; i < 50; i++) {
        unsigned retry = 0;
        (void)!oct_scheduler_submit(crowd->stage->scheduler, crowd->stage->queue, &crowd->guests[i].ticket, &retry,
                                    NULL);
    }
    return NULL;
}

START_TEST(threads_may_submit_at_once)
{
    enum { CROWDS = 4 };
    static struct crowd crowds[CROWDS];
    pthread_t threads[CROWDS];
    struct stage stage = set_up(TINY_RELU, 2, 8, NULL);
    for (int c = 0; c < CROWDS; c++) {
        crowds[c].stage = &stage;
        for (int i = 0; i < 50; i++) {
            invite(&crowds[c].guests[i], &stage, (float)(c * 1000 + i), 1, &crowds[c].n_done);
        }
        ck_assert_int_eq(pthread_create(&threads[c], NULL, come, &crowds[c]), 0);
    }
    for (int c = 0; c < CROWDS; c++) {
        pthread_join(threads[c], NULL);
        wait_for(&crowds[c].n_done, 50);
        for (int i = 0; i < 50; i++) {
            ck_assert_relu_answer(&crowds[c].guests[i]);
            farewell(&crowds[c].guests[i]);
        }
    }
    take_down(&stage, OCT_CLOCK_NEVER);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *answers = oct_case(suite, "answers");
    tcase_add_test(answers, every_request_gets_its_own_rows);
    tcase_add_test(answers, a_large_request_is_run_in_slices);
    tcase_add_test(answers, rows_that_depend_on_one_another_are_never_mixed_with_others);
    tcase_add_test(answers, threads_may_submit_at_once);
    TCase *limits = oct_case(suite, "limits");
    tcase_add_test(limits, a_deadline_is_answered_while_every_worker_is_busy);
    tcase_add_test(limits, stop_answers_everything);
}

OCT_CHECK_MAIN("server/batch/scheduler", add_tests)
