#include "server/http/services.h"

#include <stdio.h>
#include <stdlib.h>

#include "octet/octet.h"
#include "server/batch/scheduler.h"
#include "server/models/models.h"
#include "server/pool/cpus.h"

#define DEFAULT_QUEUE_REQUESTS 1024
#define DEFAULT_QUEUE_BYTES    ((size_t)256 << 20)
#define DEFAULT_TIMEOUT_US     ((uint64_t)30 * 1000000)
#define DEFAULT_MAX_TIMEOUT_US ((uint64_t)300 * 1000000)
#define DEFAULT_ANSWER_BYTES   ((size_t)256 << 20)
#define DEFAULT_UPLOADS        2

struct services {
    struct oct_services shown; ///< first: handlers see this
    struct oct_cpus cpus;
    char workers_reason[OCT_CPUS_REASON_BYTES];
    int64_t max_batch_rows;
    size_t queue_max_requests, queue_max_bytes;
    bool stopped;
};

/// [loader] Each version that becomes ready has a waiting line of its own.
static enum oct_status
attach_queue(void *context, const struct oct_model_version *version, void **attachment, struct oct_error *error)
{
    const struct services *services = context;
    const struct oct_batch_queue_options options = {.model = version->name,
                                                    .version = version->text,
                                                    .plan = version->plan,
                                                    .max_batch_rows = services->max_batch_rows,
                                                    .max_requests = services->queue_max_requests,
                                                    .max_bytes = services->queue_max_bytes,
                                                    .first_cost_ns = version->row_ns,
                                                    .metrics = services->shown.metrics};
    struct oct_batch_queue *queue = NULL;
    enum oct_status status = oct_batch_queue_create(&options, &queue, error);
    *attachment = queue;
    return status;
}

static void detach_queue(void *context, void *attachment)
{
    (void)context;
    oct_batch_queue_release(attachment);
}

static enum oct_status
start_scheduler(struct services *services, const struct oct_services_options *options, struct oct_error *error)
{
    const struct oct_cpus *cpus = &services->cpus;
    unsigned n_workers = options->workers != 0 ? options->workers : cpus->usable;
    if (options->workers != 0) {
        snprintf(services->workers_reason, sizeof services->workers_reason, "as configured");
    } else {
        snprintf(services->workers_reason, sizeof services->workers_reason, "%s", cpus->reason);
    }
    // More workers than cores have no core of their own to be pinned to.
    bool pinned = !options->unpinned && n_workers <= cpus->n_pins;
    const struct oct_scheduler_options scheduler = {
        .n_workers = n_workers,
        .pins = cpus->pins,
        .n_pins = pinned ? cpus->n_pins : 0,
        // Helpers without a core would take the owner's.
        .split = !options->unsplit && n_workers <= cpus->usable,
        .max_delay_us = options->max_queue_delay_us,
        .max_answer_bytes = options->max_answer_bytes != 0 ? options->max_answer_bytes : DEFAULT_ANSWER_BYTES,
        .metrics = options->metrics,
    };
    return oct_scheduler_create(&scheduler, &services->shown.scheduler, error);
}

static enum oct_status
start_models(struct services *services, const struct oct_services_options *options, struct oct_error *error)
{
    struct oct_models_options models = {
        .store_dir = options->store_dir,
        .shipped_dir = options->shipped_dir,
        .max_uploads = options->max_uploads != 0 ? options->max_uploads : DEFAULT_UPLOADS,
        .metrics = options->metrics,
        .log = options->log,
    };
    models.load.model = oct_model_options_default();
    models.load.model.plan.max_rows = options->max_batch_rows;
    models.load.model.plan.budget_bytes = options->model_budget_bytes;
    if (options->cpu_features != 0) {
        models.load.model.plan.cpu_features = options->cpu_features;
    }
    models.load.model.max_file_bytes = options->max_model_file_bytes;
    models.load.hooks = (struct oct_model_hooks){.context = services, .attach = attach_queue, .detach = detach_queue};
    return oct_models_create(&models, &services->shown.models, error);
}

enum oct_status
oct_services_create(const struct oct_services_options *options, struct oct_services **out, struct oct_error *error)
{
    *out = NULL;
    struct services *services = calloc(1, sizeof *services);
    if (services == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "services", OCT_POSITION_NONE, "out of memory");
    }
    struct oct_services *shown = &services->shown;
    shown->metrics = options->metrics;
    shown->log = options->log;
    shown->version = options->version != NULL ? options->version : oct_version();
    shown->default_timeout_us = options->default_timeout_us != 0 ? options->default_timeout_us : DEFAULT_TIMEOUT_US;
    shown->max_timeout_us = options->max_timeout_us != 0 ? options->max_timeout_us : DEFAULT_MAX_TIMEOUT_US;
    atomic_init(&shown->draining, false);
    atomic_init(&shown->n_ids, 0);
    services->max_batch_rows = options->max_batch_rows;
    services->queue_max_requests =
        options->queue_max_requests != 0 ? options->queue_max_requests : DEFAULT_QUEUE_REQUESTS;
    services->queue_max_bytes = options->queue_max_bytes != 0 ? options->queue_max_bytes : DEFAULT_QUEUE_BYTES;
    oct_cpus_read("", &services->cpus);
    enum oct_status status = start_scheduler(services, options, error);
    if (status == OCT_OK) {
        status = start_models(services, options, error);
    }
    if (status != OCT_OK) {
        oct_services_destroy(shown);
        return status;
    }
    *out = shown;
    return OCT_OK;
}

bool oct_services_ready(struct oct_services *services, const char **reason)
{
    const char *why = NULL;
    if (atomic_load_explicit(&services->draining, memory_order_relaxed)) {
        why = "draining";
    } else if (!oct_models_booted(services->models)) {
        why = "loading models";
    }
    if (reason != NULL) {
        *reason = why;
    }
    return why == NULL;
}

unsigned oct_services_workers(const struct oct_services *services, const char **reason)
{
    if (reason != NULL) {
        *reason = ((const struct services *)services)->workers_reason;
    }
    return oct_scheduler_workers(services->scheduler);
}

void oct_services_drain(struct oct_services *services)
{
    atomic_store_explicit(&services->draining, true, memory_order_relaxed);
}

void oct_services_tick(struct oct_services *services)
{
    oct_models_poll(services->models);
}

void oct_services_stop(struct oct_services *shown, uint64_t deadline_us)
{
    struct services *services = (struct services *)shown;
    if (services->stopped) {
        return;
    }
    services->stopped = true;
    oct_services_drain(shown);
    // First the workers, whose deadline it is; a waiter of the loader that submits afterwards is refused.
    if (shown->scheduler != NULL) {
        oct_scheduler_stop(shown->scheduler, deadline_us);
    }
    if (shown->models != NULL) {
        oct_models_stop(shown->models);
    }
}

void oct_services_destroy(struct oct_services *shown)
{
    if (shown == NULL) {
        return;
    }
    oct_services_stop(shown, 0);
    oct_models_destroy(shown->models);
    oct_scheduler_destroy(shown->scheduler);
    free((struct services *)shown);
}
