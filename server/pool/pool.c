// DESIGN: own threads instead of uv_queue_work: the shared pool of libuv has no bound, no order between models and no
// memory per thread. One mutex for all: it is held for microseconds per batch, while a batch runs for hundreds; a lock
// per queue would make "an idle worker sees everything that waits" impossible to state.
//
// DESIGN: a large run is not given workers, they come: its worker opens it, and a worker that `take` leaves without
// work joins it instead of going to sleep. So work of one's own always goes first, nobody waits for a helper that is
// not there, and as helpers are workers, no more threads run than there are workers. They do not go back between two
// regions of a run (taking the lock and waking cost more than most layers), but any wake sends them back: they finish
// the part they are in, ask `take`, and join again when there was nothing for them. Joining and leaving need the lock,
// the regions of a run do not.
#include "server/pool/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <uv.h>

#include "server/pool/clock.h"
#include "server/pool/region.h"
#include "server/pool/thread.h"

/// A sleep is cut to this, so that its nanoseconds never overflow; a longer one simply looks again.
#define MAX_SLEEP_US ((uint64_t)3600 * 1000000)

struct oct_worker {
    struct oct_pool *pool;
    struct oct_session *session;
    uv_thread_t thread;
    unsigned index;
    bool pin;
    unsigned cpu; ///< when `pin`

    struct oct_region region;     ///< of this worker's own runs
    struct oct_executor executor; ///< over `region`
    uint64_t n_shared;            ///< the region's, when the run was opened
    // Under the pool's lock.
    bool open;      ///< idle workers may join the run
    unsigned slots; ///< bit s: a worker helps in slot s; bit 0: this worker itself
};

struct oct_pool {
    struct oct_pool_options options;
    uv_mutex_t lock;
    uv_cond_t work;                           ///< idle workers
    uv_cond_t keep;                           ///< the keeper
    uv_cond_t stopped;                        ///< oct_pool_stop
    unsigned idle, busy, lent, alive, pinned; ///< lent: neither idle nor busy
    unsigned n_open;                          ///< runs that idle workers may join
    bool stopping, joined;
    bool keeper_started;
    uv_thread_t keeper;
    unsigned n_started;
    struct oct_worker workers[]; ///< options.n_workers
};

static void sleep_on(uv_cond_t *condition, struct oct_pool *pool, uint64_t us)
{
    if (us == OCT_CLOCK_NEVER) {
        uv_cond_wait(condition, &pool->lock);
    } else {
        (void)uv_cond_timedwait(condition, &pool->lock, (us < MAX_SLEEP_US ? us : MAX_SLEEP_US) * 1000);
    }
}

/// The open run with the fewest helpers of those that have room; NULL when there is none.
static struct oct_worker *find_open(struct oct_pool *pool)
{
    struct oct_worker *found = NULL;
    for (unsigned i = 0; pool->n_open > 0 && i < pool->n_started; i++) {
        struct oct_worker *owner = &pool->workers[i];
        if (owner->open && (size_t)__builtin_popcount(owner->slots) < owner->executor.width &&
            (found == NULL || __builtin_popcount(owner->slots) < __builtin_popcount(found->slots))) {
            found = owner;
        }
    }
    return found;
}

/// Lends the calling worker to the run of `owner`, until that ends or somebody is wanted elsewhere. Called and left
/// with the lock held, which is free meanwhile.
static void help(struct oct_pool *pool, struct oct_worker *owner)
{
    unsigned slot = (unsigned)__builtin_ctz(~owner->slots);
    owner->slots |= 1u << slot;
    pool->idle--;
    pool->lent++;
    oct_region_admit(&owner->region); // nothing waits: who has not left yet may stay
    uv_mutex_unlock(&pool->lock);
    oct_region_help(&owner->region, slot);
    uv_mutex_lock(&pool->lock);
    owner->slots &= ~(1u << slot);
    pool->lent--;
    pool->idle++;
}

/// Every lent worker asks `take` as soon as it has finished the part it is in.
static void recall(struct oct_pool *pool)
{
    for (unsigned i = 0; i < pool->n_started; i++) {
        struct oct_worker *owner = &pool->workers[i];
        if ((owner->slots & ~1u) != 0) {
            oct_region_dismiss(&owner->region);
        }
    }
}

