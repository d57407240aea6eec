#include "server/loop/loop_internal.h"

#include <stdlib.h>

#define US_PER_MS 1000

// The libuv handle comes first in each: closing knows the handle, and the handle's address is the storage's.
struct oct_loop_timer {
    uv_timer_t uv;
    oct_loop_fn fn;
    void *arg;
};

struct oct_loop_poll {
    uv_poll_t uv;
    oct_loop_fn fn;
    void *arg;
};

struct oct_loop_signal {
    uv_signal_t uv;
    oct_loop_signal_fn fn;
    void *arg;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

void oct_loop_close_handle(uv_handle_t *handle)
{
    uv_close(handle, free_handle);
}

static void *allocate(size_t bytes, const char *what, struct oct_error *error)
{
    void *block = calloc(1, bytes);
    if (block == NULL) {
        (void)oct_error_set(error, OCT_ERR_NOMEM, what, OCT_POSITION_NONE, "out of memory");
    }
    return block;
}

static uint64_t milliseconds(uint64_t us)
{
    return us / US_PER_MS + (us % US_PER_MS != 0);
}

static void on_timer(uv_timer_t *handle)
{
    struct oct_loop_timer *timer = (struct oct_loop_timer *)handle;
    timer->fn(timer->arg);
}

enum oct_status oct_loop_timer_open(
    struct oct_loop *loop, oct_loop_fn fn, void *arg, struct oct_loop_timer **out, struct oct_error *error)
{
    struct oct_loop_timer *timer = allocate(sizeof *timer, "timer", error);
    if (timer == NULL) {
        return OCT_ERR_NOMEM;
    }
    int failed = uv_timer_init(&loop->uv, &timer->uv);
    if (failed != 0) {
        free(timer);
        return oct_loop_report(error, failed, "timer");
    }
    timer->fn = fn;
    timer->arg = arg;
    *out = timer;
    return OCT_OK;
}

void oct_loop_timer_start(struct oct_loop_timer *timer, uint64_t delay_us, uint64_t repeat_us)
{
    // Delays count from libuv's own idea of now, which a long callback leaves behind.
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, milliseconds(delay_us), milliseconds(repeat_us));
}

void oct_loop_timer_stop(struct oct_loop_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

void oct_loop_timer_close(struct oct_loop_timer *timer)
{
    if (timer != NULL) {
        oct_loop_close_handle((uv_handle_t *)&timer->uv);
    }
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    // An error state is told by calling all the same: whoever reads the descriptor meets it there.
    (void)status;
    (void)events;
    struct oct_loop_poll *poll = (struct oct_loop_poll *)handle;
    poll->fn(poll->arg);
}

enum oct_status oct_loop_poll_open(
    struct oct_loop *loop, int fd, oct_loop_fn fn, void *arg, struct oct_loop_poll **out, struct oct_error *error)
{
    struct oct_loop_poll *poll = allocate(sizeof *poll, "poll", error);
    if (poll == NULL) {
        return OCT_ERR_NOMEM;
    }
    int failed = uv_poll_init(&loop->uv, &poll->uv, fd);
    if (failed != 0) {
        free(poll);
        return oct_loop_report(error, failed, "poll");
    }
    poll->fn = fn;
    poll->arg = arg;
    failed = uv_poll_start(&poll->uv, UV_READABLE, on_readable);
    if (failed != 0) {
        oct_loop_close_handle((uv_handle_t *)&poll->uv);
        return oct_loop_report(error, failed, "poll");
    }
    *out = poll;
    return OCT_OK;
}

void oct_loop_poll_close(struct oct_loop_poll *poll)
{
    if (poll != NULL) {
        uv_poll_stop(&poll->uv);
        oct_loop_close_handle((uv_handle_t *)&poll->uv);
    }
}

static void on_signal(uv_signal_t *handle, int signal_number)
{
    struct oct_loop_signal *watch = (struct oct_loop_signal *)handle;
    watch->fn(watch->arg, signal_number);
}

enum oct_status oct_loop_signal_open(struct oct_loop *loop,
                                     int signal_number,
                                     oct_loop_signal_fn fn,
                                     void *arg,
                                     struct oct_loop_signal **out,
                                     struct oct_error *error)
{
    struct oct_loop_signal *watch = allocate(sizeof *watch, "signal", error);
    if (watch == NULL) {
        return OCT_ERR_NOMEM;
    }
    int failed = uv_signal_init(&loop->uv, &watch->uv);
    if (failed != 0) {
        free(watch);
        return oct_loop_report(error, failed, "signal");
    }
    watch->fn = fn;
    watch->arg = arg;
    failed = uv_signal_start(&watch->uv, on_signal, signal_number);
    if (failed != 0) {
        oct_loop_close_handle((uv_handle_t *)&watch->uv);
        return oct_loop_report(error, failed, "signal");
    }
    *out = watch;
    return OCT_OK;
}

void oct_loop_signal_close(struct oct_loop_signal *watch)
{
    if (watch != NULL) {
        oct_loop_close_handle((uv_handle_t *)&watch->uv);
    }
}
