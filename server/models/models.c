#include <stdlib.h>
#include <string.h>

#include "server/models/models_internal.h"
#include "server/pool/clock.h"

void oct_models_log(const struct oct_models *models,
                    enum oct_log_level level,
                    const char *event,
                    const char *name,
                    uint64_t number,
                    const char *detail)
{
    const struct oct_log_field fields[] = {
        OCT_LOG_TEXT_FIELD("model", name),
        OCT_LOG_INT_FIELD("version", number),
        OCT_LOG_TEXT_FIELD("detail", detail),
    };
    oct_log_write(models->log, level, event, fields, detail == NULL ? 2 : 3);
}

void oct_models_count(struct oct_models *models)
{
    oct_metrics_set(models->metrics, OCT_METRIC_MODELS_READY, (int64_t)oct_registry_ready_count(models->registry));
}

// ------------------------------------------------------------------------------------------------------- lifetime

static void boot_job(struct oct_loader_job *job, bool stopping)
{
    struct oct_models *models = (struct oct_models *)(void *)((char *)job - offsetof(struct oct_models, boot_job));
    if (!stopping) {
        oct_models_boot(models);
    }
    atomic_store(&models->booted, true);
}

static void poll_job(struct oct_loader_job *job, bool stopping)
{
    struct oct_models *models = (struct oct_models *)(void *)((char *)job - offsetof(struct oct_models, poll_job));
    if (!stopping) {
        oct_models_poll_now(models);
    }
    atomic_store(&models->poll_pending, false);
}

static enum oct_status
init(struct oct_models *models, const struct oct_models_options *options, struct oct_error *error)
{
    if (options->shipped_dir != NULL) {
        models->shipped_dir = strdup(options->shipped_dir);
        if (models->shipped_dir == NULL) {
            return oct_error_set(error, OCT_ERR_NOMEM, "models", OCT_POSITION_NONE, "out of memory");
        }
    }
    enum oct_status status = oct_registry_create(&models->registry, error);
    if (status == OCT_OK && options->store_dir != NULL) {
        status = oct_store_open(options->store_dir, options->io, &models->store, error);
    }
    return status == OCT_OK ? oct_loader_create(&models->loader, error) : status;
}

enum oct_status
oct_models_create(const struct oct_models_options *options, struct oct_models **out, struct oct_error *error)
{
    *out = NULL;
    struct oct_models *models = calloc(1, sizeof *models);
    if (models == NULL || pthread_mutex_init(&models->miss_lock, NULL) != 0) {
        free(models);
        return oct_error_set(error, OCT_ERR_NOMEM, "models", OCT_POSITION_NONE, "out of memory");
    }
    models->io = options->io == NULL ? oct_store_io_system() : options->io;
    models->load = options->load;
    models->metrics = options->metrics;
    models->log = options->log;
    models->max_uploads = options->max_uploads;
    atomic_init(&models->booted, false);
    atomic_init(&models->poll_pending, false);
    atomic_init(&models->closed, false);
    atomic_init(&models->n_waiters, 0);
    atomic_init(&models->n_uploads, 0);
    models->boot_job.run = boot_job;
    models->poll_job.run = poll_job;
    enum oct_status status = init(models, options, error);
    if (status != OCT_OK) {
        oct_models_destroy(models);
        return status;
    }
    oct_loader_submit(models->loader, &models->boot_job);
    *out = models;
    return OCT_OK;
}

bool oct_models_booted(struct oct_models *models)
{
    return atomic_load(&models->booted);
}

struct oct_registry *oct_models_registry(struct oct_models *models)
{
    return models->registry;
}

void oct_models_poll(struct oct_models *models)
{
    if (models->store == NULL || !oct_models_booted(models) || atomic_load(&models->closed) ||
        atomic_exchange(&models->poll_pending, true)) {
        return;
    }
    oct_loader_submit(models->loader, &models->poll_job);
}

void oct_models_stop(struct oct_models *models)
{
    atomic_store(&models->closed, true);
    oct_loader_stop(models->loader);
}