static void work(void *argument)
{
    struct oct_worker *worker = argument;
    struct oct_pool *pool = worker->pool;
    const struct oct_pool_options *options = &pool->options;
    char name[16]; // the system's bound
    snprintf(name, sizeof name, "octet-run-%u", worker->index % 10000);
    oct_thread_name(name);
    // Waits of tens of microseconds (max_queue_delay_us) would be rounded up by the default slack of 50.
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    bool pinned = worker->pin && oct_thread_pin(pthread_self(), worker->cpu);

    uv_mutex_lock(&pool->lock);
    pool->pinned += pinned ? 1 : 0;
    pool->idle++;
    for (;;) {
        uint64_t recheck_us = OCT_CLOCK_NEVER;
        struct oct_pool_load load = oct_pool_load_locked(pool);
        if (!options->take(options->context, worker->index, &load, &recheck_us)) {
            // What will leave by itself at recheck_us needs a worker then, not one that is inside a part.
            struct oct_worker *owner = recheck_us == OCT_CLOCK_NEVER ? find_open(pool) : NULL;
            if (owner != NULL) {
                help(pool, owner);
                continue;
            }
            if (pool->stopping && recheck_us == OCT_CLOCK_NEVER) {
                break;
            }
            sleep_on(&pool->work, pool, recheck_us);
            continue;
        }
        pool->idle--;
        pool->busy++;
        uv_mutex_unlock(&pool->lock);
        options->run(options->context, worker);
        uv_mutex_lock(&pool->lock);
        pool->busy--;
        pool->idle++;
    }
    pool->idle--;
    pool->alive--;
    uv_cond_broadcast(&pool->stopped);
    uv_mutex_unlock(&pool->lock);
}

static void keep(void *argument)
{
    struct oct_pool *pool = argument;
    oct_thread_name("octet-keeper");
    uv_mutex_lock(&pool->lock);
    while (pool->alive > 0) {
        uint64_t recheck_us = OCT_CLOCK_NEVER;
        if (pool->options.keep_take(pool->options.context, &recheck_us)) {
            uv_mutex_unlock(&pool->lock);
            pool->options.keep_run(pool->options.context);
            uv_mutex_lock(&pool->lock);
        } else {
            sleep_on(&pool->keep, pool, recheck_us);
        }
    }
    uv_mutex_unlock(&pool->lock);
}

static enum oct_status start_threads(struct oct_pool *pool, struct oct_error *error)
{
    sigset_t saved;
    oct_thread_block_signals(&saved);
    int result = 0;
    uv_mutex_lock(&pool->lock);
    while (result == 0 && pool->n_started < pool->options.n_workers) {
        struct oct_worker *worker = &pool->workers[pool->n_started];
        result = uv_thread_create(&worker->thread, work, worker);
        if (result == 0) {
            pool->n_started++;
            pool->alive++;
        }
    }
    if (result == 0 && pool->options.keep_take != NULL) {
        result = uv_thread_create(&pool->keeper, keep, pool);
        pool->keeper_started = result == 0;
    }
    uv_mutex_unlock(&pool->lock);
    oct_thread_restore_signals(&saved);
    if (result != 0) {
        return oct_error_set(error, OCT_ERR_IO, "workers", OCT_POSITION_NONE,
                             "thread %u of %u could not be started: %s", pool->n_started + 1, pool->options.n_workers,
                             uv_strerror(result));
    }
    return OCT_OK;
}

enum oct_status oct_pool_create(const struct oct_pool_options *options, struct oct_pool **out, struct oct_error *error)
{
    *out = NULL;
    if (options->n_workers == 0 || options->n_workers > OCT_POOL_MAX_WORKERS) {
        return oct_error_set(error, OCT_ERR_INVALID, "workers", OCT_POSITION_NONE, "%u, expected 1..%d",
                             options->n_workers, OCT_POOL_MAX_WORKERS);
    }
    struct oct_pool *pool = calloc(1, sizeof *pool + options->n_workers * sizeof pool->workers[0]);
    if (pool == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "workers", OCT_POSITION_NONE, "out of memory");
    }
    pool->options = *options;
    pool->options.pins = NULL; // the caller's; each worker has its own below
    enum oct_status status = OCT_OK;
    for (unsigned i = 0; i < options->n_workers && status == OCT_OK; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].index = i;
        pool->workers[i].pin = options->n_pins > 0;
        pool->workers[i].cpu = options->n_pins > 0 ? options->pins[i % options->n_pins] : 0;
        pool->workers[i].slots = 1;
        oct_region_init(&pool->workers[i].region);
        status = oct_session_create(NULL, &pool->workers[i].session, error);
    }
    if (status != OCT_OK) {
        goto fail_sessions;
    }
    status = OCT_ERR_NOMEM;
    if (uv_mutex_init(&pool->lock) != 0) {
        goto fail_sessions;
    }
    if (uv_cond_init(&pool->work) != 0) {
        goto fail_lock;
    }
    if (uv_cond_init(&pool->keep) != 0) {
        goto fail_work;
    }
    if (uv_cond_init(&pool->stopped) != 0) {
        goto fail_keep;
    }
    status = start_threads(pool, error);
    if (status != OCT_OK) {
        oct_pool_stop(pool, 0, NULL);
        oct_pool_destroy(pool);
        return status;
    }
    *out = pool;
    return OCT_OK;

