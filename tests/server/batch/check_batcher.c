// The batching policy alone: queues are made by hand, time is an argument, there are no threads.
#include "tests/support/oct_check.h"

#include <string.h>

#include "server/batch/batcher.h"
#include "server/pool/clock.h"

#define MAX_TICKETS 64

struct bench {
    struct oct_batcher batcher;
    struct oct_ticket tickets[MAX_TICKETS];
    bool gone[MAX_TICKETS];
    size_t n;
};

static struct bench bench;

static void begin(uint64_t max_delay_us)
{
    memset(&bench, 0, sizeof bench);
    oct_batcher_init(&bench.batcher, max_delay_us);
}

static struct oct_batch_queue make_queue(const char *model, bool mergeable)
{
    return (struct oct_batch_queue){
        .model = (char *)(uintptr_t)model,
        .max_batch_rows = 8,
        .max_requests = 16,
        .max_bytes = 1000,
        .mergeable = mergeable,
    };
}

static bool is_gone(const struct oct_ticket *ticket)
{
    return bench.gone[ticket - bench.tickets];
}

static struct oct_ticket *add_with(struct oct_batch_queue *queue, int64_t rows, uint64_t now_us, uint64_t deadline_us)
{
    struct oct_ticket *ticket = &bench.tickets[bench.n++];
    ticket->rows = rows;
    ticket->bytes = 10;
    ticket->deadline_us = deadline_us;
    ticket->is_gone = is_gone;
    oct_batcher_push(&bench.batcher, queue, ticket, now_us);
    return ticket;
}

static struct oct_ticket *add(struct oct_batch_queue *queue, int64_t rows)
{
    return add_with(queue, rows, 0, OCT_CLOCK_NEVER);
}

static size_t length_of(const struct oct_ticket *ticket)
{
    size_t length = 0;
    for (; ticket != NULL; ticket = ticket->next) {
        length++;
    }
    return length;
}

/// Takes at `now_us` with `idle` and `busy` workers.
static bool take(uint64_t now_us, unsigned idle, unsigned busy, struct oct_batch *batch, uint64_t *recheck_us)
{
    *recheck_us = OCT_CLOCK_NEVER;
    return oct_batcher_take(&bench.batcher, now_us, idle, busy, false, batch, recheck_us);
}

START_TEST(nothing_waits_and_nothing_is_taken)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    ck_assert(!take(0, 1, 0, &batch, &recheck_us));
    ck_assert_uint_eq(recheck_us, OCT_CLOCK_NEVER);
}
END_TEST

START_TEST(a_lone_request_leaves_at_once)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    struct oct_ticket *ticket = add(&queue, 1);
    ck_assert(take(0, 4, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.first, ticket);
    ck_assert_uint_eq(batch.n_tickets, 1);
    ck_assert(!queue.in_ring);
    ck_assert(!take(0, 4, 0, &batch, &recheck_us));
}
END_TEST

START_TEST(full_batch_leaves_at_once)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(1000000); // even with a delay, and with others busy
    struct oct_batch_queue queue = make_queue("m", true);
    for (int i = 0; i < 10; i++) {
        add(&queue, 1);
    }
    ck_assert(take(0, 1, 3, &batch, &recheck_us));
    ck_assert_uint_eq(batch.n_tickets, 8);
    ck_assert_int_eq(batch.rows, 8);
    ck_assert_uint_eq(length_of(batch.first), 8);
    ck_assert_uint_eq(queue.n_requests, 2);
}
END_TEST

START_TEST(batch_never_exceeds_its_rows)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    add(&queue, 5);
    add(&queue, 3);
    add(&queue, 4);
    add(&queue, 1);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_int_eq(batch.rows, 8);
    ck_assert_uint_eq(batch.n_tickets, 2);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_int_eq(batch.rows, 5);
}
END_TEST

START_TEST(order_within_a_model_is_kept)
{
    // A small request does not overtake a larger one that does not fit.
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    add(&queue, 5);
    struct oct_ticket *second = add(&queue, 6);
    struct oct_ticket *third = add(&queue, 1);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_uint_eq(batch.n_tickets, 1);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.first, second);
    ck_assert_ptr_eq(batch.first->next, third);
}
END_TEST

