#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "server/loop/loop.h"
#include "tests/support/oct_check.h"

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

struct ticks {
    struct oct_loop *loop;
    struct oct_loop_timer *timer;
    int count, stop_after;
    struct timespec last;
};

static void tick(void *arg)
{
    struct ticks *ticks = arg;
    clock_gettime(CLOCK_MONOTONIC, &ticks->last);
    if (++ticks->count == ticks->stop_after) {
        oct_loop_timer_stop(ticks->timer);
        oct_loop_stop(ticks->loop);
    }
}

START_TEST(timers_fire_once_or_again_and_not_too_early)
{
    struct ticks ticks = {.loop = make_loop(), .stop_after = 1};
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_loop_timer_open(ticks.loop, tick, &ticks, &ticks.timer, &error), &error);
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    oct_loop_timer_start(ticks.timer, 20000, 0);
    oct_loop_run(ticks.loop);
    ck_assert_int_eq(ticks.count, 1);
    int64_t took_us = (ticks.last.tv_sec - began.tv_sec) * 1000000 + (ticks.last.tv_nsec - began.tv_nsec) / 1000;
    ck_assert_int_ge(took_us, 19000); // libuv counts whole milliseconds
    ticks.count = 0;
    ticks.stop_after = 5;
    oct_loop_timer_start(ticks.timer, 0, 1);
    oct_loop_run(ticks.loop);
    ck_assert_int_eq(ticks.count, 5);
    oct_loop_timer_close(ticks.timer);
    oct_loop_destroy(ticks.loop);
}
END_TEST

struct pipe_reader {
    struct oct_loop *loop;
    int fd;
    char text[16];
    size_t length;
};

static void read_some(void *arg)
{
    struct pipe_reader *reader = arg;
    // One byte a call: a level-triggered poll calls again for the rest.
    ssize_t n = read(reader->fd, reader->text + reader->length, 1);
    reader->length += n > 0 ? (size_t)n : 0;
    if (reader->length == 5) {
        oct_loop_stop(reader->loop);
    }
}

START_TEST(a_poll_calls_as_long_as_there_is_something_to_read)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    struct pipe_reader reader = {.loop = make_loop(), .fd = ends[0]};
    struct oct_loop_poll *poll = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_loop_poll_open(reader.loop, ends[0], read_some, &reader, &poll, &error), &error);
    start(reader.loop);
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    oct_loop_join(reader.loop);
    ck_assert(memcmp(reader.text, "hello", 5) == 0);
    oct_loop_poll_close(poll);
    oct_loop_destroy(reader.loop);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

struct caught {
    struct oct_loop *loop;
    int signal_number;
};

static void catch_signal(void *arg, int signal_number)
{
    struct caught *caught = arg;
    caught->signal_number = signal_number;
    oct_loop_stop(caught->loop);
}

START_TEST(a_signal_reaches_the_loop)
{
    struct caught caught = {.loop = make_loop()};
    struct oct_loop_signal *watch = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_loop_signal_open(caught.loop, SIGUSR1, catch_signal, &caught, &watch, &error), &error);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    oct_loop_run(caught.loop);
    ck_assert_int_eq(caught.signal_number, SIGUSR1);
    oct_loop_signal_close(watch);
    oct_loop_destroy(caught.loop);
}
END_TEST

static void never_called(void *arg)
{
    (void)arg;
    ck_abort();
}

START_TEST(a_descriptor_that_cannot_be_watched_is_reported)
{
    struct oct_loop *loop = make_loop();
    struct oct_loop_poll *poll = NULL;
    struct oct_loop_signal *watch = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_IO, oct_loop_poll_open(loop, 100000, never_called, NULL, &poll, &error));
    ck_assert_error_says(&error, "poll");
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_IO, oct_loop_signal_open(loop, SIGKILL, catch_signal, NULL, &watch, &error));
    ck_assert_error_says(&error, "signal");
    oct_loop_destroy(loop);
}
END_TEST

static void add(Suite *suite)
{
    TCase *handles = oct_case(suite, "handles");
    tcase_add_test(handles, timers_fire_once_or_again_and_not_too_early);
    tcase_add_test(handles, a_poll_calls_as_long_as_there_is_something_to_read);
    tcase_add_test(handles, a_signal_reaches_the_loop);
    tcase_add_test(handles, a_descriptor_that_cannot_be_watched_is_reported);
}

OCT_CHECK_MAIN("server/loop/handles", add)
