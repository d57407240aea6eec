#include "server/app/app.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "octet/kernels.h"
#include "server/app/notify.h"
#include "server/app/private_store.h"
#include "server/app/self_test.h"
#include "server/app/token.h"
#include "server/app/wiring.h"
#include "server/config/features.h"
#include "server/loop/loop.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"

/// How often a starting server looks whether its models are loaded; only the log and the service manager wait for it.
#define READY_POLL_US 5000
/// Descriptors beside connections: loops, store, log, model files, headroom.
#define OTHER_DESCRIPTORS 256

struct oct_app {
    struct oct_config config;
    struct oct_log log;
    struct oct_metrics *metrics;
    struct oct_services *services;
    struct oct_http_server *http;
    struct oct_loop *loop; ///< signals and timers; runs on the owner's thread
    struct oct_loop_signal *signals[3];
    struct oct_loop_timer *tick_timer, *ready_timer, *drain_timer;
    struct oct_loop_task stop_task;
    atomic_bool stop_posted;
    bool draining;
    uint64_t features;
    uint64_t created_us;
    char private_store[OCT_PRIVATE_STORE_PATH_BYTES]; ///< empty: none
};

static const int handled_signals[3] = {SIGTERM, SIGINT, SIGHUP};

static void
log_report(const struct oct_app *app, enum oct_log_level level, const char *event, const struct oct_error *error)
{
    char text[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 32];
    oct_error_format(error, text, sizeof(text));
    const struct oct_log_field fields[] = {OCT_LOG_TEXT_FIELD("error", text)};
    oct_log_write(&app->log, level, event, fields, 1);
}

// ----------------------------------------------------------------------------------------------------------- stopping

/// A second signal while the last requests are finished. Process 1 of a container ignores signals without a handler.
static void exit_now(int signal_number)
{
    _exit(128 + signal_number);
}

static void start_draining(struct oct_app *app, const char *cause)
{
    if (app->draining) {
        return;
    }
    app->draining = true;
    const struct oct_log_field fields[] = {OCT_LOG_TEXT_FIELD("cause", cause),
                                           OCT_LOG_INT_FIELD("drain_delay_ms", app->config.server_drain_delay_ms)};
    oct_log_write(&app->log, OCT_LOG_INFO, "draining", fields, 2);
    oct_notify("STOPPING=1");
    oct_services_drain(app->services);
    oct_http_server_drain(app->http);
    oct_loop_timer_start(app->drain_timer, app->config.server_drain_delay_ms * 1000, 0);
}

static void on_drained(void *arg)
{
    struct oct_app *app = arg;
    oct_loop_stop(app->loop);
}

static void on_stop_task(void *arg)
{
    start_draining(arg, "request");
}

void oct_app_stop(struct oct_app *app)
{
    if (!atomic_exchange(&app->stop_posted, true)) {
        oct_loop_post(app->loop, &app->stop_task);
    }
}

/// The file is read again; one that is no good leaves the former token in force.
static void reload_token(struct oct_app *app)
{
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t digest[OCT_SHA256_BYTES];
    if (app->config.management_token_file[0] == 0) {
        return;
    }
    if (oct_token_read(app->config.management_token_file, digest, &error) != OCT_OK) {
        log_report(app, OCT_LOG_ERROR, "token_kept", &error);
        return;
    }
    oct_http_server_set_token(app->http, digest);
    oct_log_write(&app->log, OCT_LOG_INFO, "token_reloaded", NULL, 0);
}

static void on_signal(void *arg, int signal_number)
{
    struct oct_app *app = arg;
    if (signal_number == SIGHUP) {
        reload_token(app);
    } else if (app->draining) {
        exit_now(signal_number);
    } else {
        start_draining(app, signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    }
}

/// From here on the loop does not run: signals that end the process do so by themselves.
static void release_signals(struct oct_app *app)
{
    for (size_t i = 0; i < 3; ++i) {
        oct_loop_signal_close(app->signals[i]);
        app->signals[i] = NULL;
    }
    struct sigaction action = {.sa_handler = exit_now};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGHUP, &action, NULL);
}

// ------------------------------------------------------------------------------------------------------------ serving