START_TEST(rows_dependent_model_is_never_merged)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(1000);
    struct oct_batch_queue queue = make_queue("m", false);
    add(&queue, 1);
    add(&queue, 1);
    for (int i = 0; i < 2; i++) {
        ck_assert(take(0, 1, 1, &batch, &recheck_us)); // and never waits for company it cannot have
        ck_assert_uint_eq(batch.n_tickets, 1);
    }
    ck_assert(!take(0, 1, 1, &batch, &recheck_us));
}
END_TEST

START_TEST(request_larger_than_a_batch_goes_alone)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    add(&queue, 100);
    add(&queue, 1);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_uint_eq(batch.n_tickets, 1);
    ck_assert_int_eq(batch.rows, 100);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_int_eq(batch.rows, 1);
}
END_TEST

START_TEST(idle_workers_share_what_waits)
{
    static const struct {
        int waiting;
        unsigned idle;
        int64_t expected;
    } table[] = {{8, 2, 4}, {7, 2, 4}, {3, 4, 1}, {8, 8, 1}, {16, 2, 8}, {5, 3, 2}, {1, 3, 1}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct oct_batch batch;
        uint64_t recheck_us;
        begin(0);
        struct oct_batch_queue queue = make_queue("m", true);
        for (int j = 0; j < table[i].waiting; j++) {
            add(&queue, 1);
        }
        ck_assert(take(0, table[i].idle, 0, &batch, &recheck_us));
        ck_assert_int_eq(batch.rows, table[i].expected);
    }
}
END_TEST

START_TEST(models_take_turns)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue a = make_queue("a", true);
    struct oct_batch_queue b = make_queue("b", true);
    for (int i = 0; i < 24; i++) {
        add(&a, 1);
    }
    add(&b, 1);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &a);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &b);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &a);
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &a);
    ck_assert(!take(0, 1, 0, &batch, &recheck_us));
}
END_TEST

START_TEST(delay_is_used_only_while_others_are_busy)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(500);
    struct oct_batch_queue queue = make_queue("m", true);
    add_with(&queue, 1, 1000, OCT_CLOCK_NEVER);
    ck_assert(!take(1100, 1, 1, &batch, &recheck_us));
    ck_assert_uint_eq(recheck_us, 400);
    ck_assert(!take(1499, 1, 1, &batch, &recheck_us));
    ck_assert_uint_eq(recheck_us, 1);
    ck_assert(take(1499, 1, 0, &batch, &recheck_us)); // nobody else works: no reason to wait
    add_with(&queue, 1, 1500, OCT_CLOCK_NEVER);
    ck_assert(take(2000, 1, 1, &batch, &recheck_us)); // waited long enough
}
END_TEST

START_TEST(stopping_does_not_wait_for_company)
{
    struct oct_batch batch;
    uint64_t recheck_us = OCT_CLOCK_NEVER;
    begin(500);
    struct oct_batch_queue queue = make_queue("m", true);
    add_with(&queue, 1, 1000, OCT_CLOCK_NEVER);
    ck_assert(oct_batcher_take(&bench.batcher, 1000, 1, 1, true, &batch, &recheck_us));
}
END_TEST

START_TEST(a_model_that_waits_for_company_does_not_hold_up_others)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(500);
    struct oct_batch_queue slow = make_queue("slow", true);
    struct oct_batch_queue lone = make_queue("lone", false);
    add_with(&slow, 1, 0, OCT_CLOCK_NEVER);
    add_with(&lone, 1, 0, OCT_CLOCK_NEVER);
    ck_assert(take(100, 1, 1, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &lone);
    ck_assert(!take(100, 1, 1, &batch, &recheck_us));
    ck_assert(take(500, 1, 1, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &slow);
}
END_TEST

START_TEST(expired_ticket_is_dropped)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    struct oct_ticket *late = add_with(&queue, 1, 0, 100);
    struct oct_ticket *good = add_with(&queue, 1, 0, 101);
    struct oct_ticket *late_too = add_with(&queue, 1, 0, 50);
    ck_assert(take(100, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.first, good);
    ck_assert_uint_eq(batch.n_tickets, 1);
    ck_assert_uint_eq(length_of(batch.dropped), 2);
    ck_assert_int_eq(late->dropped, OCT_ERR_DEADLINE);
    ck_assert_int_eq(late_too->dropped, OCT_ERR_DEADLINE);
    ck_assert_uint_eq(bench.batcher.n_waiting, 0);
}
END_TEST

START_TEST(gone_client_is_dropped)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    struct oct_ticket *left = add(&queue, 1);
    bench.gone[0] = true;
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_null(batch.queue);
    ck_assert_ptr_eq(batch.dropped, left);
    ck_assert_int_eq(left->dropped, OCT_ERR_CANCELLED);
    ck_assert(!queue.in_ring);
}
END_TEST

