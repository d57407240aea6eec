/// The waiting line of one model version: first in, first out, bounded by requests and by bytes, with the measured cost
/// of a row. Threads: push, pop and reads with the pool's lock held; retain and release [any]; oct_batch_queue_observe
/// [worker].
#ifndef OCTET_SERVER_BATCH_QUEUE_H
#define OCTET_SERVER_BATCH_QUEUE_H

#include <stdatomic.h>

#include "server/batch/ticket.h"
#include "server/metrics/metrics.h"

struct oct_batch_queue_options {
    const char *model, *version; ///< copied
    struct oct_plan *plan;       ///< retained
    int64_t max_batch_rows;      ///< of a run; cut to the plan's; 0: the plan's
    size_t max_requests;         ///< waiting; > 0
    size_t max_bytes;            ///< waiting; a lone request may be larger
    uint64_t first_cost_ns;      ///< a guess at the cost of a row; 0: none, learnt by the first run
    struct oct_metrics *metrics; ///< borrowed; must outlive the queue; NULL: none
};

struct oct_batch_queue {
    atomic_size_t references;
    char *model, *version;
    struct oct_plan *plan;
    int64_t max_batch_rows;
    size_t max_requests, max_bytes;
    bool mergeable; ///< requests may share a run: rows are independent and every input is batched
    struct oct_metrics *metrics;
    struct oct_metrics_model *series; ///< may be NULL
    atomic_uint_fast64_t cost_ns;     ///< of one row, moving average; 0: unknown

    struct oct_ticket *head, *tail;
    size_t n_requests, n_bytes;
    int64_t n_rows;
    struct oct_batch_queue *next; ///< the batcher's ring
    bool in_ring;
};

/// Errors: OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_batch_queue_create(const struct oct_batch_queue_options *options,
                                                     struct oct_batch_queue **queue,
                                                     struct oct_error *error);
struct oct_batch_queue *oct_batch_queue_retain(struct oct_batch_queue *queue);
/// NULL is allowed. The last release frees the queue, which must be empty.
void oct_batch_queue_release(struct oct_batch_queue *queue);

/// Would `ticket` be over the bounds? OCT_ERR_BUSY says which.
OCT_NODISCARD enum oct_status
oct_batch_queue_check(const struct oct_batch_queue *queue, const struct oct_ticket *ticket, struct oct_error *error);
void oct_batch_queue_push(struct oct_batch_queue *queue, struct oct_ticket *ticket);
/// The oldest; NULL when empty.
struct oct_ticket *oct_batch_queue_pop(struct oct_batch_queue *queue);
/// Takes out the ticket after `previous` (NULL: the oldest), which must exist.
struct oct_ticket *oct_batch_queue_remove_after(struct oct_batch_queue *queue, struct oct_ticket *previous);

/// Records that `rows` took `elapsed_us`.
void oct_batch_queue_observe(struct oct_batch_queue *queue, uint64_t elapsed_us, int64_t rows);
/// Expected microseconds for `rows`; 0 while unknown.
uint64_t oct_batch_queue_expect_us(const struct oct_batch_queue *queue, int64_t rows);

#endif
