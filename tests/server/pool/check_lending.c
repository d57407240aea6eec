// Workers that take part in the runs of others: when they come, when they go, and how many threads ever run.
#include "tests/support/oct_check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "server/pool/clock.h"
#include "server/pool/pool.h"

enum kind { SMALL, LARGE };

struct yard {
    struct oct_pool *pool;
    unsigned waiting[2];       ///< per kind, under the pool's lock
    enum kind taken[8];        ///< by worker
    unsigned regions_of_large; ///< 0: until `end_large`
    atomic_bool end_large;
    atomic_uint small_done, large_done, large_begun, shared, unopened;
    atomic_uint running, most_running; ///< threads inside `run` or inside a part, each once
};

static bool take(void *context, unsigned worker, const struct oct_pool_load *load, uint64_t *recheck_us)
{
    struct yard *yard = context;
    (void)recheck_us;
    ck_assert_uint_ge(load->idle, 1);
    enum kind kind = yard->waiting[SMALL] > 0 ? SMALL : LARGE;
    if (yard->waiting[kind] == 0) {
        return false;
    }
    yard->waiting[kind]--;
    yard->taken[worker] = kind;
    return true;
}

static void begin(struct yard *yard)
{
    unsigned running = atomic_fetch_add(&yard->running, 1) + 1;
    unsigned most = atomic_load(&yard->most_running);
    while (running > most && !atomic_compare_exchange_weak(&yard->most_running, &most, running)) {
    }
}

static void end(struct yard *yard)
{
    atomic_fetch_sub(&yard->running, 1);
}

struct sums {
    struct yard *yard;
    pthread_t owner;
    uint64_t values[31]; ///< plain: the region orders the accesses
};

static void add_up(void *argument, size_t index, size_t count)
{
    struct sums *sums = argument;
    bool helps = !pthread_equal(pthread_self(), sums->owner); // the owner is counted already
    if (helps) {
        begin(sums->yard);
    }
    for (uint64_t i = 0; i < 2000; i++) {
        sums->values[index] += i * (index + 1) % (count + 7);
    }
    if (helps) {
        end(sums->yard);
    }
}

static void run_large(struct yard *yard, struct oct_worker *worker)
{
    const struct oct_executor *executor = oct_worker_open_run(worker);
    atomic_fetch_add(&yard->large_begun, 1);
    if (executor == NULL) {
        atomic_fetch_add(&yard->unopened, 1);
    }
    size_t width = executor == NULL ? 1 : executor->width;
    struct sums sums = {.yard = yard, .owner = pthread_self()};
    unsigned regions = yard->regions_of_large;
    for (unsigned i = 0; regions == 0 ? !atomic_load(&yard->end_large) : i < regions; i++) {
        if (executor == NULL) {
            add_up(&sums, 0, 1);
        } else {
            executor->parallel(executor->context, width, add_up, &sums);
        }
    }
    if (executor != NULL && oct_worker_close_run(worker)) {
        atomic_fetch_add(&yard->shared, 1);
    }
}

static void run(void *context, struct oct_worker *worker)
{
    struct yard *yard = context;
    begin(yard);
    if (yard->taken[oct_worker_index(worker)] == LARGE) {
        run_large(yard, worker);
        atomic_fetch_add(&yard->large_done, 1);
    } else {
        atomic_fetch_add(&yard->small_done, 1);
    }
    end(yard);
}

static void open_yard(struct yard *yard, unsigned n_workers)
{
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_pool_options options = {.n_workers = n_workers, .context = yard, .take = take, .run = run};
    ck_assert_ok(oct_pool_create(&options, &yard->pool, &error), &error);
}

static void bring(struct yard *yard, enum kind kind)
{
    oct_pool_lock(yard->pool);
    yard->waiting[kind]++;
    oct_pool_wake_locked(yard->pool);
    oct_pool_unlock(yard->pool);
}

static void wait_for(atomic_uint *counter, unsigned value)
{
    uint64_t give_up_us = oct_clock_us() + 60000000;
    while (atomic_load(counter) < value) {
        ck_assert_msg(oct_clock_us() < give_up_us, "only %u of %u happened", atomic_load(counter), value);
        struct timespec moment = {.tv_nsec = 200000};
        nanosleep(&moment, NULL);
    }
}

