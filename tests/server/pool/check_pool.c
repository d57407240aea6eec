#include "tests/support/oct_check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "server/pool/clock.h"
#include "server/pool/cpus.h"
#include "server/pool/pool.h"

/// Work is a number of items; what a test wants to see is counted.
struct yard {
    struct oct_pool *pool;
    unsigned waiting;  ///< under the pool's lock
    unsigned delay_us; ///< take says "look again" until `open`
    bool open;
    atomic_uint ran, late, kept;
    atomic_bool hold; ///< items wait while it is set
    atomic_uint running, most_running;
    atomic_bool saw_signal_unblocked;
    unsigned keep_left;
};

static bool take(void *context, unsigned worker, const struct oct_pool_load *load, uint64_t *recheck_us)
{
    struct yard *yard = context;
    ck_assert_uint_lt(worker, OCT_POOL_MAX_WORKERS);
    ck_assert_uint_ge(load->idle, 1);
    if (yard->waiting > 0 && !yard->open && !load->stopping) {
        *recheck_us = yard->delay_us;
        yard->open = true;
        return false;
    }
    if (yard->waiting == 0) {
        return false;
    }
    yard->waiting--;
    return true;
}

static void run(void *context, struct oct_worker *worker)
{
    struct yard *yard = context;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    if (oct_worker_session(worker) == NULL || !sigismember(&mask, SIGTERM) || sigismember(&mask, SIGSEGV)) {
        atomic_store(&yard->saw_signal_unblocked, true);
    }
    unsigned running = atomic_fetch_add(&yard->running, 1) + 1;
    unsigned most = atomic_load(&yard->most_running);
    while (running > most && !atomic_compare_exchange_weak(&yard->most_running, &most, running)) {
    }
    while (atomic_load(&yard->hold)) {
        struct timespec moment = {.tv_nsec = 100000};
        nanosleep(&moment, NULL);
    }
    atomic_fetch_sub(&yard->running, 1);
    atomic_fetch_add(&yard->ran, 1);
}

static bool keep_take(void *context, uint64_t *recheck_us)
{
    struct yard *yard = context;
    (void)recheck_us;
    if (yard->keep_left == 0) {
        return false;
    }
    yard->keep_left--;
    return true;
}

static void keep_run(void *context)
{
    struct yard *yard = context;
    atomic_fetch_add(&yard->kept, 1);
}

static void give_up(void *context)
{
    struct yard *yard = context;
    atomic_fetch_add(&yard->late, 1);
    atomic_store(&yard->hold, false);
    oct_pool_lock(yard->pool);
    yard->waiting = 0;
    oct_pool_unlock(yard->pool);
}

static void open_yard(struct yard *yard, unsigned n_workers)
{
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_pool_options options = {.n_workers = n_workers,
                                             .context = yard,
                                             .take = take,
                                             .run = run,
                                             .keep_take = keep_take,
                                             .keep_run = keep_run};
    ck_assert_ok(oct_pool_create(&options, &yard->pool, &error), &error);
}

static void bring(struct yard *yard, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        oct_pool_lock(yard->pool);
        yard->waiting++;
        oct_pool_wake_locked(yard->pool);
        oct_pool_unlock(yard->pool);
    }
}

static void wait_for(atomic_uint *counter, unsigned value)
{
    uint64_t give_up_us = oct_clock_us() + 20000000;
    while (atomic_load(counter) < value) {
        ck_assert_msg(oct_clock_us() < give_up_us, "only %u of %u happened", atomic_load(counter), value);
        struct timespec moment = {.tv_nsec = 200000};
        nanosleep(&moment, NULL);
    }
}

