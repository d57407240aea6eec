#include "tests/support/oct_check.h"

#include "octet/model.h"
#include "server/batch/queue.h"
#include "tests/server/models/tiny_model.h"

static struct oct_batch_queue *make_queue(enum tiny_kind kind, int64_t plan_rows, int64_t max_batch_rows)
{
    struct oct_buffer bytes;
    struct oct_model *model = NULL;
    struct oct_batch_queue *queue = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_options options = oct_model_options_default();
    options.plan.max_rows = plan_rows;
    tiny_model_write(kind, "a", &bytes);
    ck_assert_ok(oct_model_open_bytes(bytes.data, bytes.length, &options, &model, &error), &error);
    oct_buffer_deinit(&bytes);
    const struct oct_batch_queue_options queue_options = {.model = "m",
                                                          .version = "1",
                                                          .plan = oct_model_plan(model),
                                                          .max_batch_rows = max_batch_rows,
                                                          .max_requests = 4,
                                                          .max_bytes = 100,
                                                          .first_cost_ns = 5000};
    ck_assert_ok(oct_batch_queue_create(&queue_options, &queue, &error), &error);
    oct_model_close(model); // the queue keeps the plan
    return queue;
}

START_TEST(the_plan_says_whether_requests_may_share_a_run)
{
    struct oct_batch_queue *queue = make_queue(TINY_RELU, 16, 0);
    ck_assert(queue->mergeable);
    ck_assert_int_eq(queue->max_batch_rows, 16);
    ck_assert_uint_eq(oct_batch_queue_expect_us(queue, 2), 10);
    oct_batch_queue_release(queue);
    queue = make_queue(TINY_SOFTMAX, 16, 0);
    ck_assert(!queue->mergeable);
    oct_batch_queue_release(queue);
    oct_batch_queue_release(NULL);
}
END_TEST

START_TEST(batches_are_cut_to_the_smaller_limit)
{
    struct oct_batch_queue *queue = make_queue(TINY_RELU, 16, 4);
    ck_assert_int_eq(queue->max_batch_rows, 4);
    oct_batch_queue_release(queue);
    queue = make_queue(TINY_RELU, 16, 400);
    ck_assert_int_eq(queue->max_batch_rows, 16);
    oct_batch_queue_release(queue);
}
END_TEST

START_TEST(what_went_in_first_comes_out_first)
{
    struct oct_batch_queue queue = {.max_requests = 8, .max_bytes = 100};
    struct oct_ticket tickets[3] = {{.rows = 1, .bytes = 10}, {.rows = 2, .bytes = 20}, {.rows = 4, .bytes = 40}};
    for (int i = 0; i < 3; i++) {
        oct_batch_queue_push(&queue, &tickets[i]);
    }
    ck_assert_uint_eq(queue.n_requests, 3);
    ck_assert_uint_eq(queue.n_bytes, 70);
    ck_assert_int_eq(queue.n_rows, 7);
    ck_assert_ptr_eq(oct_batch_queue_remove_after(&queue, &tickets[1]), &tickets[2]); // the last
    ck_assert_ptr_eq(queue.tail, &tickets[1]);
    oct_batch_queue_push(&queue, &tickets[2]);
    ck_assert_ptr_eq(oct_batch_queue_remove_after(&queue, &tickets[0]), &tickets[1]); // from the middle
    ck_assert_ptr_eq(oct_batch_queue_pop(&queue), &tickets[0]);
    ck_assert_ptr_eq(oct_batch_queue_pop(&queue), &tickets[2]);
    ck_assert_ptr_null(oct_batch_queue_pop(&queue));
    ck_assert_ptr_null(queue.tail);
    ck_assert_uint_eq(queue.n_bytes, 0);
    ck_assert_int_eq(queue.n_rows, 0);
}
END_TEST

START_TEST(an_enormous_cost_does_not_wrap)
{
    struct oct_batch_queue queue = {.cost_ns = UINT64_MAX};
    ck_assert_uint_ge(oct_batch_queue_expect_us(&queue, INT32_MAX), UINT64_MAX / 2000);
    ck_assert_uint_ge(oct_batch_queue_expect_us(&queue, 1), UINT64_MAX / 2000);
}
END_TEST

START_TEST(cost_of_a_row_follows_what_is_measured)
{
    struct oct_batch_queue queue = {.cost_ns = 0};
    ck_assert_uint_eq(oct_batch_queue_expect_us(&queue, 10), 0);
    oct_batch_queue_observe(&queue, 800, 8);
    ck_assert_uint_eq(oct_batch_queue_expect_us(&queue, 10), 1000);
    for (int i = 0; i < 64; i++) {
        oct_batch_queue_observe(&queue, 400, 8);
    }
    uint64_t expected_us = oct_batch_queue_expect_us(&queue, 10);
    ck_assert_uint_ge(expected_us, 495);
    ck_assert_uint_le(expected_us, 505);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *queue = oct_case(suite, "queue");
    tcase_add_test(queue, the_plan_says_whether_requests_may_share_a_run);
    tcase_add_test(queue, batches_are_cut_to_the_smaller_limit);
    tcase_add_test(queue, what_went_in_first_comes_out_first);
    tcase_add_test(queue, an_enormous_cost_does_not_wrap);
    tcase_add_test(queue, cost_of_a_row_follows_what_is_measured);
}

OCT_CHECK_MAIN("server/batch/queue", add_tests)
