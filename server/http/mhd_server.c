#include "server/http/mhd_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/http/listen.h"
#include "server/pool/clock.h"

static pthread_once_t panic_once = PTHREAD_ONCE_INIT;

/// libmicrohttpd found itself in a state it cannot continue from. What it says goes out; then the supervisor restarts
/// us.
static void panic(void *arg, const char *file, unsigned line, const char *reason)
{
    (void)arg;
    (void)file;
    (void)fprintf(stderr, "{\"level\":\"error\",\"event\":\"microhttpd_panic\",\"line\":%u,\"reason\":\"%.200s\"}\n",
                  line, reason != NULL ? reason : "");
    abort();
}

static void set_panic(void)
{
    MHD_set_panic_func(panic, NULL);
}

static uint64_t smallest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void fill_defaults(struct oct_http_options *options)
{
#define DEFAULT(field, value) options->field = options->field != 0 ? options->field : (value)
    DEFAULT(io_threads, 1);
    DEFAULT(max_connections, OCT_HTTP_DEFAULT_CONNECTIONS);
    DEFAULT(max_infer_body_bytes, OCT_HTTP_DEFAULT_INFER_BODY_BYTES);
    DEFAULT(max_model_body_bytes, OCT_HTTP_DEFAULT_MODEL_BODY_BYTES);
    DEFAULT(max_inflight_bytes, OCT_HTTP_DEFAULT_INFLIGHT_BYTES);
    DEFAULT(header_timeout_us, OCT_HTTP_DEFAULT_HEADER_TIMEOUT_US);
    DEFAULT(body_timeout_us, OCT_HTTP_DEFAULT_BODY_TIMEOUT_US);
    DEFAULT(idle_timeout_us, OCT_HTTP_DEFAULT_IDLE_TIMEOUT_US);
#undef DEFAULT
    options->address = NULL;
    options->admin_token_sha256 = NULL;
}

static enum oct_status
open_all(struct oct_http_server *server, const struct oct_http_options *options, struct oct_error *error)
{
    enum oct_status status = oct_listen_open(options->address, options->port, &server->listen_fd, &server->port,
                                             &server->policy.is_loopback, error);
    if (status != OCT_OK) {
        return status;
    }
    status = oct_body_pool_create(server->options.max_inflight_bytes, server->options.metrics, &server->bodies);
    if (status != OCT_OK) {
        return oct_error_set(error, status, "http", OCT_POSITION_NONE, "out of memory");
    }
    for (size_t i = 0; status == OCT_OK && i < server->n_io; i++) {
        status = oct_http_io_open(&server->io[i], server, error);
    }
    return status;
}

/// Ends the loops that run; afterwards everything may be closed from here.
static void stop_loops(struct oct_http_server *server, size_t n_running, uint64_t deadline_us)
{
    for (size_t i = 0; i < n_running; i++) {
        server->io[i].stop_deadline_us = deadline_us; // read by the loop only after it ran the task
        oct_loop_post(server->io[i].loop, &server->io[i].stop_task);
    }
    for (size_t i = 0; i < n_running; i++) {
        oct_loop_join(server->io[i].loop);
    }
}

static void close_all(struct oct_http_server *server)
{
    for (size_t i = 0; i < server->n_io; i++) {
        oct_http_io_close(&server->io[i]);
    }
    if (server->listen_fd >= 0) {
        close(server->listen_fd);
        server->listen_fd = -1;
    }
    server->stopped = true;
}

static enum oct_status start_loops(struct oct_http_server *server, struct oct_error *error)
{
    for (size_t i = 0; i < server->n_io; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "octet-io-%u", (unsigned)i % OCT_HTTP_MAX_IO_THREADS);
        enum oct_status status = oct_loop_start(server->io[i].loop, name, error);
        if (status != OCT_OK) {
            stop_loops(server, i, 0);
            return status;
        }
    }
    return OCT_OK;
}

enum oct_status
oct_http_server_start(const struct oct_http_options *options, struct oct_http_server **out, struct oct_error *error)
{
    enum oct_status status = oct_router_check(options->routes, options->n_routes, error);
    if (status != OCT_OK) {
        return status;
    }
    if (options->io_threads > OCT_HTTP_MAX_IO_THREADS) {
        return oct_error_set(error, OCT_ERR_INVALID, "io_threads", OCT_POSITION_NONE, "at most %d",
                             OCT_HTTP_MAX_IO_THREADS);
    }
    (void)pthread_once(&panic_once, set_panic);
    size_t n_io = options->io_threads > 0 ? options->io_threads : 1;
    struct oct_http_server *server = calloc(1, sizeof *server + n_io * sizeof server->io[0]);
    if (server == NULL || pthread_mutex_init(&server->policy_mutex, NULL) != 0) {
        free(server);
        return oct_error_set(error, OCT_ERR_NOMEM, "http", OCT_POSITION_NONE, "out of memory");
    }
    server->n_io = n_io;
    server->listen_fd = -1;
    server->options = *options;
    fill_defaults(&server->options);
    server->policy.open_management = options->open_management;
    oct_http_server_set_token(server, (const uint8_t *)options->admin_token_sha256);
    const struct oct_http_options *set = &server->options;
    uint64_t watch_us = smallest(smallest(set->header_timeout_us, set->body_timeout_us), set->idle_timeout_us) / 4;
    watch_us = smallest(watch_us, OCT_HTTP_WATCH_MAX_US);
    server->watch_us = watch_us > OCT_HTTP_WATCH_MIN_US ? watch_us : OCT_HTTP_WATCH_MIN_US;
    atomic_init(&server->references, 1);
    status = open_all(server, options, error);
    if (status == OCT_OK) {
        status = start_loops(server, error);
    }
    if (status != OCT_OK) {
        close_all(server);
        oct_http_server_release(server);
        return status;
    }
    *out = server;
    return OCT_OK;
}

uint16_t oct_http_server_port(const struct oct_http_server *server)
{
    return server->port;
}

void oct_http_server_set_token(struct oct_http_server *server, const uint8_t *sha256)
{
    pthread_mutex_lock(&server->policy_mutex);
    server->policy.has_token = sha256 != NULL;
    if (sha256 != NULL) {
        memcpy(server->policy.token_digest, sha256, OCT_HTTP_TOKEN_DIGEST_BYTES);
    }
    pthread_mutex_unlock(&server->policy_mutex);
}

void oct_http_server_drain(struct oct_http_server *server)
{
    atomic_store(&server->draining, true);
}

void oct_http_server_stop(struct oct_http_server *server, uint64_t deadline_us)
{
    if (server->stopped) {
        return;
    }
    oct_http_server_drain(server);
    stop_loops(server, server->n_io, deadline_us);
    close_all(server);
}

void oct_http_server_release(struct oct_http_server *server)
{
    if (atomic_fetch_sub(&server->references, 1) != 1) {
        return;
    }
    oct_body_pool_destroy(server->bodies);
    pthread_mutex_destroy(&server->policy_mutex);
    free(server);
}

void oct_http_server_destroy(struct oct_http_server *server)
{
    if (server == NULL) {
        return;
    }
    oct_http_server_stop(server, oct_clock_us());
    oct_http_server_release(server);
}
