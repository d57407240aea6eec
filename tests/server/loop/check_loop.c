#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "server/loop/loop.h"
#include "tests/support/oct_check.h"

#define N_THREADS 4
#define N_TASKS   2000

struct poster {
    struct oct_loop *loop;
    struct oct_loop_task tasks[N_TASKS];
    struct numbered {
        struct poster *poster;
        int number;
    } args[N_TASKS];
    int seen; ///< the loop's
    bool in_order;
    pthread_t thread;
};

struct shared {
    struct oct_loop *loop;
    atomic_int finished;
    atomic_int batches;
    atomic_int on_loop_thread;
};

static struct oct_loop *make_loop(void)
{
    struct oct_loop *loop = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_loop_create(&loop, &error), &error);
    return loop;
}

static void start(struct oct_loop *loop)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_loop_start(loop, "check", &error), &error);
}

static void count_task(void *arg)
{
    struct numbered *numbered = arg;
    numbered->poster->in_order = numbered->poster->in_order && numbered->number == numbered->poster->seen;
    numbered->poster->seen++;
}

static void count_batch(void *arg)
{
    atomic_fetch_add(&((struct shared *)arg)->batches, 1);
}

static void *post_all(void *arg)
{
    struct poster *poster = arg;
    for (int i = 0; i < N_TASKS; i++) {
        poster->args[i] = (struct numbered){poster, i};
        poster->tasks[i] = (struct oct_loop_task){.fn = count_task, .arg = &poster->args[i]};
        oct_loop_post(poster->loop, &poster->tasks[i]);
    }
    return NULL;
}

START_TEST(tasks_of_many_threads_all_run_each_thread_s_in_order)
{
    static struct poster posters[N_THREADS];
    struct shared shared = {.loop = make_loop()};
    oct_loop_set_batch_end(shared.loop, count_batch, &shared);
    start(shared.loop);
    for (size_t i = 0; i < N_THREADS; i++) {
        posters[i].loop = shared.loop;
        posters[i].in_order = true;
        ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
    }
    oct_loop_stop(shared.loop); // after what was posted before
    oct_loop_join(shared.loop);
    for (size_t i = 0; i < N_THREADS; i++) {
        ck_assert_int_eq(posters[i].seen, N_TASKS);
        ck_assert(posters[i].in_order);
    }
    int batches = atomic_load(&shared.batches);
    ck_assert(batches >= 1 && batches <= N_THREADS * N_TASKS);
    oct_loop_destroy(shared.loop);
}
END_TEST

static void note_thread(void *arg)
{
    struct shared *shared = arg;
    atomic_store(&shared->on_loop_thread, oct_loop_is_current(shared->loop) ? 1 : 2);
    oct_loop_stop(shared->loop);
}

START_TEST(a_loop_knows_its_thread)
{
    struct shared shared = {.loop = make_loop()};
    struct oct_loop_task task = {.fn = note_thread, .arg = &shared};
    ck_assert(!oct_loop_is_current(shared.loop));
    oct_loop_post(shared.loop, &task);
    oct_loop_run(shared.loop); // here, not on a thread of its own
    ck_assert_int_eq(atomic_load(&shared.on_loop_thread), 1);
    ck_assert(!oct_loop_is_current(shared.loop));
    oct_loop_post(shared.loop, &task);
    start(shared.loop); // and a second time
    oct_loop_join(shared.loop);
    ck_assert_int_eq(atomic_load(&shared.on_loop_thread), 1);
    oct_loop_destroy(shared.loop);
}
END_TEST

static void ignore_signal(void *arg, int signal_number)
{
    (void)arg;
    (void)signal_number;
}

START_TEST(a_loop_closes_what_was_left_open)
{
    struct shared shared = {.loop = make_loop()};
    struct oct_loop_timer *timer = NULL;
    struct oct_loop_poll *poll = NULL;
    struct oct_loop_signal *watch = NULL;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_status_ok(oct_loop_timer_open(shared.loop, note_thread, &shared, &timer, NULL));
    oct_loop_timer_start(timer, 1000000, 1000);
    ck_assert_status_ok(oct_loop_poll_open(shared.loop, ends[0], note_thread, &shared, &poll, NULL));
    ck_assert_status_ok(oct_loop_signal_open(shared.loop, SIGUSR2, ignore_signal, NULL, &watch, NULL));
    start(shared.loop);
    oct_loop_stop(shared.loop);
    oct_loop_destroy(shared.loop); // joins; a sanitizer sees to the rest
    close(ends[0]);
    close(ends[1]);
    oct_loop_destroy(NULL);
    oct_loop_timer_close(NULL);
    oct_loop_poll_close(NULL);
    oct_loop_signal_close(NULL);
    ck_assert_int_eq(atomic_load(&shared.on_loop_thread), 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *loop = oct_case(suite, "loop");
    tcase_add_test(loop, tasks_of_many_threads_all_run_each_thread_s_in_order);
    tcase_add_test(loop, a_loop_knows_its_thread);
    tcase_add_test(loop, a_loop_closes_what_was_left_open);
}

OCT_CHECK_MAIN("server/loop/loop", add)