void oct_models_destroy(struct oct_models *models)
{
    if (models == NULL) {
        return;
    }
    oct_loader_destroy(models->loader);
    oct_registry_destroy(models->registry);
    oct_store_close(models->store);
    pthread_mutex_destroy(&models->miss_lock);
    free(models->shipped_dir);
    free(models);
}

// ---------------------------------------------------------------------------------------------------- read-through

/// The slot of a name and number: FNV-1a.
static struct oct_miss *miss_of(struct oct_models *models, const char *name, uint64_t number)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ number;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    }
    return &models->misses[hash % OCT_MISS_SLOTS];
}

static bool missed_lately(struct oct_models *models, const char *name, uint64_t number, uint64_t stamp)
{
    uint64_t now_us = oct_clock_us();
    pthread_mutex_lock(&models->miss_lock);
    const struct oct_miss *miss = miss_of(models, name, number);
    bool lately = miss->at_us != 0 && now_us - miss->at_us < OCT_MISS_US && miss->number == number &&
                  miss->stamp == stamp && strcmp(miss->name, name) == 0;
    pthread_mutex_unlock(&models->miss_lock);
    return lately;
}

static void remember_miss(struct oct_models *models, const char *name, uint64_t number, uint64_t stamp)
{
    uint64_t now_us = oct_clock_us();
    pthread_mutex_lock(&models->miss_lock);
    struct oct_miss *miss = miss_of(models, name, number);
    memcpy(miss->name, name, strlen(name) + 1);
    miss->number = number;
    miss->stamp = stamp;
    miss->at_us = now_us;
    pthread_mutex_unlock(&models->miss_lock);
}

static void read_through(struct oct_loader_job *job, bool stopping)
{
    struct oct_models_waiter *waiter =
        (struct oct_models_waiter *)(void *)((char *)job - offsetof(struct oct_models_waiter, job));
    struct oct_models *models = waiter->models;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_version *version = NULL;
    enum oct_status status;
    if (stopping) {
        status = oct_error_set(&error, OCT_ERR_UNAVAILABLE, "", OCT_POSITION_NONE, "the server is stopping");
    } else {
        if (waiter->number != 0) {
            oct_models_refresh(models, waiter->name, waiter->number);
        } else {
            oct_models_discover(models, waiter->name, false);
        }
        status = oct_registry_acquire(models->registry, waiter->name, waiter->number, &version, &error);
        if (status == OCT_ERR_NOT_FOUND) {
            remember_miss(models, waiter->name, waiter->number, waiter->stamp);
        }
    }
    atomic_fetch_sub(&models->n_waiters, 1);
    waiter->found(waiter, version, status, &error);
}

/// Might the store know what the registry does not? One stat() each time, on the caller's thread: a model that another
/// replica acknowledged a moment ago must answer here, also for those who asked too early.
static bool worth_looking(struct oct_models *models, const char *name, uint64_t number, uint64_t *stamp)
{
    enum oct_model_state state;
    return models->store != NULL && oct_model_name_check(name, NULL) == OCT_OK &&
           (number == 0 || !oct_registry_look(models->registry, name, number, &state, NULL, NULL)) &&
           oct_store_stamp(models->store, name, number, stamp) == OCT_OK &&
           !missed_lately(models, name, number, *stamp);
}

enum oct_status oct_models_acquire(struct oct_models *models,
                                   const char *name,
                                   uint64_t number,
                                   struct oct_models_waiter *waiter,
                                   struct oct_model_version **version,
                                   struct oct_error *error)
{
    enum oct_status status = oct_registry_acquire(models->registry, name, number, version, error);
    if (status != OCT_ERR_NOT_FOUND) {
        return status;
    }
    if (!oct_models_booted(models)) {
        oct_error_clear(error);
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, "models", OCT_POSITION_NONE, "still being loaded");
    }
    uint64_t stamp = 0;
    if (waiter == NULL || !worth_looking(models, name, number, &stamp)) {
        return status;
    }
    oct_error_clear(error);
    if (atomic_fetch_add(&models->n_waiters, 1) >= OCT_WAITERS_MAX) {
        atomic_fetch_sub(&models->n_waiters, 1);
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, name, OCT_POSITION_NONE,
                             "too many requests wait for models to be loaded");
    }
    waiter->models = models;
    waiter->number = number;
    waiter->stamp = stamp;
    memcpy(waiter->name, name, strlen(name) + 1);
    waiter->job.run = read_through;
    oct_loader_submit(models->loader, &waiter->job);
    return OCT_OK;
}