START_TEST(a_dead_queue_does_not_hide_a_living_one)
{
    struct oct_batch batch;
    uint64_t recheck_us;
    begin(0);
    struct oct_batch_queue a = make_queue("a", true);
    struct oct_batch_queue b = make_queue("b", true);
    add(&a, 1);
    add(&b, 1);
    bench.gone[0] = true;
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_ptr_eq(batch.queue, &b);
    ck_assert_uint_eq(length_of(batch.dropped), 1);
    ck_assert(!a.in_ring && !b.in_ring);
}
END_TEST

START_TEST(queue_is_bounded_by_requests)
{
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    struct oct_ticket ticket = {.rows = 1, .bytes = 1, .deadline_us = OCT_CLOCK_NEVER};
    unsigned retry = 0;
    for (int i = 0; i < 16; i++) {
        ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &queue, &ticket, 2, 0, &retry, NULL));
        add(&queue, 1);
    }
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &ticket, 2, 0, &retry, &error));
    ck_assert_error_says(&error, "16 requests wait");
    ck_assert_uint_eq(retry, OCT_RETRY_MIN_S);
}
END_TEST

START_TEST(queue_is_bounded_by_bytes)
{
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    struct oct_ticket huge = {.rows = 1, .bytes = SIZE_MAX, .deadline_us = OCT_CLOCK_NEVER};
    struct oct_ticket ticket = {.rows = 1, .bytes = 990, .deadline_us = OCT_CLOCK_NEVER};
    unsigned retry = 0;
    ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &queue, &huge, 1, 0, &retry, NULL)); // alone it may pass
    add(&queue, 1);
    ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &queue, &ticket, 1, 0, &retry, NULL));
    ticket.bytes++;
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &ticket, 1, 0, &retry, NULL));
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &huge, 1, 0, &retry, NULL));
}
END_TEST

START_TEST(a_deadline_out_of_reach_is_refused_with_the_time_to_wait)
{
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    unsigned retry = 0;
    oct_batch_queue_observe(&queue, 3000000, 1); // 3 s a row
    add(&queue, 1);
    add(&queue, 1); // 6 s of work before two workers
    struct oct_ticket ticket = {.rows = 1, .bytes = 1, .deadline_us = 2999999};
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &ticket, 2, 0, &retry, NULL));
    ck_assert_uint_eq(retry, 3);
    ticket.deadline_us = 3000000;
    ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &queue, &ticket, 2, 0, &retry, NULL));
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &ticket, 1, 0, &retry, NULL));
    ck_assert_uint_eq(retry, 6);
    ticket.deadline_us = 5;
    ck_assert_status(OCT_ERR_DEADLINE, oct_batcher_admit(&bench.batcher, &queue, &ticket, 2, 5, &retry, NULL));
}
END_TEST

START_TEST(work_of_other_models_counts_in_the_wait)
{
    begin(0);
    struct oct_batch_queue a = make_queue("a", true);
    struct oct_batch_queue b = make_queue("b", true);
    struct oct_batch batch;
    uint64_t recheck_us;
    unsigned retry = 0;
    oct_batch_queue_observe(&a, 1000000, 1);
    add(&a, 1);
    struct oct_ticket ticket = {.rows = 1, .bytes = 1, .deadline_us = 999999};
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &b, &ticket, 1, 0, &retry, NULL));
    ck_assert(take(0, 1, 0, &batch, &recheck_us));
    ck_assert_uint_eq(batch.expected_us, 1000000);
    // It runs now: half of it is still to come.
    ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &b, &ticket, 1, 0, &retry, NULL));
    ticket.deadline_us = 499999;
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &b, &ticket, 1, 0, &retry, NULL));
    oct_batcher_finish(&bench.batcher, batch.expected_us);
    ck_assert_status_ok(oct_batcher_admit(&bench.batcher, &b, &ticket, 1, 0, &retry, NULL));
}
END_TEST

START_TEST(retry_is_never_longer_than_a_minute)
{
    begin(0);
    struct oct_batch_queue queue = make_queue("m", true);
    unsigned retry = 0;
    oct_batch_queue_observe(&queue, UINT64_C(3600000000), 1);
    add(&queue, 8);
    struct oct_ticket ticket = {.rows = 1, .bytes = 1, .deadline_us = 1};
    ck_assert_status(OCT_ERR_BUSY, oct_batcher_admit(&bench.batcher, &queue, &ticket, 1, 0, &retry, NULL));
    ck_assert_uint_eq(retry, OCT_RETRY_MAX_S);
}
END_TEST

