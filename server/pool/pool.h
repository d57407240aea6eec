/// Worker threads: each with one engine session, pinned to a core when asked, all signals blocked. What a worker does
/// next is decided by its owner's `take`, called under the pool's one lock; so the owner's queues live under that lock
/// and a worker that becomes idle sees everything that waits. Knows nothing of requests or batches.
///
/// A worker may open a large run of its own to others: those that `take` leaves without work do parts of it, through
/// the executor, until work comes for them.
///
/// A pool also has one keeper: a thread that sleeps until the moment its own `take` asked for (deadlines of what
/// waits).
///
/// Threads: create, stop, destroy [one]; lock, unlock [any]; functions named _locked with the lock held.
/// Lifetime: `context` must live until oct_pool_stop has returned.
#ifndef OCTET_SERVER_POOL_POOL_H
#define OCTET_SERVER_POOL_POOL_H

#include "octet/executor.h"
#include "octet/session.h"

/// Each worker is a thread and an arena; more than this is a mistake in a configuration.
#define OCT_POOL_MAX_WORKERS 1024

struct oct_pool;
struct oct_worker;

/// What `take` may want to know.
struct oct_pool_load {
    unsigned idle; ///< workers without work of their own, the asking one and the lent ones included
    unsigned busy; ///< workers that run something
    bool stopping; ///< the pool ends as soon as nothing is left to take
};

struct oct_pool_options {
    unsigned n_workers;   ///< 1..OCT_POOL_MAX_WORKERS
    const unsigned *pins; ///< cores, in turn for workers 0, 1, ...; read by oct_pool_create only
    size_t n_pins;        ///< 0: not pinned
    void *context;
    /// Chooses work for `worker` and keeps it where `run` finds it. On false the worker sleeps until woken or, when
    /// *recheck_us was set, that many microseconds at most. [worker], lock held.
    bool (*take)(void *context, unsigned worker, const struct oct_pool_load *load, uint64_t *recheck_us);
    /// Does it. [worker], lock not held.
    void (*run)(void *context, struct oct_worker *worker);
    /// The same for the keeper; both NULL: no keeper.
    bool (*keep_take)(void *context, uint64_t *recheck_us);
    void (*keep_run)(void *context);
};

/// Errors: OCT_ERR_INVALID, OCT_ERR_NOMEM, OCT_ERR_IO (a thread could not be made). Workers ask `take` at once.
OCT_NODISCARD enum oct_status
oct_pool_create(const struct oct_pool_options *options, struct oct_pool **pool, struct oct_error *error);

void oct_pool_lock(struct oct_pool *pool);
void oct_pool_unlock(struct oct_pool *pool);
/// Wakes one idle worker if there is any, and calls back those that are lent.
void oct_pool_wake_locked(struct oct_pool *pool);
void oct_pool_wake_keeper_locked(struct oct_pool *pool);
struct oct_pool_load oct_pool_load_locked(const struct oct_pool *pool);
unsigned oct_pool_worker_count(const struct oct_pool *pool);
/// Workers whose pinning the system accepted.
unsigned oct_pool_pinned_count(struct oct_pool *pool);

/// Ends the threads once `take` finds nothing. When that has not happened at `deadline_us` (oct_clock_us), calls `late`
/// once without the lock: it should empty the queues; then waits for what runs. A second call does nothing.
void oct_pool_stop(struct oct_pool *pool, uint64_t deadline_us, void (*late)(void *context));
/// After oct_pool_stop. NULL is allowed.
void oct_pool_destroy(struct oct_pool *pool);

unsigned oct_worker_index(const struct oct_worker *worker);
/// The worker's own session. [worker]
struct oct_session *oct_worker_session(struct oct_worker *worker);

/// Lets idle workers take part in what the worker runs from now on. [worker], within `run`, lock not held: it is taken
/// for a moment.
/// @return the executor for oct_session_run(), as wide as workers were idle; NULL when none was, and nothing is open
const struct oct_executor *oct_worker_open_run(struct oct_worker *worker);
/// Ends what oct_worker_open_run() began, when that did not return NULL; before `run` returns.
/// @return whether another worker did a part of it
bool oct_worker_close_run(struct oct_worker *worker);

#endif
