/// An I/O thread's event loop: the owner of <uv.h> for sockets, timers and signals (the worker pool has its own).
///
/// What for: one thread that waits for descriptors, timers and signals, and runs what other threads hand it. Not for:
/// work that takes long; a callback that blocks stalls every connection of its loop.
///
/// Threads: `post`, `stop` and `is_current` are [any]; `create`, `start`, `join` and `destroy` belong to one owner; all
/// else runs on the loop's thread, or on the owner's while the loop is not running. Lifetime: handles may be left open,
/// the loop closes them when it is destroyed; nothing may be posted after `join` returned.
#ifndef OCTET_SERVER_LOOP_LOOP_H
#define OCTET_SERVER_LOOP_LOOP_H

#include "octet/status.h"

struct oct_loop;
struct oct_loop_timer;
struct oct_loop_poll;
struct oct_loop_signal;

typedef void (*oct_loop_fn)(void *arg);

/// Work for the loop's thread. The caller's storage, so that handing over cannot fail; it must live until `fn` is
/// called and may be reused or freed from inside `fn`. Fill in `fn` and `arg`; `next` is the loop's.
struct oct_loop_task {
    oct_loop_fn fn;
    void *arg;
    struct oct_loop_task *next;
};

/// Errors: OCT_ERR_NOMEM, OCT_ERR_IO (descriptors).
OCT_NODISCARD enum oct_status oct_loop_create(struct oct_loop **loop, struct oct_error *error);
/// Closes what is still open. The loop must not be running. NULL is allowed.
void oct_loop_destroy(struct oct_loop *loop);

/// Runs the loop on a thread of its own, called `name` (at most 15 bytes are shown), all signals blocked in it.
/// Errors: OCT_ERR_IO (no thread).
OCT_NODISCARD enum oct_status oct_loop_start(struct oct_loop *loop, const char *name, struct oct_error *error);
/// Runs the loop on the calling thread until it is stopped.
void oct_loop_run(struct oct_loop *loop);
/// Asks the loop to return after the tasks posted before. [any]
void oct_loop_stop(struct oct_loop *loop);
/// Waits for the thread of oct_loop_start; returns at once when there is none.
void oct_loop_join(struct oct_loop *loop);

/// Runs the task soon on the loop's thread, in the order of posting. Never fails. [any]
void oct_loop_post(struct oct_loop *loop, struct oct_loop_task *task);
/// `fn` is called once after each batch of posted tasks: what is done once for many of them goes there.
void oct_loop_set_batch_end(struct oct_loop *loop, oct_loop_fn fn, void *arg);
/// True on the thread that runs the loop now. [any]
bool oct_loop_is_current(const struct oct_loop *loop);

/// Errors of the three opens: OCT_ERR_NOMEM, OCT_ERR_IO. The closes accept NULL; `fn` is not called afterwards.
OCT_NODISCARD enum oct_status oct_loop_timer_open(
    struct oct_loop *loop, oct_loop_fn fn, void *arg, struct oct_loop_timer **timer, struct oct_error *error);
/// Calls `fn` after `delay_us`, then every `repeat_us` when that is not 0. Both are rounded up to milliseconds; a delay
/// of 0 means the next turn of the loop, after descriptors were looked at. Starting again replaces what was set.
void oct_loop_timer_start(struct oct_loop_timer *timer, uint64_t delay_us, uint64_t repeat_us);
void oct_loop_timer_stop(struct oct_loop_timer *timer);
void oct_loop_timer_close(struct oct_loop_timer *timer);

/// Calls `fn` as long as `fd` is readable (level-triggered). Borrows `fd`: close the poll first.
OCT_NODISCARD enum oct_status oct_loop_poll_open(
    struct oct_loop *loop, int fd, oct_loop_fn fn, void *arg, struct oct_loop_poll **poll, struct oct_error *error);
void oct_loop_poll_close(struct oct_loop_poll *poll);

typedef void (*oct_loop_signal_fn)(void *arg, int signal_number);
/// Calls `fn` on the loop's thread when the process gets the signal. The former action returns at close.
OCT_NODISCARD enum oct_status oct_loop_signal_open(struct oct_loop *loop,
                                                   int signal_number,
                                                   oct_loop_signal_fn fn,
                                                   void *arg,
                                                   struct oct_loop_signal **watch,
                                                   struct oct_error *error);
void oct_loop_signal_close(struct oct_loop_signal *watch);

#endif
