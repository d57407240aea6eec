// sched_getcpu and pthread_getaffinity_np are Linux's: they need _GNU_SOURCE.
#define _GNU_SOURCE

#include "server/app/self_test.h"

#include <pthread.h>
#include <sched.h>

#include "server/pool/cpus.h"
#include "tests/support/oct_check.h"

static int calls;
static cpu_set_t seen;

static enum oct_status note_core(uint64_t cpu_features, struct oct_error *error)
{
    (void)error;
    ck_assert_uint_eq(cpu_features, 5);
    CPU_SET((size_t)sched_getcpu(), &seen);
    calls++;
    return OCT_OK;
}

static enum oct_status find_fault(uint64_t cpu_features, struct oct_error *error)
{
    (void)cpu_features;
    calls++;
    return oct_error_set(error, OCT_ERR_INTERNAL, "qgemm", OCT_POSITION_NONE, "computes other bytes");
}

static void begin(void)
{
    calls = 0;
    CPU_ZERO(&seen);
}

START_TEST(every_usable_core_is_tested)
{
    struct oct_cpus cpus;
    oct_cpus_read("", &cpus);
    ck_assert_status_ok(oct_app_self_test(note_core, 5, 0, NULL));
    ck_assert_int_eq(calls, cpus.n_pins >= cpus.usable ? (int)cpus.usable : 1);
    ck_assert_int_eq(CPU_COUNT(&seen), calls);
}
END_TEST

START_TEST(the_thread_may_run_where_it_might_before)
{
    cpu_set_t before, after;
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof before, &before), 0);
    ck_assert_status_ok(oct_app_self_test(note_core, 5, 1, NULL));
    ck_assert_int_eq(pthread_getaffinity_np(pthread_self(), sizeof after, &after), 0);
    ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

START_TEST(more_cores_than_there_are_is_one_test_anywhere)
{
    ck_assert_status_ok(oct_app_self_test(note_core, 5, OCT_CPUS_MAX + 1, NULL));
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(a_fault_ends_the_test_and_says_what_computed_wrongly)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INTERNAL, oct_app_self_test(find_fault, 5, 1, &error));
    ck_assert_int_eq(calls, 1);
    ck_assert_error_says(&error, "other bytes");
}
END_TEST

static void add(Suite *suite)
{
    TCase *tests = oct_case(suite, "self_test");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_test(tests, every_usable_core_is_tested);
    tcase_add_test(tests, the_thread_may_run_where_it_might_before);
    tcase_add_test(tests, more_cores_than_there_are_is_one_test_anywhere);
    tcase_add_test(tests, a_fault_ends_the_test_and_says_what_computed_wrongly);
}

OCT_CHECK_MAIN("server/app/self_test", add)
