#include "server/batch/scheduler.h"

#include <stdlib.h>

#include "server/batch/run.h"
#include "server/pool/clock.h"
#include "server/pool/pool.h"

/// The keeper looks for expired tickets no more often than this: an answer that says "too late" may be a little late.
#define KEEPER_MIN_US ((uint64_t)1000)

/// A run that is expected to take less stays on its worker. Waking an idle one takes tens of microseconds: runs of 100
/// gained a lone client a fifth, but cost a few clients that took turns a twentieth of their throughput.
#define SPLIT_MIN_US ((uint64_t)200)

struct oct_scheduler {
    struct oct_pool *pool; ///< set once, before the first submit; workers never look at it
    struct oct_batch_runner runner;
    struct oct_metrics *metrics;
    atomic_bool cancel;
    unsigned n_workers;
    bool split;

    // Under the pool's lock.
    struct oct_batcher batcher;
    bool closed;
    uint64_t keeper_until_us; ///< when the keeper looks next
    struct oct_ticket *expired;

    struct oct_batch batches[]; ///< one per worker: what it runs
};

/// [worker], lock held.
static bool take(void *context, unsigned worker, const struct oct_pool_load *load, uint64_t *recheck_us)
{
    struct oct_scheduler *scheduler = context;
    struct oct_batch *batch = &scheduler->batches[worker];
    oct_batcher_finish(&scheduler->batcher, batch->expected_us);
    bool found = oct_batcher_take(&scheduler->batcher, oct_clock_us(), load->idle, load->busy, load->stopping, batch,
                                  recheck_us);
    if (batch->queue != NULL) {
        oct_batch_queue_retain(batch->queue);
    }
    return found;
}

/// [worker], lock not held.
static void run(void *context, struct oct_worker *worker)
{
    struct oct_scheduler *scheduler = context;
    const struct oct_batch *batch = &scheduler->batches[oct_worker_index(worker)];
    oct_batch_complete_dropped(batch->dropped);
    if (batch->queue == NULL) {
        return;
    }
    struct oct_batch_runner runner = scheduler->runner;
    bool large = scheduler->split && batch->expected_us >= SPLIT_MIN_US;
    runner.executor = large ? oct_worker_open_run(worker) : NULL;
    oct_metrics_add(scheduler->metrics, OCT_METRIC_WORKERS_BUSY, 1);
    oct_batch_run(&runner, oct_worker_session(worker), batch);
    oct_metrics_add(scheduler->metrics, OCT_METRIC_WORKERS_BUSY, -1);
    if (runner.executor != NULL && oct_worker_close_run(worker) && batch->queue->series != NULL) {
        oct_metrics_model_add(batch->queue->series, OCT_METRIC_INFER_SPLIT, 1);
    }
    oct_batch_queue_release(batch->queue);
}

/// [keeper], lock held.
static bool keep_take(void *context, uint64_t *recheck_us)
{
    struct oct_scheduler *scheduler = context;
    uint64_t now_us = oct_clock_us();
    uint64_t next_us = OCT_CLOCK_NEVER;
    scheduler->expired = oct_batcher_take_expired(&scheduler->batcher, now_us, &next_us);
    scheduler->keeper_until_us = next_us;
    if (next_us != OCT_CLOCK_NEVER) {
        uint64_t wait_us = next_us - now_us;
        *recheck_us = wait_us > KEEPER_MIN_US ? wait_us : KEEPER_MIN_US;
    }
    return scheduler->expired != NULL;
}

/// [keeper], lock not held; nobody else touches `expired`.
static void keep_run(void *context)
{
    struct oct_scheduler *scheduler = context;
    oct_batch_complete_dropped(scheduler->expired);
}

