// pthread_getname_np, the CPU_* macros and gettid are Linux's: they need _GNU_SOURCE.
#define _GNU_SOURCE

#include "tests/support/oct_check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/pool/thread.h"

struct report {
    bool term_blocked, segv_blocked;
    char name[16];
    int niceness;
};

static void *look(void *argument)
{
    struct report *report = argument;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    report->term_blocked = sigismember(&mask, SIGTERM) == 1;
    report->segv_blocked = sigismember(&mask, SIGSEGV) == 1;
    oct_thread_name("octet-a-very-long-name");
    (void)pthread_getname_np(pthread_self(), report->name, sizeof report->name);
    oct_thread_lower_priority();
    errno = 0;
    report->niceness = getpriority(PRIO_PROCESS, (id_t)gettid());
    return NULL;
}

START_TEST(a_thread_of_ours_leaves_signals_to_the_main_one)
{
    sigset_t saved;
    sigset_t now;
    pthread_t thread;
    struct report report = {.niceness = -100};
    int before = getpriority(PRIO_PROCESS, (id_t)gettid());
    oct_thread_block_signals(&saved);
    ck_assert_int_eq(pthread_create(&thread, NULL, look, &report), 0);
    oct_thread_restore_signals(&saved);
    pthread_join(thread, NULL);
    ck_assert(report.term_blocked);
    ck_assert(!report.segv_blocked);
    ck_assert_str_eq(report.name, "octet-a-very-lo");
    ck_assert_int_ge(report.niceness, before);
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    ck_assert_int_eq(sigismember(&now, SIGTERM), sigismember(&saved, SIGTERM));
    ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)gettid()), before); // the maker's own stays
}
END_TEST

static void *stay(void *argument)
{
    cpu_set_t *mask = argument;
    CPU_ZERO(mask);
    if (oct_thread_pin(pthread_self(), 4095)) {
        return NULL;
    }
    if (oct_thread_pin(pthread_self(), (unsigned)sched_getcpu())) {
        (void)pthread_getaffinity_np(pthread_self(), sizeof *mask, mask);
    }
    return NULL;
}

START_TEST(a_pinned_thread_has_one_core)
{
    pthread_t thread;
    cpu_set_t mask;
    ck_assert_int_eq(pthread_create(&thread, NULL, stay, &mask), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(CPU_COUNT(&mask), 1);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *thread = oct_case(suite, "thread");
    tcase_add_test(thread, a_pinned_thread_has_one_core);
    tcase_add_test(thread, a_thread_of_ours_leaves_signals_to_the_main_one);
}

OCT_CHECK_MAIN("server/pool/thread", add_tests)
