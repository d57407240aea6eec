/// A server with a handful of test calls, for the black-box tests of this folder.
///
///   GET  /hello          "hello" from the loop's thread
///   POST /echo           the body, from the loop's thread
///   POST /later          the body, from another thread
///   POST /hold           kept until the test answers it
///   GET  /items/{name}   "name=<name> q=<q>"
///   GET  /big            BIG_BYTES bytes, from another thread
///   POST /upload         a sink that counts
///   POST /small          at most 16 bytes
///   POST /admin          needs authority
#ifndef OCTET_TESTS_SERVER_HTTP_FIXTURE_H
#define OCTET_TESTS_SERVER_HTTP_FIXTURE_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/http/http.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"
#include "tests/support/loopback.h"
#include "tests/support/oct_check.h"

#define BIG_BYTES  ((size_t)12 * 1024 * 1024)
#define MAX_QUEUED 1024

struct fixture {
    struct oct_http_server *server;
    struct oct_metrics *metrics;
    uint16_t port;
    pthread_t worker;
    pthread_mutex_t mutex; ///< guards what follows
    pthread_cond_t changed;
    bool worker_stops;
    struct oct_http_request *queued[MAX_QUEUED];
    size_t n_queued;
    struct oct_http_request *held[16];
    size_t n_held;
    uint64_t upload_bytes;
    unsigned uploads_begun, uploads_ended, uploads_aborted;
    bool refuse_uploads;
    uint64_t fail_upload_at; ///< 0: never
};

static inline void reply_bytes(struct oct_http_request *request, const void *bytes, size_t n_bytes)
{
    struct oct_http_reply reply = {.status = 200, .content_type = "application/octet-stream"};
    oct_buffer_init(&reply.body, NULL, n_bytes + 1);
    if (oct_buffer_append(&reply.body, bytes, n_bytes) != OCT_OK) {
        abort();
    }
    oct_http_reply(request, &reply);
}

static inline void handle_hello(void *context, struct oct_http_request *request)
{
    (void)context;
    reply_bytes(request, "hello", 5);
}

static inline void handle_echo(void *context, struct oct_http_request *request)
{
    (void)context;
    size_t n_bytes;
    const uint8_t *body = oct_http_body(request, &n_bytes);
    reply_bytes(request, body, n_bytes);
}

static inline void handle_later(void *context, struct oct_http_request *request)
{
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->queued[fixture->n_queued++] = request;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static inline void handle_hold(void *context, struct oct_http_request *request)
{
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->held[fixture->n_held++] = request;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static inline void handle_item(void *context, struct oct_http_request *request)
{
    (void)context;
    char text[512];
    const char *q = oct_http_query(request, "q");
    int n =
        snprintf(text, sizeof text, "name=%s q=%s", oct_http_path_parameter(request, "name"), q != NULL ? q : "(none)");
    reply_bytes(request, text, (size_t)n);
}

static inline enum oct_status begin_upload(void *context, struct oct_http_request *request, struct oct_error *error)
{
    struct fixture *fixture = context;
    oct_http_set_user(request, fixture);
    pthread_mutex_lock(&fixture->mutex);
    bool refuse = fixture->refuse_uploads;
    fixture->uploads_begun += !refuse;
    fixture->upload_bytes = 0;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    return refuse ? oct_error_set(error, OCT_ERR_BUSY, "upload", OCT_POSITION_NONE, "no more uploads now") : OCT_OK;
}

static inline enum oct_status
take_upload(struct oct_http_request *request, const uint8_t *bytes, size_t n_bytes, struct oct_error *error)
{
    (void)bytes;
    struct fixture *fixture = oct_http_user(request);
    pthread_mutex_lock(&fixture->mutex);
    fixture->upload_bytes += n_bytes;
    bool fails = fixture->fail_upload_at > 0 && fixture->upload_bytes >= fixture->fail_upload_at;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    return fails ? oct_error_set(error, OCT_ERR_CORRUPT, "upload", 7, "not a model file") : OCT_OK;
}

static inline void end_upload(void *context, struct oct_http_request *request)
{
    struct fixture *fixture = context;
    char text[64];
    pthread_mutex_lock(&fixture->mutex);
    fixture->uploads_ended++;
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)fixture->upload_bytes);
    pthread_mutex_unlock(&fixture->mutex);
    reply_bytes(request, text, (size_t)n);
}

