// DESIGN: one list under a mutex and one uv_async per loop. libuv merges wake-ups, so the whole list is taken at once.
// The wake-up is sent under the mutex: a task that was seen has been announced completely, so a loop may be destroyed
// right after its last task without a poster still holding the handle. Rejected: a lock-free list; the lock is held for
// a few instructions and never across a callback.
#include "server/loop/loop_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

/// Its address tells threads apart without a system call.
static _Thread_local char thread_mark;

enum oct_status oct_loop_report(struct oct_error *error, int uv_error, const char *what)
{
    enum oct_status status = uv_error == UV_ENOMEM ? OCT_ERR_NOMEM : OCT_ERR_IO;
    return oct_error_set(error, status, what, OCT_POSITION_NONE, "%s", uv_strerror(uv_error));
}

static void run_tasks(uv_async_t *wake)
{
    struct oct_loop *loop = wake->data;
    uv_mutex_lock(&loop->mutex);
    struct oct_loop_task *task = loop->head;
    loop->head = loop->tail = NULL;
    bool stopping = loop->stopping;
    loop->stopping = false; // so that a stopped loop can run again
    uv_mutex_unlock(&loop->mutex);
    bool any = task != NULL;
    while (task != NULL) {
        struct oct_loop_task *next = task->next; // fn may free the task
        task->fn(task->arg);
        task = next;
    }
    if (any && loop->batch_end != NULL) {
        loop->batch_end(loop->batch_end_arg);
    }
    if (stopping) {
        uv_stop(&loop->uv);
    }
}

enum oct_status oct_loop_create(struct oct_loop **out, struct oct_error *error)
{
    struct oct_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "loop", OCT_POSITION_NONE, "out of memory");
    }
    int failed = uv_loop_init(&loop->uv);
    if (failed != 0) {
        free(loop);
        return oct_loop_report(error, failed, "event loop");
    }
    failed = uv_mutex_init(&loop->mutex);
    if (failed == 0) {
        failed = uv_async_init(&loop->uv, &loop->wake, run_tasks);
        if (failed != 0) {
            uv_mutex_destroy(&loop->mutex);
        }
    }
    if (failed != 0) {
        uv_loop_close(&loop->uv);
        free(loop);
        return oct_loop_report(error, failed, "event loop");
    }
    loop->wake.data = loop;
    *out = loop;
    return OCT_OK;
}

static void close_leftover(uv_handle_t *handle, void *arg)
{
    struct oct_loop *loop = arg;
    if (uv_is_closing(handle)) {
        return;
    }
    if (handle == (uv_handle_t *)&loop->wake) {
        uv_close(handle, NULL);
    } else {
        oct_loop_close_handle(handle);
    }
}

void oct_loop_destroy(struct oct_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    oct_loop_join(loop);
    uv_walk(&loop->uv, close_leftover, loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    uv_mutex_destroy(&loop->mutex);
    free(loop);
}

void oct_loop_run(struct oct_loop *loop)
{
    atomic_store(&loop->runner, &thread_mark);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    atomic_store(&loop->runner, NULL);
}

static void thread_main(void *arg)
{
    struct oct_loop *loop = arg;
    (void)prctl(PR_SET_NAME, loop->name, 0, 0, 0);
    oct_loop_run(loop);
}

enum oct_status oct_loop_start(struct oct_loop *loop, const char *name, struct oct_error *error)
{
    (void)snprintf(loop->name, sizeof loop->name, "%s", name);
    // A thread inherits the mask: there is no moment in which a signal could choose it.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = uv_thread_create(&loop->thread, thread_main, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return oct_loop_report(error, failed, "loop thread");
    }
    loop->has_thread = true;
    return OCT_OK;
}

void oct_loop_stop(struct oct_loop *loop)
{
    uv_mutex_lock(&loop->mutex);
    loop->stopping = true;
    uv_async_send(&loop->wake);
    uv_mutex_unlock(&loop->mutex);
}

void oct_loop_join(struct oct_loop *loop)
{
    if (loop->has_thread) {
        uv_thread_join(&loop->thread);
        loop->has_thread = false;
    }
}

void oct_loop_post(struct oct_loop *loop, struct oct_loop_task *task)
{
    task->next = NULL;
    uv_mutex_lock(&loop->mutex);
    if (loop->tail == NULL) {
        loop->head = task;
        uv_async_send(&loop->wake); // a list that was not empty has been announced already
    } else {
        loop->tail->next = task;
    }
    loop->tail = task;
    uv_mutex_unlock(&loop->mutex);
}

void oct_loop_set_batch_end(struct oct_loop *loop, oct_loop_fn fn, void *arg)
{
    loop->batch_end = fn;
    loop->batch_end_arg = arg;
}

bool oct_loop_is_current(const struct oct_loop *loop)
{
    return atomic_load(&loop->runner) == &thread_mark;
}
