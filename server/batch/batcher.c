#include "server/batch/batcher.h"

#include <assert.h>

void oct_batcher_init(struct oct_batcher *batcher, uint64_t max_delay_us)
{
    *batcher = (struct oct_batcher){.max_delay_us = max_delay_us};
}

static void append_to_ring(struct oct_batcher *batcher, struct oct_batch_queue *queue)
{
    queue->in_ring = true;
    queue->next = NULL;
    if (batcher->tail == NULL) {
        batcher->head = queue;
    } else {
        batcher->tail->next = queue;
    }
    batcher->tail = queue;
}

static void
remove_from_ring(struct oct_batcher *batcher, struct oct_batch_queue *queue, struct oct_batch_queue *previous)
{
    if (previous == NULL) {
        batcher->head = queue->next;
    } else {
        previous->next = queue->next;
    }
    if (batcher->tail == queue) {
        batcher->tail = previous;
    }
    queue->next = NULL;
    queue->in_ring = false;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/// Until a request that came now would be looked at: everything in front of it, shared by all workers; of what runs,
/// half is still to come on average.
static uint64_t expected_wait_us(const struct oct_batcher *batcher, unsigned n_workers)
{
    uint64_t total = batcher->running_us / 2;
    for (const struct oct_batch_queue *queue = batcher->head; queue != NULL; queue = queue->next) {
        total = add_capped(total, oct_batch_queue_expect_us(queue, queue->n_rows));
    }
    return total / n_workers;
}

static unsigned retry_seconds(uint64_t wait_us)
{
    uint64_t seconds = wait_us / 1000000 + (wait_us % 1000000 != 0 ? 1 : 0);
    if (seconds < OCT_RETRY_MIN_S) {
        return OCT_RETRY_MIN_S;
    }
    return seconds > OCT_RETRY_MAX_S ? OCT_RETRY_MAX_S : (unsigned)seconds;
}

enum oct_status oct_batcher_admit(const struct oct_batcher *batcher,
                                  const struct oct_batch_queue *queue,
                                  const struct oct_ticket *ticket,
                                  unsigned n_workers,
                                  uint64_t now_us,
                                  unsigned *retry_after_s,
                                  struct oct_error *error)
{
    if (now_us >= ticket->deadline_us) {
        return oct_error_set(error, OCT_ERR_DEADLINE, queue->model, OCT_POSITION_NONE,
                             "the deadline passed before the request could be queued");
    }
    uint64_t wait_us = expected_wait_us(batcher, n_workers);
    *retry_after_s = retry_seconds(wait_us);
    enum oct_status status = oct_batch_queue_check(queue, ticket, error);
    if (status == OCT_OK && wait_us > ticket->deadline_us - now_us) {
        status = oct_error_set(error, OCT_ERR_BUSY, queue->model, OCT_POSITION_NONE,
                               "the wait is expected to be %llu us, beyond the deadline in %llu us",
                               (unsigned long long)wait_us, (unsigned long long)(ticket->deadline_us - now_us));
    }
    return status;
}

void oct_batcher_push(struct oct_batcher *batcher,
                      struct oct_batch_queue *queue,
                      struct oct_ticket *ticket,
                      uint64_t now_us)
{
    ticket->enqueued_us = now_us;
    ticket->dropped = OCT_OK;
    oct_batch_queue_push(queue, ticket);
    batcher->n_waiting++;
    if (!queue->in_ring) {
        append_to_ring(batcher, queue);
    }
}

/// OCT_OK when the ticket should still be run.
static enum oct_status look_at(const struct oct_ticket *ticket, uint64_t now_us)
{
    if (now_us >= ticket->deadline_us) {
        return OCT_ERR_DEADLINE;
    }
    return ticket->is_gone != NULL && ticket->is_gone(ticket) ? OCT_ERR_CANCELLED : OCT_OK;
}

static struct oct_ticket *pop(struct oct_batcher *batcher, struct oct_batch_queue *queue)
{
    batcher->n_waiting--;
    return oct_batch_queue_pop(queue);
}

/// Drops dead tickets from the front; false when nothing is left.
static bool
drop_dead(struct oct_batcher *batcher, struct oct_batch_queue *queue, uint64_t now_us, struct oct_ticket **dropped)
{
    while (queue->head != NULL) {
        enum oct_status reason = look_at(queue->head, now_us);
        if (reason == OCT_OK) {
            return true;
        }
        struct oct_ticket *ticket = pop(batcher, queue);
        ticket->dropped = reason;
        ticket->next = *dropped;
        *dropped = ticket;
    }
    return false;
}

/// Microseconds the batch at the head of `queue` may still wait for company; 0: it leaves now.
static uint64_t delay_left(const struct oct_batcher *batcher, const struct oct_batch_queue *queue, uint64_t now_us)
{
    if (!queue->mergeable || queue->n_rows >= queue->max_batch_rows) {
        return 0;
    }
    uint64_t waited_us = now_us - queue->head->enqueued_us;
    return waited_us >= batcher->max_delay_us ? 0 : batcher->max_delay_us - waited_us;
}

static void fill(
    struct oct_batcher *batcher, struct oct_batch_queue *queue, uint64_t now_us, unsigned idle, struct oct_batch *batch)
{
    int64_t share = (queue->n_rows + (int64_t)idle - 1) / (int64_t)idle;
    int64_t target = share < queue->max_batch_rows ? share : queue->max_batch_rows;
    struct oct_ticket *last = NULL;
    do {
        struct oct_ticket *ticket = pop(batcher, queue);
        if (last == NULL) {
            batch->first = ticket;
        } else {
            last->next = ticket;
        }
        last = ticket;
        batch->n_tickets++;
        batch->rows += ticket->rows;
    } while (queue->mergeable && batch->rows < target && drop_dead(batcher, queue, now_us, &batch->dropped) &&
             queue->head->rows <= target - batch->rows);
    batch->queue = queue;
    batch->expected_us = oct_batch_queue_expect_us(queue, batch->rows);
    batcher->running_us = add_capped(batcher->running_us, batch->expected_us);
}

bool oct_batcher_take(struct oct_batcher *batcher,
                      uint64_t now_us,
                      unsigned idle,
                      unsigned busy,
                      bool no_delay,
                      struct oct_batch *batch,
                      uint64_t *recheck_us)
{
    assert(idle >= 1);
    *batch = (struct oct_batch){.queue = NULL};
    bool may_delay = batcher->max_delay_us > 0 && busy > 0 && !no_delay;
    struct oct_batch_queue *previous = NULL;
    struct oct_batch_queue *queue = batcher->head;
    while (queue != NULL && batch->queue == NULL) {
        struct oct_batch_queue *next = queue->next;
        uint64_t left_us = 0;
        if (drop_dead(batcher, queue, now_us, &batch->dropped)) {
            left_us = may_delay ? delay_left(batcher, queue, now_us) : 0;
            if (left_us == 0) {
                fill(batcher, queue, now_us, idle, batch);
            }
        }
        if (left_us > 0) {
            *recheck_us = left_us < *recheck_us ? left_us : *recheck_us;
            previous = queue;
        } else {
            // It had its turn, or has nothing left.
            remove_from_ring(batcher, queue, previous);
            if (queue->head != NULL) {
                append_to_ring(batcher, queue);
            }
        }
        queue = next;
    }
    return batch->queue != NULL || batch->dropped != NULL;
}

void oct_batcher_finish(struct oct_batcher *batcher, uint64_t expected_us)
{
    batcher->running_us -= expected_us < batcher->running_us ? expected_us : batcher->running_us;
}

struct oct_ticket *oct_batcher_take_expired(struct oct_batcher *batcher, uint64_t now_us, uint64_t *next_deadline_us)
{
    *next_deadline_us = UINT64_MAX;
    struct oct_ticket *dropped = NULL;
    struct oct_batch_queue *previous_queue = NULL;
    struct oct_batch_queue *queue = batcher->head;
    while (queue != NULL) {
        struct oct_batch_queue *next_queue = queue->next;
        struct oct_ticket *previous = NULL;
        struct oct_ticket *ticket = queue->head;
        while (ticket != NULL) {
            struct oct_ticket *next = ticket->next;
            if (now_us >= ticket->deadline_us) {
                oct_batch_queue_remove_after(queue, previous);
                batcher->n_waiting--;
                ticket->dropped = OCT_ERR_DEADLINE;
                ticket->next = dropped;
                dropped = ticket;
            } else {
                *next_deadline_us = ticket->deadline_us < *next_deadline_us ? ticket->deadline_us : *next_deadline_us;
                previous = ticket;
            }
            ticket = next;
        }
        if (queue->head == NULL) {
            remove_from_ring(batcher, queue, previous_queue);
        } else {
            previous_queue = queue;
        }
        queue = next_queue;
    }
    return dropped;
}

struct oct_ticket *oct_batcher_take_all(struct oct_batcher *batcher, enum oct_status reason)
{
    struct oct_ticket *dropped = NULL;
    while (batcher->head != NULL) {
        struct oct_batch_queue *queue = batcher->head;
        while (queue->head != NULL) {
            struct oct_ticket *ticket = pop(batcher, queue);
            ticket->dropped = reason;
            ticket->next = dropped;
            dropped = ticket;
        }
        remove_from_ring(batcher, queue, NULL);
    }
    return dropped;
}
