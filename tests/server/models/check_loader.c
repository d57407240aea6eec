#include "tests/support/oct_check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "server/models/loader.h"

struct errand {
    struct oct_loader_job job; ///< first
    atomic_uint *done;
    atomic_uint *refused;
    atomic_bool *hold;
    unsigned expected; ///< how many were done before
    bool in_order;
};

static void do_errand(struct oct_loader_job *job, bool stopping)
{
    struct errand *errand = (struct errand *)(void *)job;
    while (errand->hold != NULL && atomic_load(errand->hold)) {
        struct timespec moment = {.tv_nsec = 100000};
        nanosleep(&moment, NULL);
    }
    if (stopping) {
        atomic_fetch_add(errand->refused, 1);
    } else {
        errand->in_order = atomic_fetch_add(errand->done, 1) == errand->expected;
    }
}

static void *stop(void *argument)
{
    oct_loader_stop(argument);
    return NULL;
}

START_TEST(jobs_are_done_in_order_and_the_rest_is_refused)
{
    atomic_uint done = 0;
    atomic_uint refused = 0;
    atomic_bool hold = true;
    struct errand errands[20];
    struct oct_loader *loader = NULL;
    ck_assert_status_ok(oct_loader_create(&loader, NULL));
    for (unsigned i = 0; i < 20; i++) {
        errands[i] = (struct errand){.done = &done, .refused = &refused, .expected = i, .job.run = do_errand};
        errands[i].hold = i == 10 ? &hold : NULL;
    }
    for (unsigned i = 0; i < 19; i++) {
        oct_loader_submit(loader, &errands[i].job);
    }
    while (atomic_load(&done) < 10) {
        sched_yield();
    }
    ck_assert(!oct_loader_stopping(loader));
    pthread_t stopper;
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, loader), 0); // while job 10 is held
    while (!oct_loader_stopping(loader)) {
        sched_yield();
    }
    atomic_store(&hold, false);
    pthread_join(stopper, NULL);
    oct_loader_submit(loader, &errands[19].job); // after the end: at once
    ck_assert_uint_eq(atomic_load(&done) + atomic_load(&refused), 20);
    ck_assert_uint_ge(atomic_load(&refused), 9);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert(errands[i].in_order);
    }
    oct_loader_stop(loader);
    oct_loader_destroy(loader);
    oct_loader_destroy(NULL);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *loader = oct_case(suite, "loader");
    tcase_add_test(loader, jobs_are_done_in_order_and_the_rest_is_refused);
}

OCT_CHECK_MAIN("server/models/loader", add_tests)
