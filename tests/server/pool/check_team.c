// sched_getaffinity and the CPU_* macros are GNU extensions of <sched.h>.
#define _GNU_SOURCE

#include "tests/support/oct_check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "server/pool/clock.h"
#include "server/pool/cpus.h"
#include "server/pool/team.h"

#define MAX_THREADS 4

/// Parts that can only end when all have begun, and what each saw.
struct meeting {
    atomic_uint n_here;
    pthread_t threads[MAX_THREADS];
    int cores[MAX_THREADS]; ///< -1: may run on several
};

static void meet(void *argument, size_t index, size_t count)
{
    struct meeting *meeting = argument;
    cpu_set_t mask;
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof mask, &mask), 0);
    meeting->threads[index] = pthread_self();
    meeting->cores[index] = CPU_COUNT(&mask) == 1 ? sched_getcpu() : -1;
    atomic_fetch_add(&meeting->n_here, 1);
    uint64_t give_up_us = oct_clock_us() + 60000000;
    while (atomic_load(&meeting->n_here) < count && oct_clock_us() < give_up_us) {
        struct timespec moment = {.tv_nsec = 20000};
        nanosleep(&moment, NULL);
    }
}

START_TEST(every_part_has_a_thread_and_the_first_the_callers)
{
    for (size_t n = 1; n <= MAX_THREADS; n++) {
        struct oct_team *team = NULL;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_ok(oct_team_create(n, NULL, 0, &team, &error), &error);
        const struct oct_executor *executor = oct_team_executor(team);
        ck_assert_uint_eq(executor->width, n);
        for (unsigned turn = 0; turn < 20; turn++) {
            struct meeting meeting = {.n_here = 0};
            executor->parallel(executor->context, n, meet, &meeting);
            ck_assert_uint_eq(atomic_load(&meeting.n_here), n);
            ck_assert(pthread_equal(meeting.threads[0], pthread_self()));
            for (size_t i = 1; i < n; i++) {
                ck_assert(!pthread_equal(meeting.threads[i], meeting.threads[i - 1]));
            }
        }
        oct_team_destroy(team);
    }
}
END_TEST

START_TEST(its_threads_keep_to_their_cores)
{
    static struct oct_cpus cpus;
    oct_cpus_read("", &cpus);
    unsigned pins[2] = {4095, cpus.n_pins > 0 ? cpus.pins[cpus.n_pins - 1] : 0}; // the first is the caller's own matter
    struct oct_team *team = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_team_create(2, pins, 2, &team, &error), &error);
    struct meeting meeting = {.n_here = 0};
    const struct oct_executor *executor = oct_team_executor(team);
    executor->parallel(executor->context, 2, meet, &meeting);
    ck_assert_int_eq(meeting.cores[1], (int)pins[1]);
    oct_team_destroy(team);
}
END_TEST

START_TEST(what_cannot_be_had_is_refused)
{
    struct oct_team *team = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_error second = OCT_ERROR_INIT;
    const unsigned impossible = 4095;
    ck_assert_status(OCT_ERR_INVALID, oct_team_create(0, NULL, 0, &team, &error));
    ck_assert_error_says(&error, "expected 1..31");
    ck_assert_status(OCT_ERR_INVALID, oct_team_create(32, NULL, 0, &team, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_team_create(3, &impossible, 1, &team, &second));
    ck_assert_error_says(&second, "core 4095");
    ck_assert_ptr_null(team);
    oct_team_destroy(NULL);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *team = oct_case(suite, "team");
    tcase_add_test(team, every_part_has_a_thread_and_the_first_the_callers);
    tcase_add_test(team, its_threads_keep_to_their_cores);
    tcase_add_test(team, what_cannot_be_had_is_refused);
}

OCT_CHECK_MAIN("server/pool/team", add_tests)
