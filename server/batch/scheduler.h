/// The scheduler: queues and batching policy over the worker pool. One per process; model versions bring a queue each.
/// Threads: create, stop, destroy [one]; submit [any].
#ifndef OCTET_SERVER_BATCH_SCHEDULER_H
#define OCTET_SERVER_BATCH_SCHEDULER_H

#include "server/batch/batcher.h"

struct oct_scheduler;

struct oct_scheduler_options {
    unsigned n_workers;
    const unsigned *pins; ///< as of struct oct_pool_options
    size_t n_pins;
    bool split;                            ///< a large run may use idle workers; right when each worker can have a core
    uint64_t max_delay_us;                 ///< as of the batcher
    size_t max_answer_bytes;               ///< of one answer
    const struct oct_allocator *allocator; ///< for answers; thread-safe; NULL: the default
    struct oct_metrics *metrics;           ///< borrowed; NULL: none
};

/// Errors: as oct_pool_create.
OCT_NODISCARD enum oct_status oct_scheduler_create(const struct oct_scheduler_options *options,
                                                   struct oct_scheduler **scheduler,
                                                   struct oct_error *error);

/// Puts `ticket` in line. On OCT_OK it belongs to the scheduler until its `done`, which may be called before this
/// returns. Otherwise `done` is not called: OCT_ERR_BUSY with `retry_after_s`, OCT_ERR_DEADLINE, OCT_ERR_UNAVAILABLE
/// (stopping).
OCT_NODISCARD enum oct_status oct_scheduler_submit(struct oct_scheduler *scheduler,
                                                   struct oct_batch_queue *queue,
                                                   struct oct_ticket *ticket,
                                                   unsigned *retry_after_s,
                                                   struct oct_error *error);

unsigned oct_scheduler_workers(const struct oct_scheduler *scheduler);

/// Refuses new tickets, runs what waits until `deadline_us` (oct_clock_us), answers the rest OCT_ERR_UNAVAILABLE, ends
/// the threads. Every ticket is done on return.
void oct_scheduler_stop(struct oct_scheduler *scheduler, uint64_t deadline_us);
/// After stop. NULL is allowed.
void oct_scheduler_destroy(struct oct_scheduler *scheduler);

#endif