static inline void abort_upload(void *context, struct oct_http_request *request)
{
    (void)request;
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->uploads_aborted++;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static const struct oct_http_sink fixture_sink = {begin_upload, take_upload, end_upload, abort_upload};

static const struct oct_http_route fixture_routes[] = {
    {"GET", "/hello", handle_hello, NULL, 0, OCT_HTTP_SCOPE_OPEN, ""},
    {"POST", "/echo", handle_echo, NULL, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"POST", "/later", handle_later, NULL, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"POST", "/hold", handle_hold, NULL, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"GET", "/items/{name}", handle_item, NULL, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"GET", "/big", handle_later, NULL, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"POST", "/upload", NULL, &fixture_sink, 0, OCT_HTTP_SCOPE_INFER, ""},
    {"POST", "/small", handle_echo, NULL, 16, OCT_HTTP_SCOPE_INFER, ""},
    {"POST", "/admin", handle_echo, NULL, 0, OCT_HTTP_SCOPE_ADMIN, ""},
};

static inline void answer_later(struct oct_http_request *request)
{
    size_t n_bytes;
    const uint8_t *body = oct_http_body(request, &n_bytes);
    if (strcmp(oct_http_path(request), "/big") != 0) {
        reply_bytes(request, body, n_bytes);
        return;
    }
    char *big = malloc(BIG_BYTES);
    if (big == NULL) {
        abort();
    }
    for (size_t i = 0; i < BIG_BYTES; i++) {
        big[i] = (char)('a' + i % 26);
    }
    reply_bytes(request, big, BIG_BYTES);
    free(big);
}

static inline void *work(void *arg)
{
    struct fixture *fixture = arg;
    struct oct_http_request *taken[MAX_QUEUED];
    for (;;) {
        pthread_mutex_lock(&fixture->mutex);
        while (fixture->n_queued == 0 && !fixture->worker_stops) {
            pthread_cond_wait(&fixture->changed, &fixture->mutex);
        }
        size_t n = fixture->n_queued;
        memcpy(taken, fixture->queued, n * sizeof taken[0]);
        fixture->n_queued = 0;
        pthread_mutex_unlock(&fixture->mutex);
        if (n == 0) {
            return NULL;
        }
        for (size_t i = 0; i < n; i++) {
            answer_later(taken[i]);
        }
    }
}

/// Options with patient time-outs; a test changes what it is about.
static inline struct oct_http_options fixture_options(void)
{
    return (struct oct_http_options){.address = "127.0.0.1",
                                     .io_threads = 1,
                                     .max_connections = 1024,
                                     .max_infer_body_bytes = 1024 * 1024,
                                     .max_model_body_bytes = 8 * 1024 * 1024,
                                     .max_inflight_bytes = 64 * 1024 * 1024};
}

static inline void fixture_start(struct fixture *fixture, struct oct_http_options options)
{
    memset(fixture, 0, sizeof *fixture);
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    ck_assert_status_ok(oct_metrics_create(&fixture->metrics));
    options.routes = fixture_routes;
    options.n_routes = sizeof fixture_routes / sizeof fixture_routes[0];
    options.context = fixture;
    options.metrics = fixture->metrics;
    ck_assert_int_eq(pthread_create(&fixture->worker, NULL, work, fixture), 0);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_http_server_start(&options, &fixture->server, &error), &error);
    fixture->port = oct_http_server_port(fixture->server);
}

static inline void fixture_stop_worker(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->mutex);
    fixture->worker_stops = true;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    pthread_join(fixture->worker, NULL);
}

/// Stops with a second's grace and checks that nothing is left behind.
static inline void fixture_stop(struct fixture *fixture)
{
    oct_http_server_stop(fixture->server, oct_clock_us() + 1000000);
    ck_assert_int_eq(oct_metrics_value(fixture->metrics, OCT_METRIC_INFLIGHT_BYTES), 0);
    ck_assert_int_eq(oct_metrics_value(fixture->metrics, OCT_METRIC_HTTP_CONNECTIONS), 0);
    oct_http_server_destroy(fixture->server);
    fixture_stop_worker(fixture);
    oct_metrics_destroy(fixture->metrics);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
}

/// Waits until `n` requests are held.
static inline void fixture_wait_held(struct fixture *fixture, size_t n)
{
    pthread_mutex_lock(&fixture->mutex);
    while (fixture->n_held < n) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
}

/// Waits until `*counter`, guarded by the fixture's mutex, is at least `n`.
static inline void fixture_wait_count(struct fixture *fixture, const unsigned *counter, unsigned n)
{
    pthread_mutex_lock(&fixture->mutex);
    while (*counter < n) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    pthread_mutex_unlock(&fixture->mutex);
}

static inline void open_client(struct fixture *fixture, struct oct_loopback *client)
{
    ck_assert_msg(oct_loopback_open(client, fixture->port), "nobody listens");
}

/// Sends `text` on the connection and checks the next answer's status, and its body when `body` is not NULL.
static inline void expect_on(struct oct_loopback *client, const char *text, int status, const char *body)
{
    ck_assert(oct_loopback_send_text(client, text));
    struct oct_loopback_reply reply;
    (void)oct_loopback_read(client, false, &reply);
    ck_assert_msg(reply.status == status, "status %d instead of %d for\n%s\n%s", reply.status, status, text,
                  reply.body != NULL ? reply.body : "");
    if (body != NULL) {
        ck_assert_str_eq(reply.body, body);
    }
    oct_loopback_reply_deinit(&reply);
}

/// The same on a connection of its own.
static inline void expect(struct fixture *fixture, const char *text, int status, const char *body)
{
    struct oct_loopback client;
    open_client(fixture, &client);
    expect_on(&client, text, status, body);
    oct_loopback_close(&client);
}

#endif
