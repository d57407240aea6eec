/// What the files around struct oct_models share. Functions run on the loader's thread unless they say otherwise.
#ifndef OCTET_SERVER_MODELS_MODELS_INTERNAL_H
#define OCTET_SERVER_MODELS_MODELS_INTERNAL_H

#include <pthread.h>

#include "server/models/models.h"

/// Names whose folder was searched in vain are not searched again within this time, unless the folder has changed.
#define OCT_MISS_US    ((uint64_t)1000000)
#define OCT_MISS_SLOTS 64
/// Requests that may wait for read-throughs at once; more are refused.
#define OCT_WAITERS_MAX 256

struct oct_miss {
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number;
    uint64_t stamp; ///< of what was searched, from before the search
    uint64_t at_us;
};

struct oct_models {
    struct oct_store *store; ///< NULL: none
    struct oct_registry *registry;
    struct oct_loader *loader;
    const struct oct_store_io *io;
    struct oct_model_load_options load;
    char *shipped_dir; ///< NULL: none
    struct oct_metrics *metrics;
    const struct oct_log *log;
    atomic_bool booted;
    atomic_bool poll_pending;
    atomic_bool closed;
    atomic_uint n_waiters, n_uploads;
    unsigned max_uploads;
    struct oct_loader_job boot_job, poll_job;
    pthread_mutex_t miss_lock;
    struct oct_miss misses[OCT_MISS_SLOTS];
};

/// Writes {"event": event, "model": name, "version": number, "detail": detail}; `detail` may be NULL. [any]
void oct_models_log(const struct oct_models *models,
                    enum oct_log_level level,
                    const char *event,
                    const char *name,
                    uint64_t number,
                    const char *detail);
/// Sets the gauge of ready models. [any]
void oct_models_count(struct oct_models *models);

/// Brings one version of the store up to date with its manifest: loads it, marks it failed or deleted, or leaves it.
void oct_models_refresh(struct oct_models *models, const char *name, uint64_t number);
/// Learns of every version of `name` in the store. Loads the newest one that is new; with `all`, each that is new.
void oct_models_discover(struct oct_models *models, const char *name, bool all);
/// The two jobs of models_load.c.
void oct_models_boot(struct oct_models *models);
void oct_models_poll_now(struct oct_models *models);

#endif