/// Waits until `n` workers are asleep or lent, one for each that has no work of its own.
static void wait_for_idle(struct yard *yard, unsigned n)
{
    for (uint64_t give_up_us = oct_clock_us() + 60000000;;) {
        oct_pool_lock(yard->pool);
        struct oct_pool_load load = oct_pool_load_locked(yard->pool);
        oct_pool_unlock(yard->pool);
        if (load.idle == n) {
            return;
        }
        ck_assert_msg(oct_clock_us() < give_up_us, "%u idle, not %u", load.idle, n);
    }
}

static void close_yard(struct yard *yard)
{
    oct_pool_stop(yard->pool, OCT_CLOCK_NEVER, NULL);
    oct_pool_destroy(yard->pool);
}

START_TEST(idle_workers_take_part_in_an_open_run)
{
    struct yard yard = {.regions_of_large = 0};
    open_yard(&yard, 3);
    wait_for_idle(&yard, 3);
    bring(&yard, LARGE);
    wait_for(&yard.most_running, 3); // the owner and both others at once
    atomic_store(&yard.end_large, true);
    wait_for(&yard.large_done, 1);
    close_yard(&yard);
    ck_assert_uint_eq(atomic_load(&yard.shared), 1);
    ck_assert_uint_eq(atomic_load(&yard.most_running), 3);
}
END_TEST

START_TEST(lent_workers_answer_what_comes_and_help_again)
{
    struct yard yard = {.regions_of_large = 0};
    open_yard(&yard, 3);
    wait_for_idle(&yard, 3);
    bring(&yard, LARGE);
    for (unsigned i = 1; i <= 50; i++) {
        atomic_store(&yard.most_running, 0);
        wait_for(&yard.most_running, 3); // all are in the run
        bring(&yard, SMALL);
        wait_for(&yard.small_done, i); // which goes on
    }
    ck_assert_uint_eq(atomic_load(&yard.large_done), 0);
    atomic_store(&yard.end_large, true);
    close_yard(&yard);
    ck_assert_uint_eq(atomic_load(&yard.large_done), 1);
}
END_TEST

START_TEST(every_lent_worker_comes_when_enough_waits)
{
    struct yard yard = {.regions_of_large = 0};
    open_yard(&yard, 4);
    wait_for_idle(&yard, 4);
    for (unsigned i = 1; i <= 4; i++) { // runs that do not end: each needs a worker of its own
        bring(&yard, LARGE);
        wait_for(&yard.large_begun, i);
    }
    ck_assert_uint_le(atomic_load(&yard.most_running), 4);
    atomic_store(&yard.end_large, true);
    close_yard(&yard);
    ck_assert_uint_ge(atomic_load(&yard.unopened), 1); // the fourth found nobody idle
}
END_TEST

START_TEST(no_more_threads_run_than_there_are_workers)
{
    for (unsigned n_workers = 1; n_workers <= 4; n_workers++) {
        struct yard yard = {.regions_of_large = 40};
        open_yard(&yard, n_workers);
        for (unsigned i = 0; i < 600; i++) {
            bring(&yard, i % 3 == 0 ? LARGE : SMALL);
            if (i % 50 == 0) {
                struct timespec moment = {.tv_nsec = 300000};
                nanosleep(&moment, NULL);
            }
        }
        close_yard(&yard);
        ck_assert_uint_eq(atomic_load(&yard.large_done), 200);
        ck_assert_uint_eq(atomic_load(&yard.small_done), 400);
        ck_assert_uint_le(atomic_load(&yard.most_running), n_workers);
        ck_assert(n_workers > 1 || atomic_load(&yard.unopened) == 200);
    }
}
END_TEST

START_TEST(a_stop_waits_for_a_run_with_helpers)
{
    struct yard yard = {.regions_of_large = 20000};
    open_yard(&yard, 2);
    wait_for_idle(&yard, 2);
    bring(&yard, LARGE);
    wait_for(&yard.most_running, 2);
    close_yard(&yard);
    ck_assert_uint_eq(atomic_load(&yard.large_done), 1);
    ck_assert_uint_eq(atomic_load(&yard.shared), 1);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *lending = oct_case(suite, "lending");
    tcase_add_test(lending, idle_workers_take_part_in_an_open_run);
    tcase_add_test(lending, lent_workers_answer_what_comes_and_help_again);
    tcase_add_test(lending, every_lent_worker_comes_when_enough_waits);
    tcase_add_test(lending, no_more_threads_run_than_there_are_workers);
    tcase_add_test(lending, a_stop_waits_for_a_run_with_helpers);
}

OCT_CHECK_MAIN("server/pool/lending", add_tests)
