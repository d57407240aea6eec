#include "server/batch/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/// Each new measurement counts for 1/8: follows a change of batch size within tens of runs, ignores one slow run.
#define COST_SHIFT 3

static bool every_input_is_batched(const struct oct_plan *plan)
{
    for (size_t i = 0; i < oct_plan_input_count(plan); i++) {
        if (!oct_plan_input(plan, i)->batched) {
            return false;
        }
    }
    return true;
}

enum oct_status oct_batch_queue_create(const struct oct_batch_queue_options *options,
                                       struct oct_batch_queue **out,
                                       struct oct_error *error)
{
    *out = NULL;
    struct oct_batch_queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "queue", OCT_POSITION_NONE, "out of memory");
    }
    atomic_init(&queue->references, 1);
    atomic_init(&queue->cost_ns, options->first_cost_ns);
    queue->model = strdup(options->model);
    queue->version = strdup(options->version);
    if (queue->model == NULL || queue->version == NULL) {
        oct_batch_queue_release(queue);
        return oct_error_set(error, OCT_ERR_NOMEM, "queue", OCT_POSITION_NONE, "out of memory");
    }
    queue->plan = oct_plan_retain(options->plan);
    int64_t plan_rows = oct_plan_max_rows(queue->plan);
    bool capped = options->max_batch_rows > 0 && options->max_batch_rows < plan_rows;
    queue->max_batch_rows = capped ? options->max_batch_rows : plan_rows;
    queue->max_requests = options->max_requests;
    queue->max_bytes = options->max_bytes;
    // A request's unbatched input is its own: two requests with such inputs cannot share a run. An unbatched output of
    // independent rows depends on no row, so it is everyone's.
    queue->mergeable = oct_plan_rows_independent(queue->plan, NULL) && every_input_is_batched(queue->plan);
    queue->metrics = options->metrics;
    if (queue->metrics != NULL) {
        queue->series = oct_metrics_model_get(queue->metrics, queue->model, queue->version);
    }
    *out = queue;
    return OCT_OK;
}

struct oct_batch_queue *oct_batch_queue_retain(struct oct_batch_queue *queue)
{
    atomic_fetch_add_explicit(&queue->references, 1, memory_order_relaxed);
    return queue;
}

void oct_batch_queue_release(struct oct_batch_queue *queue)
{
    if (queue == NULL || atomic_fetch_sub_explicit(&queue->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    assert(queue->head == NULL && !queue->in_ring);
    if (queue->series != NULL) {
        oct_metrics_model_release(queue->metrics, queue->series);
    }
    oct_plan_release(queue->plan);
    free(queue->model);
    free(queue->version);
    free(queue);
}

enum oct_status
oct_batch_queue_check(const struct oct_batch_queue *queue, const struct oct_ticket *ticket, struct oct_error *error)
{
    if (queue->n_requests >= queue->max_requests) {
        return oct_error_set(error, OCT_ERR_BUSY, queue->model, OCT_POSITION_NONE,
                             "the queue is full: %zu requests wait", queue->n_requests);
    }
    bool over = ticket->bytes > queue->max_bytes || queue->n_bytes > queue->max_bytes - ticket->bytes;
    if (over && queue->n_requests > 0) {
        return oct_error_set(error, OCT_ERR_BUSY, queue->model, OCT_POSITION_NONE,
                             "the queue is full: %zu bytes wait and the limit is %zu", queue->n_bytes,
                             queue->max_bytes);
    }
    return OCT_OK;
}

static void count(struct oct_batch_queue *queue, int64_t change)
{
    if (queue->series != NULL) {
        oct_metrics_model_add(queue->series, OCT_METRIC_QUEUE_DEPTH, change);
    }
}

void oct_batch_queue_push(struct oct_batch_queue *queue, struct oct_ticket *ticket)
{
    ticket->queue = queue;
    ticket->next = NULL;
    if (queue->tail == NULL) {
        queue->head = ticket;
    } else {
        queue->tail->next = ticket;
    }
    queue->tail = ticket;
    queue->n_requests++;
    queue->n_bytes += ticket->bytes;
    queue->n_rows += ticket->rows;
    count(queue, 1);
}

struct oct_ticket *oct_batch_queue_remove_after(struct oct_batch_queue *queue, struct oct_ticket *previous)
{
    struct oct_ticket *ticket = previous == NULL ? queue->head : previous->next;
    assert(ticket != NULL);
    if (previous == NULL) {
        queue->head = ticket->next;
    } else {
        previous->next = ticket->next;
    }
    if (queue->tail == ticket) {
        queue->tail = previous;
    }
    ticket->next = NULL;
    queue->n_requests--;
    queue->n_bytes -= ticket->bytes;
    queue->n_rows -= ticket->rows;
    count(queue, -1);
    return ticket;
}

struct oct_ticket *oct_batch_queue_pop(struct oct_batch_queue *queue)
{
    return queue->head == NULL ? NULL : oct_batch_queue_remove_after(queue, NULL);
}

void oct_batch_queue_observe(struct oct_batch_queue *queue, uint64_t elapsed_us, int64_t rows)
{
    // Two workers may overwrite one another's update: an average survives that.
    uint64_t sample = elapsed_us * 1000 / (uint64_t)rows;
    uint64_t cost = atomic_load_explicit(&queue->cost_ns, memory_order_relaxed);
    uint64_t next = cost == 0 ? sample : cost - (cost >> COST_SHIFT) + (sample >> COST_SHIFT);
    atomic_store_explicit(&queue->cost_ns, next > 0 ? next : 1, memory_order_relaxed);
}

uint64_t oct_batch_queue_expect_us(const struct oct_batch_queue *queue, int64_t rows)
{
    uint64_t cost = atomic_load_explicit(&queue->cost_ns, memory_order_relaxed);
    uint64_t product;
    // 1000 seconds a row and 2^31 rows stay below 2^64; beyond that the answer is "very long".
    return __builtin_mul_overflow(cost, (uint64_t)rows, &product) ? UINT64_MAX / 2000 : product / 1000;
}