START_TEST(the_keeper_finds_expired_tickets_anywhere)
{
    begin(0);
    struct oct_batch_queue a = make_queue("a", true);
    struct oct_batch_queue b = make_queue("b", true);
    uint64_t next_us = 0;
    ck_assert_ptr_null(oct_batcher_take_expired(&bench.batcher, 0, &next_us));
    ck_assert_uint_eq(next_us, OCT_CLOCK_NEVER);
    add_with(&a, 1, 0, 100);
    add_with(&b, 1, 0, 300);
    add_with(&b, 1, 0, 100);
    add_with(&b, 1, 0, 200);
    ck_assert_ptr_null(oct_batcher_take_expired(&bench.batcher, 99, &next_us));
    ck_assert_uint_eq(next_us, 100);
    struct oct_ticket *dropped = oct_batcher_take_expired(&bench.batcher, 100, &next_us);
    ck_assert_uint_eq(length_of(dropped), 2);
    ck_assert_int_eq(dropped->dropped, OCT_ERR_DEADLINE);
    ck_assert_uint_eq(next_us, 200);
    ck_assert(!a.in_ring && b.in_ring);
    ck_assert_uint_eq(b.n_requests, 2);
    ck_assert_int_eq(b.n_rows, 2);
    ck_assert_uint_eq(length_of(oct_batcher_take_expired(&bench.batcher, 400, &next_us)), 2);
    ck_assert_uint_eq(bench.batcher.n_waiting, 0);
    ck_assert_ptr_null(bench.batcher.head);
    ck_assert_ptr_null(b.tail);
}
END_TEST

START_TEST(take_all_empties_every_queue)
{
    begin(0);
    struct oct_batch_queue a = make_queue("a", true);
    struct oct_batch_queue b = make_queue("b", true);
    add(&a, 1);
    add(&b, 2);
    add(&a, 3);
    struct oct_ticket *all = oct_batcher_take_all(&bench.batcher, OCT_ERR_UNAVAILABLE);
    ck_assert_uint_eq(length_of(all), 3);
    for (; all != NULL; all = all->next) {
        ck_assert_int_eq(all->dropped, OCT_ERR_UNAVAILABLE);
    }
    ck_assert_uint_eq(bench.batcher.n_waiting, 0);
    ck_assert_uint_eq(a.n_bytes, 0);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *taking = oct_case(suite, "taking");
    tcase_add_test(taking, nothing_waits_and_nothing_is_taken);
    tcase_add_test(taking, a_lone_request_leaves_at_once);
    tcase_add_test(taking, full_batch_leaves_at_once);
    tcase_add_test(taking, batch_never_exceeds_its_rows);
    tcase_add_test(taking, order_within_a_model_is_kept);
    tcase_add_test(taking, rows_dependent_model_is_never_merged);
    tcase_add_test(taking, request_larger_than_a_batch_goes_alone);
    tcase_add_test(taking, idle_workers_share_what_waits);
    tcase_add_test(taking, models_take_turns);
    TCase *delay = oct_case(suite, "delay");
    tcase_add_test(delay, delay_is_used_only_while_others_are_busy);
    tcase_add_test(delay, stopping_does_not_wait_for_company);
    tcase_add_test(delay, a_model_that_waits_for_company_does_not_hold_up_others);
    TCase *dropping = oct_case(suite, "dropping");
    tcase_add_test(dropping, expired_ticket_is_dropped);
    tcase_add_test(dropping, gone_client_is_dropped);
    tcase_add_test(dropping, a_dead_queue_does_not_hide_a_living_one);
    tcase_add_test(dropping, the_keeper_finds_expired_tickets_anywhere);
    tcase_add_test(dropping, take_all_empties_every_queue);
    TCase *admission = oct_case(suite, "admission");
    tcase_add_test(admission, queue_is_bounded_by_requests);
    tcase_add_test(admission, queue_is_bounded_by_bytes);
    tcase_add_test(admission, a_deadline_out_of_reach_is_refused_with_the_time_to_wait);
    tcase_add_test(admission, work_of_other_models_counts_in_the_wait);
    tcase_add_test(admission, retry_is_never_longer_than_a_minute);
}

OCT_CHECK_MAIN("server/batch/batcher", add_tests)
