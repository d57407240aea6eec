/// Runs one batch on a session: gathers the rows of all its tickets, runs the engine, scatters the outputs into one
/// answer per ticket, and completes each ticket. A request larger than a batch is run in slices.
///
/// Memory that cannot be had costs the request that needed it (OCT_ERR_NOMEM), never its neighbours: a merged batch
/// whose arena does not fit is run again one request at a time. Threads: [worker], with its own session.
#ifndef OCTET_SERVER_BATCH_RUN_H
#define OCTET_SERVER_BATCH_RUN_H

#include "octet/session.h"
#include "server/batch/batcher.h"

struct oct_batch_runner {
    const struct oct_allocator *allocator; ///< for answers and the outputs of slices; NULL: the default
    size_t max_answer_bytes;               ///< of one body, and of the outputs of one sliced request
    const struct oct_executor *executor;   ///< NULL: a batch runs on the calling thread
    const atomic_bool *cancel;             ///< when it turns true, sliced requests end between slices; may be NULL
};

/// Runs `batch->first...` of `batch->queue`, which the caller has retained. Every ticket's `done` has been called on
/// return.
void oct_batch_run(const struct oct_batch_runner *runner, struct oct_session *session, const struct oct_batch *batch);

/// Completes tickets that were dropped, each with its `dropped` status. `tickets` may be NULL.
void oct_batch_complete_dropped(struct oct_ticket *tickets);

#endif