fail_keep:
    uv_cond_destroy(&pool->keep);
fail_work:
    uv_cond_destroy(&pool->work);
fail_lock:
    uv_mutex_destroy(&pool->lock);
fail_sessions:
    for (unsigned i = 0; i < options->n_workers; i++) {
        oct_session_destroy(pool->workers[i].session);
    }
    free(pool);
    return oct_error_set(error, status, "workers", OCT_POSITION_NONE, "out of memory");
}

void oct_pool_lock(struct oct_pool *pool)
{
    uv_mutex_lock(&pool->lock);
}

void oct_pool_unlock(struct oct_pool *pool)
{
    uv_mutex_unlock(&pool->lock);
}

void oct_pool_wake_locked(struct oct_pool *pool)
{
    if (pool->idle > 0) {
        uv_cond_signal(&pool->work);
    }
    if (pool->lent > 0) {
        recall(pool);
    }
}

void oct_pool_wake_keeper_locked(struct oct_pool *pool)
{
    uv_cond_signal(&pool->keep);
}

struct oct_pool_load oct_pool_load_locked(const struct oct_pool *pool)
{
    return (struct oct_pool_load){.idle = pool->idle + pool->lent, .busy = pool->busy, .stopping = pool->stopping};
}

unsigned oct_pool_worker_count(const struct oct_pool *pool)
{
    return pool->options.n_workers;
}

unsigned oct_pool_pinned_count(struct oct_pool *pool)
{
    uv_mutex_lock(&pool->lock);
    unsigned pinned = pool->pinned;
    uv_mutex_unlock(&pool->lock);
    return pinned;
}

void oct_pool_stop(struct oct_pool *pool, uint64_t deadline_us, void (*late)(void *context))
{
    uv_mutex_lock(&pool->lock);
    if (pool->joined) {
        uv_mutex_unlock(&pool->lock);
        return;
    }
    pool->joined = true;
    pool->stopping = true;
    uv_cond_broadcast(&pool->work);
    while (pool->alive > 0) {
        uint64_t now_us = oct_clock_us();
        if (late != NULL && now_us >= deadline_us) {
            uv_mutex_unlock(&pool->lock);
            late(pool->options.context);
            uv_mutex_lock(&pool->lock);
            late = NULL;
            uv_cond_broadcast(&pool->work);
            continue;
        }
        sleep_on(&pool->stopped, pool, late == NULL ? OCT_CLOCK_NEVER : deadline_us - now_us);
    }
    uv_cond_signal(&pool->keep);
    uv_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->n_started; i++) {
        uv_thread_join(&pool->workers[i].thread);
    }
    if (pool->keeper_started) {
        uv_thread_join(&pool->keeper);
    }
}

void oct_pool_destroy(struct oct_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    assert(pool->joined);
    uv_cond_destroy(&pool->stopped);
    uv_cond_destroy(&pool->keep);
    uv_cond_destroy(&pool->work);
    uv_mutex_destroy(&pool->lock);
    for (unsigned i = 0; i < pool->options.n_workers; i++) {
        oct_session_destroy(pool->workers[i].session);
    }
    free(pool);
}

unsigned oct_worker_index(const struct oct_worker *worker)
{
    return worker->index;
}

struct oct_session *oct_worker_session(struct oct_worker *worker)
{
    return worker->session;
}

const struct oct_executor *oct_worker_open_run(struct oct_worker *worker)
{
    struct oct_pool *pool = worker->pool;
    const struct oct_executor *executor = NULL;
    uv_mutex_lock(&pool->lock);
    if (pool->idle > 0) {
        unsigned most = OCT_REGION_MAX_WIDTH - 1;
        unsigned n_helpers = pool->idle < most ? pool->idle : most;
        worker->executor =
            (struct oct_executor){.context = &worker->region, .width = 1 + n_helpers, .parallel = oct_region_run};
        worker->n_shared = worker->region.n_shared;
        worker->open = true;
        pool->n_open++;
        for (unsigned i = 0; i < n_helpers; i++) {
            uv_cond_signal(&pool->work);
        }
        executor = &worker->executor;
    }
    uv_mutex_unlock(&pool->lock);
    return executor;
}

bool oct_worker_close_run(struct oct_worker *worker)
{
    struct oct_pool *pool = worker->pool;
    uv_mutex_lock(&pool->lock);
    assert(worker->open);
    worker->open = false;
    pool->n_open--;
    uv_mutex_unlock(&pool->lock);
    oct_region_dismiss(&worker->region); // nobody joins any more
    return worker->region.n_shared != worker->n_shared;
}
