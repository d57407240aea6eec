/// A ticket: one inference request between admission and answer. Layers above own it (usually inside a struct of
/// theirs) and hear of its end through `done`; this layer knows nothing of HTTP.
///
/// Lifetime: from a successful oct_scheduler_submit to the call of `done` the ticket, its request and the bytes the
/// request borrows belong to the scheduler; inside `done` they are the owner's again, and may be freed there.
#ifndef OCTET_SERVER_BATCH_TICKET_H
#define OCTET_SERVER_BATCH_TICKET_H

#include "octet/buffer.h"
#include "octet/proto/infer.h"

struct oct_batch_queue;
struct oct_ticket;

/// How a ticket ended.
struct oct_ticket_result {
    enum oct_status status;
    const struct oct_error *error; ///< never NULL; set when `status` is not OCT_OK
    struct oct_buffer *body;       ///< OCT_OK: the answer, to be taken (else it is freed afterwards)
    size_t header_length;          ///< OCT_OK: as of oct_infer_answer_write
};

struct oct_ticket {
    // Set by the owner before submitting.
    struct oct_infer_request *request; ///< bound to the queue's plan
    int64_t rows;                      ///< >= 1
    const char *id;                    ///< the answer's when the request has none; NULL: none
    size_t bytes;                      ///< held while it waits
    uint64_t complete_us;              ///< when the whole request had arrived
    uint64_t deadline_us;              ///< oct_clock_us; OCT_CLOCK_NEVER: none
    /// True when nobody waits for the answer any more. NULL: somebody does. Cheap; called with the pool's lock held.
    bool (*is_gone)(const struct oct_ticket *ticket);
    /// Called exactly once, without locks. [worker], or the keeper's or the stopping thread.
    void (*done)(struct oct_ticket *ticket, struct oct_ticket_result *result);

    // The scheduler's.
    struct oct_ticket *next;
    struct oct_batch_queue *queue;
    uint64_t enqueued_us;
    enum oct_status dropped; ///< why, in a list of dropped tickets
};

#endif
