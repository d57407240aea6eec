/// The batching policy, apart from threads and time: who is admitted, and what an idle worker takes.
///
///   - Work conserving: what waits when a worker is idle leaves at once, as one batch of one model version. Only with
///     `max_delay_us` > 0, and only while other workers are busy, may a batch that is not full wait for company.
///   - A batch holds at most the queue's `max_batch_rows`, and at most its share when several workers are idle
///     (ceil(rows waiting / idle workers)): two halves on two cores beat one whole on one.
///   - Models whose rows are not independent go one request at a time. A request larger than a batch goes alone.
///   - Within a model first come, first served; between models in turn.
///   - Tickets past their deadline, or whose client has left, are dropped when they are met.
///   - Admission refuses at once what would wait in vain: a full queue, or an expected wait beyond the deadline.
///
/// Threads: [one] at a time: the caller's lock. Time is an argument.
#ifndef OCTET_SERVER_BATCH_BATCHER_H
#define OCTET_SERVER_BATCH_BATCHER_H

#include "server/batch/queue.h"

/// Bounds of Retry-After: under a second clients would only knock again, after a minute the estimate means nothing.
#define OCT_RETRY_MIN_S 1u
#define OCT_RETRY_MAX_S 60u

struct oct_batcher {
    uint64_t max_delay_us;
    struct oct_batch_queue *head, *tail; ///< queues that have tickets, in order of turn
    size_t n_waiting;
    uint64_t running_us; ///< expected cost of the batches that run now
};

/// What a worker takes away.
struct oct_batch {
    struct oct_batch_queue *queue; ///< NULL when there is nothing to run; borrowed: retain it before unlocking
    struct oct_ticket *first;      ///< chained by `next`
    size_t n_tickets;
    int64_t rows;
    uint64_t expected_us;       ///< give it back with oct_batcher_finish
    struct oct_ticket *dropped; ///< chained; to be answered with their `dropped` status
};

void oct_batcher_init(struct oct_batcher *batcher, uint64_t max_delay_us);

/// May `ticket` join `queue` now? OCT_ERR_BUSY with `retry_after_s` (always set then), OCT_ERR_DEADLINE when the
/// deadline has passed already.
OCT_NODISCARD enum oct_status oct_batcher_admit(const struct oct_batcher *batcher,
                                                const struct oct_batch_queue *queue,
                                                const struct oct_ticket *ticket,
                                                unsigned n_workers,
                                                uint64_t now_us,
                                                unsigned *retry_after_s,
                                                struct oct_error *error);
void oct_batcher_push(struct oct_batcher *batcher,
                      struct oct_batch_queue *queue,
                      struct oct_ticket *ticket,
                      uint64_t now_us);

/// What an idle worker does now.
/// @param idle, busy   workers; `idle` counts the asking one, >= 1
/// @param no_delay     leave at once whatever `max_delay_us` says (stopping)
/// @param[out] batch   valid when true is returned: something to run, something dropped, or both
/// @param[out] recheck_us  lowered to the time after which a waiting batch will leave anyway
bool oct_batcher_take(struct oct_batcher *batcher,
                      uint64_t now_us,
                      unsigned idle,
                      unsigned busy,
                      bool no_delay,
                      struct oct_batch *batch,
                      uint64_t *recheck_us);
/// The batch that was expected to cost `expected_us` has ended.
void oct_batcher_finish(struct oct_batcher *batcher, uint64_t expected_us);

/// Takes out everything past its deadline (chained, `dropped` set; NULL when none) and tells the next deadline
/// (OCT_CLOCK_NEVER when nothing waits).
struct oct_ticket *oct_batcher_take_expired(struct oct_batcher *batcher, uint64_t now_us, uint64_t *next_deadline_us);
/// Takes out everything with `dropped` = `reason`.
struct oct_ticket *oct_batcher_take_all(struct oct_batcher *batcher, enum oct_status reason);

#endif