// -------------------------------------------------------------------------------------------------------- deleting

/// Numbers of the versions that stand, newest last.
struct standing {
    uint64_t only; ///< 0: all
    uint64_t *numbers;
    size_t n, capacity;
    bool failed;
};

static void collect_standing(void *context, const struct oct_registry_entry *entry)
{
    struct standing *standing = context;
    if (entry->state == OCT_MODEL_DELETED || (standing->only != 0 && standing->only != entry->number)) {
        return;
    }
    if (standing->n == standing->capacity) {
        size_t capacity = standing->capacity == 0 ? 8 : standing->capacity * 2;
        uint64_t *grown = realloc(standing->numbers, capacity * sizeof *grown);
        if (grown == NULL) {
            standing->failed = true;
            return;
        }
        standing->numbers = grown;
        standing->capacity = capacity;
    }
    standing->numbers[standing->n++] = entry->number;
}

static enum oct_status delete_now(struct oct_models_deletion *deletion, size_t *n_deleted, struct oct_error *error)
{
    struct oct_models *models = deletion->models;
    struct standing standing = {.only = deletion->number};
    if (models->store != NULL) {
        oct_models_discover(models, deletion->name, true);
    }
    oct_registry_visit(models->registry, deletion->name, collect_standing, &standing);
    enum oct_status status = OCT_OK;
    if (standing.failed) {
        status = oct_error_set(error, OCT_ERR_NOMEM, deletion->name, OCT_POSITION_NONE, "out of memory");
    } else if (standing.n == 0) {
        struct oct_model_version *none = NULL;
        status = oct_registry_acquire(models->registry, deletion->name, deletion->number, &none, error);
        oct_model_version_release(none);
    }
    // Oldest first: the default stays where it is to the last.
    for (size_t i = 0; i < standing.n && status == OCT_OK; i++) {
        uint64_t number = standing.numbers[i];
        if (models->store != NULL) {
            status = oct_store_delete(models->store, deletion->name, number, error);
        }
        if (status == OCT_OK) {
            status = oct_registry_set(models->registry, deletion->name, number, OCT_MODEL_DELETED, NULL, NULL, error);
        }
        if (status == OCT_OK) {
            (*n_deleted)++;
            oct_models_log(models, OCT_LOG_INFO, "model_deleted", deletion->name, number, NULL);
        }
    }
    free(standing.numbers);
    oct_models_count(models);
    return status;
}

static void delete_job(struct oct_loader_job *job, bool stopping)
{
    struct oct_models_deletion *deletion =
        (struct oct_models_deletion *)(void *)((char *)job - offsetof(struct oct_models_deletion, job));
    struct oct_models *models = deletion->models;
    struct oct_error error = OCT_ERROR_INIT;
    size_t n_deleted = 0;
    enum oct_status status =
        stopping ? oct_error_set(&error, OCT_ERR_UNAVAILABLE, "", OCT_POSITION_NONE, "the server is stopping")
                 : delete_now(deletion, &n_deleted, &error);
    deletion->done(deletion, status, n_deleted, &error);
    if (n_deleted > 0 && models->store != NULL) {
        (void)oct_store_sweep(models->store);
    }
}

void oct_models_delete(struct oct_models *models, struct oct_models_deletion *deletion)
{
    deletion->models = models;
    deletion->job.run = delete_job;
    oct_loader_submit(models->loader, &deletion->job);
}