enum oct_status
oct_scheduler_create(const struct oct_scheduler_options *options, struct oct_scheduler **out, struct oct_error *error)
{
    *out = NULL;
    size_t n_batches = options->n_workers <= OCT_POOL_MAX_WORKERS ? options->n_workers : 0;
    struct oct_scheduler *scheduler = calloc(1, sizeof *scheduler + n_batches * sizeof scheduler->batches[0]);
    if (scheduler == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "scheduler", OCT_POSITION_NONE, "out of memory");
    }
    atomic_init(&scheduler->cancel, false);
    scheduler->runner = (struct oct_batch_runner){
        .allocator = options->allocator, .max_answer_bytes = options->max_answer_bytes, .cancel = &scheduler->cancel};
    scheduler->metrics = options->metrics;
    scheduler->n_workers = options->n_workers;
    scheduler->split = options->split;
    scheduler->keeper_until_us = OCT_CLOCK_NEVER;
    oct_batcher_init(&scheduler->batcher, options->max_delay_us);
    const struct oct_pool_options pool = {.n_workers = options->n_workers,
                                          .pins = options->pins,
                                          .n_pins = options->n_pins,
                                          .context = scheduler,
                                          .take = take,
                                          .run = run,
                                          .keep_take = keep_take,
                                          .keep_run = keep_run};
    enum oct_status status = oct_pool_create(&pool, &scheduler->pool, error);
    if (status != OCT_OK) {
        free(scheduler);
        return status;
    }
    oct_metrics_set(scheduler->metrics, OCT_METRIC_WORKERS, (int64_t)options->n_workers);
    *out = scheduler;
    return OCT_OK;
}

enum oct_status oct_scheduler_submit(struct oct_scheduler *scheduler,
                                     struct oct_batch_queue *queue,
                                     struct oct_ticket *ticket,
                                     unsigned *retry_after_s,
                                     struct oct_error *error)
{
    *retry_after_s = OCT_RETRY_MIN_S;
    uint64_t now_us = oct_clock_us();
    enum oct_status status = OCT_OK;
    oct_pool_lock(scheduler->pool);
    if (scheduler->closed) {
        status = oct_error_set(error, OCT_ERR_UNAVAILABLE, "", OCT_POSITION_NONE, "the server is stopping");
    } else {
        status =
            oct_batcher_admit(&scheduler->batcher, queue, ticket, scheduler->n_workers, now_us, retry_after_s, error);
    }
    if (status == OCT_OK) {
        oct_batcher_push(&scheduler->batcher, queue, ticket, now_us);
        if (ticket->deadline_us < scheduler->keeper_until_us) {
            scheduler->keeper_until_us = ticket->deadline_us;
            oct_pool_wake_keeper_locked(scheduler->pool);
        }
        oct_pool_wake_locked(scheduler->pool);
    } else if (status == OCT_ERR_BUSY && queue->series != NULL) {
        oct_metrics_model_add(queue->series, OCT_METRIC_INFER_REJECTED, 1);
    }
    oct_pool_unlock(scheduler->pool);
    return status;
}

unsigned oct_scheduler_workers(const struct oct_scheduler *scheduler)
{
    return scheduler->n_workers;
}

static void answer_the_rest(void *context)
{
    struct oct_scheduler *scheduler = context;
    atomic_store_explicit(&scheduler->cancel, true, memory_order_relaxed);
    oct_pool_lock(scheduler->pool);
    struct oct_ticket *rest = oct_batcher_take_all(&scheduler->batcher, OCT_ERR_UNAVAILABLE);
    oct_pool_unlock(scheduler->pool);
    oct_batch_complete_dropped(rest);
}

void oct_scheduler_stop(struct oct_scheduler *scheduler, uint64_t deadline_us)
{
    oct_pool_lock(scheduler->pool);
    scheduler->closed = true;
    oct_pool_unlock(scheduler->pool);
    oct_pool_stop(scheduler->pool, deadline_us, answer_the_rest);
}

void oct_scheduler_destroy(struct oct_scheduler *scheduler)
{
    if (scheduler == NULL) {
        return;
    }
    oct_pool_destroy(scheduler->pool);
    free(scheduler);
}