static void on_tick(void *arg)
{
    struct oct_app *app = arg;
    oct_services_tick(app->services);
}

static void on_ready_poll(void *arg)
{
    struct oct_app *app = arg;
    if (app->draining || !oct_services_ready(app->services, NULL)) {
        return;
    }
    oct_loop_timer_stop(app->ready_timer);
    const struct oct_log_field fields[] = {
        OCT_LOG_INT_FIELD("models", oct_metrics_value(app->metrics, OCT_METRIC_MODELS_READY)),
        OCT_LOG_REAL_FIELD("seconds", (double)(oct_clock_us() - app->created_us) / 1e6)};
    oct_log_write(&app->log, OCT_LOG_INFO, "ready", fields, 2);
    oct_notify("READY=1");
}

static void log_listening(const struct oct_app *app)
{
    const char *reason = "";
    unsigned workers = oct_services_workers(app->services, &reason);
    const struct oct_log_field fields[] = {
        OCT_LOG_TEXT_FIELD("version", OCTET_VERSION),
        OCT_LOG_TEXT_FIELD("address", app->config.server_address),
        OCT_LOG_INT_FIELD("port", oct_http_server_port(app->http)),
        OCT_LOG_INT_FIELD("workers", workers),
        OCT_LOG_TEXT_FIELD("workers_reason", reason),
        OCT_LOG_TEXT_FIELD("isa", oct_cpu_isa_name(app->features)),
        OCT_LOG_TEXT_FIELD("models", app->config.models_directory),
        OCT_LOG_TEXT_FIELD("store", app->config.models_store),
    };
    oct_log_write(&app->log, OCT_LOG_INFO, "listening", fields, sizeof(fields) / sizeof(fields[0]));
    if (app->config.models_store[0] == 0) {
        const struct oct_log_field store[] = {OCT_LOG_TEXT_FIELD("path", app->private_store)};
        oct_log_write(&app->log, OCT_LOG_INFO,
                      app->private_store[0] != 0 ? "uploads_are_temporary" : "uploads_are_disabled", store, 1);
    }
    if (app->config.management_open) {
        oct_log_write(&app->log, OCT_LOG_WARNING, "management_is_open_to_everyone", NULL, 0);
    } else if (app->config.management_token_file[0] == 0 && !oct_config_is_loopback(app->config.server_address)) {
        const struct oct_log_field hint[] = {
            OCT_LOG_TEXT_FIELD("hint", "set management.token_file, or management.open if the network is trusted")};
        oct_log_write(&app->log, OCT_LOG_WARNING, "management_is_refused", hint, 1);
    }
}

uint16_t oct_app_port(const struct oct_app *app)
{
    return oct_http_server_port(app->http);
}

void oct_app_run(struct oct_app *app)
{
    oct_loop_run(app->loop);
    release_signals(app);
    uint64_t deadline_us = oct_clock_us() + app->config.server_drain_timeout_ms * 1000;
    // The server first: what was taken in, bodies still on their way included, is answered by workers that still run.
    // What is not answered at the deadline gets its 503 there, and the workers' late answers to it are dropped.
    oct_http_server_stop(app->http, deadline_us);
    oct_services_stop(app->services, deadline_us);
    oct_log_write(&app->log, OCT_LOG_INFO, "stopped", NULL, 0);
}

// ----------------------------------------------------------------------------------------------------------- building

/// Room for the connections that the configuration allows, as far as the hard limit goes.
static void raise_file_limit(const struct oct_app *app)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)app->config.server_max_connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return;
    }
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        const struct oct_log_field fields[] = {OCT_LOG_INT_FIELD("limit", limit.rlim_cur),
                                               OCT_LOG_INT_FIELD("wanted", wanted)};
        oct_log_write(&app->log, OCT_LOG_WARNING, "few_file_descriptors", fields, 2);
    }
}

