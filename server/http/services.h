/// The services: the one context every handler gets, and what `octet serve` starts and stops around the HTTP server.
///
/// Composition only: model registry, scheduler over the worker pool, readiness. No sockets. Order for the caller (app):
///   oct_services_create  -> oct_http_server_start(context = services)  -> ... serve ...
///   SIGTERM: oct_services_drain + oct_http_server_drain, wait for the balancer to notice,
///   oct_http_server_stop(deadline) (what was taken in is answered by workers that still run; 503 at the deadline),
///   oct_services_stop(deadline), oct_http_server_destroy, oct_services_destroy.
/// Call oct_services_tick every OCT_SERVICES_TICK_US from a timer: it never blocks.
///
/// Threads: create, stop and destroy [one]; everything else [any].
#ifndef OCTET_SERVER_HTTP_SERVICES_H
#define OCTET_SERVER_HTTP_SERVICES_H

#include <stdatomic.h>

#include "octet/status.h"

struct oct_log;
struct oct_metrics;
struct oct_models;
struct oct_scheduler;

/// How often the manifests of a shared store are looked at.
#define OCT_SERVICES_TICK_US ((uint64_t)2000000)

/// Every zero stands for the default that stands beside it.
struct oct_services_options {
    const char *version;         ///< of the server; NULL: oct_version()
    const struct oct_log *log;   ///< borrowed; NULL: silent
    struct oct_metrics *metrics; ///< borrowed; must outlive the services; NULL: none

    const char *store_dir;   ///< made when absent; NULL: models cannot be uploaded
    const char *shipped_dir; ///< *.octet files served as version 1 of their stem; NULL or absent: none

    unsigned workers; ///< 0: the usable cores
    bool unpinned;    ///< leave the placing of workers to the system
    bool unsplit;     ///< a request never uses more than one worker

    int64_t max_batch_rows;      ///< rows of one run; OCT_PLAN_DEFAULT_MAX_ROWS
    uint64_t max_queue_delay_us; ///< an idle worker may wait this long for company while other workers are busy
    size_t queue_max_requests;   ///< per model version; 1024
    size_t queue_max_bytes;      ///< input bytes waiting, per model version; 256 MiB
    uint64_t default_timeout_us; ///< of a request that names none; 30 s
    uint64_t max_timeout_us;     ///< what a request may ask for; 300 s
    size_t max_answer_bytes;     ///< body of one answer; 256 MiB

    uint64_t cpu_features;         ///< 0: all of this machine; see octet/cpu.h
    uint64_t model_budget_bytes;   ///< plan and arena of one model; OCT_PLAN_DEFAULT_BUDGET
    uint64_t max_model_file_bytes; ///< OCT_MODEL_MAX_FILE_BYTES
    unsigned max_uploads;          ///< at once; 2
};

struct oct_services {
    struct oct_models *models;
    struct oct_scheduler *scheduler;
    struct oct_metrics *metrics;
    const struct oct_log *log;
    const char *version;
    uint64_t default_timeout_us, max_timeout_us;
    atomic_bool draining;
    atomic_uint_fast64_t n_ids; ///< ids given to requests that had none
};

/// Starts the workers and the loading of the models; returns before they are loaded. Options are copied, texts too.
/// Errors: OCT_ERR_IO (store), OCT_ERR_INVALID, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_services_create(const struct oct_services_options *options,
                                                  struct oct_services **services,
                                                  struct oct_error *error);
/// True when requests should be sent here. On false `reason` (may be NULL; static text) says why: "loading models",
/// "draining". Becomes true once, when every model of store and shipped folder was loaded or refused.
bool oct_services_ready(struct oct_services *services, const char **reason);
/// Number of worker threads, and why so many (valid as long as the services); for the start-up line.
unsigned oct_services_workers(const struct oct_services *services, const char **reason);
/// Readiness turns false for good; requests are still served.
void oct_services_drain(struct oct_services *services);
/// Looks for models that other replicas published or deleted; does not block.
void oct_services_tick(struct oct_services *services);
/// No more requests or uploads are taken (503). Runs what is queued until `deadline_us` (monotonic, oct_clock_us of
/// server/pool/clock.h), answers the rest 503, ends the workers and loaders. Every handler's request is answered
/// when this returns.
void oct_services_stop(struct oct_services *services, uint64_t deadline_us);
/// Stops first when nobody did. NULL is allowed.
void oct_services_destroy(struct oct_services *services);

#endif