START_TEST(everything_is_run_once_before_the_end)
{
    struct yard yard = {.open = true};
    open_yard(&yard, 3);
    bring(&yard, 500);
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, give_up);
    ck_assert_uint_eq(atomic_load(&yard.ran), 500);
    ck_assert_uint_eq(atomic_load(&yard.late), 0);
    ck_assert(!atomic_load(&yard.saw_signal_unblocked));
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(every_worker_gets_work_when_enough_waits)
{
    struct yard yard = {.open = true};
    atomic_store(&yard.hold, true);
    open_yard(&yard, 4);
    bring(&yard, 4);
    wait_for(&yard.most_running, 4);
    oct_pool_lock(yard.pool);
    struct oct_pool_load load = oct_pool_load_locked(yard.pool);
    oct_pool_unlock(yard.pool);
    ck_assert_uint_eq(load.busy, 4);
    ck_assert_uint_eq(load.idle, 0);
    atomic_store(&yard.hold, false);
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, give_up);
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(a_worker_looks_again_after_the_time_it_was_told)
{
    struct yard yard = {.delay_us = 1000}; // the first look says: in 1 ms
    open_yard(&yard, 1);
    bring(&yard, 1);
    wait_for(&yard.ran, 1);
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, give_up);
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(past_the_deadline_the_queue_is_given_up_once)
{
    struct yard yard = {.open = true};
    atomic_store(&yard.hold, true); // until give_up
    open_yard(&yard, 1);
    bring(&yard, 10);
    wait_for(&yard.most_running, 1);
    oct_pool_stop(yard.pool, oct_clock_us() + 20000, give_up);
    ck_assert_uint_eq(atomic_load(&yard.late), 1);
    ck_assert_uint_eq(atomic_load(&yard.ran), 1);
    oct_pool_stop(yard.pool, 0, give_up);
    ck_assert_uint_eq(atomic_load(&yard.late), 1);
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(the_keeper_works_while_workers_are_busy)
{
    struct yard yard = {.open = true};
    atomic_store(&yard.hold, true);
    open_yard(&yard, 1);
    bring(&yard, 1);
    wait_for(&yard.most_running, 1);
    oct_pool_lock(yard.pool);
    yard.keep_left = 3;
    oct_pool_wake_keeper_locked(yard.pool);
    oct_pool_unlock(yard.pool);
    wait_for(&yard.kept, 3);
    atomic_store(&yard.hold, false);
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, give_up);
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(workers_are_pinned_where_allowed)
{
    struct yard yard = {.open = true};
    unsigned impossible = 4095;
    struct oct_pool_options options = {
        .n_workers = 2, .pins = &impossible, .n_pins = 1, .context = &yard, .take = take, .run = run};
    ck_assert_status_ok(oct_pool_create(&options, &yard.pool, NULL));
    bring(&yard, 2); // a core that is not there costs the pinning, not the work
    wait_for(&yard.ran, 2);
    ck_assert_uint_eq(oct_pool_pinned_count(yard.pool), 0);
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, NULL);
    oct_pool_destroy(yard.pool);
    static struct oct_cpus cpus;
    oct_cpus_read("", &cpus);
    options.pins = cpus.pins;
    options.n_pins = cpus.n_pins;
    ck_assert_status_ok(oct_pool_create(&options, &yard.pool, NULL));
    oct_pool_stop(yard.pool, OCT_CLOCK_NEVER, NULL); // every worker has begun
    ck_assert_uint_eq(oct_pool_pinned_count(yard.pool), cpus.n_pins > 0 ? 2 : 0);
    oct_pool_destroy(yard.pool);
}
END_TEST

START_TEST(numbers_of_workers_are_checked)
{
    struct yard yard = {.open = true};
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_pool_options options = {.n_workers = 0, .context = &yard, .take = take, .run = run};
    ck_assert_status(OCT_ERR_INVALID, oct_pool_create(&options, &yard.pool, &error));
    ck_assert_error_says(&error, "expected 1..1024");
    options.n_workers = OCT_POOL_MAX_WORKERS + 1;
    ck_assert_status(OCT_ERR_INVALID, oct_pool_create(&options, &yard.pool, NULL));
    oct_pool_destroy(NULL);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *pool = oct_case(suite, "pool");
    tcase_add_test(pool, everything_is_run_once_before_the_end);
    tcase_add_test(pool, every_worker_gets_work_when_enough_waits);
    tcase_add_test(pool, a_worker_looks_again_after_the_time_it_was_told);
    tcase_add_test(pool, past_the_deadline_the_queue_is_given_up_once);
    tcase_add_test(pool, the_keeper_works_while_workers_are_busy);
    tcase_add_test(pool, workers_are_pinned_where_allowed);
    tcase_add_test(pool, numbers_of_workers_are_checked);
}

OCT_CHECK_MAIN("server/pool/pool", add_tests)