/// A peer that closes a pipe or socket is an error code, never a signal; the three signals reach this thread.
static void prepare_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < 3; ++i) {
        sigaddset(&set, handled_signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static enum oct_status start_services(struct oct_app *app, struct oct_error *error)
{
    const char *store = app->config.models_store;
    if (store[0] == 0) {
        struct oct_error reason = OCT_ERROR_INIT;
        if (oct_private_store_create(app->private_store, &reason) != OCT_OK) {
            log_report(app, OCT_LOG_WARNING, "no_temporary_store", &reason); // predictions need none
        }
        store = app->private_store;
    }
    const struct oct_services_options options =
        oct_app_services_of(&app->config, app->features, store[0] != 0 ? store : NULL, &app->log, app->metrics);
    return oct_services_create(&options, &app->services, error);
}

static enum oct_status start_loop(struct oct_app *app, struct oct_error *error)
{
    app->stop_task.fn = on_stop_task;
    app->stop_task.arg = app;
    enum oct_status status = oct_loop_create(&app->loop, error);
    for (size_t i = 0; i < 3 && status == OCT_OK; ++i) {
        status = oct_loop_signal_open(app->loop, handled_signals[i], on_signal, app, &app->signals[i], error);
    }
    if (status == OCT_OK) {
        status = oct_loop_timer_open(app->loop, on_tick, app, &app->tick_timer, error);
    }
    if (status == OCT_OK) {
        status = oct_loop_timer_open(app->loop, on_ready_poll, app, &app->ready_timer, error);
    }
    if (status == OCT_OK) {
        status = oct_loop_timer_open(app->loop, on_drained, app, &app->drain_timer, error);
    }
    if (status == OCT_OK) {
        oct_loop_timer_start(app->tick_timer, OCT_SERVICES_TICK_US, OCT_SERVICES_TICK_US);
        oct_loop_timer_start(app->ready_timer, 0, READY_POLL_US);
    }
    return status;
}

static enum oct_status start_http(struct oct_app *app, struct oct_error *error)
{
    struct oct_http_options options = oct_app_http_of(&app->config, app->services, &app->log, app->metrics);
    uint8_t digest[OCT_SHA256_BYTES];
    if (app->config.management_token_file[0] != 0) {
        enum oct_status status = oct_token_read(app->config.management_token_file, digest, error);
        if (status != OCT_OK) {
            return status;
        }
        options.admin_token_sha256 = (const char *)digest;
    }
    return oct_http_server_start(&options, &app->http, error);
}

static enum oct_status build(struct oct_app *app, struct oct_error *error)
{
    prepare_signals();
    raise_file_limit(app);
    enum oct_status status = oct_config_cpu_features(app->config.cpu_isa, &app->features, error);
    if (status == OCT_OK) {
        // A processor that computes wrongly must not serve.
        // Unpinned workers may find themselves on any core.
        unsigned cores = app->config.workers_pin ? (unsigned)app->config.workers_count : 0;
        status = oct_app_self_test(oct_kernels_self_test, app->features, cores, error);
    }
    if (status == OCT_OK) {
        status = oct_metrics_create(&app->metrics);
    }
    if (status == OCT_OK) {
        status = start_loop(app, error);
    }
    if (status == OCT_OK) {
        status = start_services(app, error);
    }
    return status == OCT_OK ? start_http(app, error) : status;
}

enum oct_status
oct_app_create(const struct oct_config *config, int log_fd, struct oct_app **out, struct oct_error *error)
{
    struct oct_app *app = calloc(1, sizeof(*app));
    if (app == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "app", OCT_POSITION_NONE, "out of memory");
    }
    app->created_us = oct_clock_us();
    app->config = *config;
    app->log = oct_app_log_of(config, log_fd);
    enum oct_status status = build(app, error);
    if (status != OCT_OK) {
        oct_app_destroy(app);
        return status;
    }
    log_listening(app);
    *out = app;
    return OCT_OK;
}

void oct_app_destroy(struct oct_app *app)
{
    if (app == NULL) {
        return;
    }
    // Requests go first, then what answers them, which must have let go of every request before the server is freed.
    if (app->http != NULL) {
        oct_http_server_stop(app->http, 0);
    }
    if (app->services != NULL) {
        oct_services_stop(app->services, 0);
    }
    oct_http_server_destroy(app->http);
    oct_services_destroy(app->services);
    oct_loop_destroy(app->loop);
    oct_metrics_destroy(app->metrics);
    oct_private_store_remove(app->private_store);
    free(app);
}
