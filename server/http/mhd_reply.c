#include "server/http/mhd_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/log/log.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"

#define US_PER_SECOND ((uint64_t)1000000)

static void free_body(void *arg)
{
    struct oct_buffer *body = arg;
    oct_buffer_deinit(body);
    free(body);
}

/// A response that owns the answer's body without copying it. NULL when out of memory; the body is the answer's then.
static struct MHD_Response *make_response(struct oct_http_answer *answer)
{
    if (answer->fixed_body != NULL || answer->body.length == 0) {
        const char *text = answer->fixed_body != NULL ? answer->fixed_body : "";
        return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    }
    struct oct_buffer *body = malloc(sizeof *body);
    if (body == NULL) {
        return NULL;
    }
    *body = answer->body;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(body->length, body->data, free_body, body);
    if (response == NULL) {
        free(body);
        return NULL;
    }
    oct_buffer_init(&answer->body, answer->body.allocator, answer->body.max_bytes);
    return response;
}

static bool add_headers(struct MHD_Response *response, const struct oct_http_answer *answer)
{
    bool added = answer->content_type == NULL ||
                 MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) == MHD_YES;
    for (size_t i = 0; added && i < answer->n_headers; i++) {
        added = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value) == MHD_YES;
    }
    return added &&
           (!answer->close || MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES);
}

static void count(const struct oct_http_request *request, int status)
{
    struct oct_metrics *metrics = request->server->options.metrics;
    oct_metrics_add(metrics, OCT_METRIC_HTTP_REQUESTS, 1);
    if (status >= 500) {
        oct_metrics_add(metrics, OCT_METRIC_HTTP_ERRORS_SERVER, 1);
    } else if (status >= 400) {
        oct_metrics_add(metrics, OCT_METRIC_HTTP_ERRORS_CLIENT, 1);
    }
}

static enum MHD_Result
queue(struct oct_http_request *request, struct MHD_Connection *mhd, struct oct_http_answer *answer)
{
    answer->close = answer->close || atomic_load(&request->server->draining);
    request->phase = OCT_REQUEST_ANSWERING;
    request->n_reply_bytes = answer->fixed_body != NULL ? strlen(answer->fixed_body) : answer->body.length;
    request->status = answer->status;
    struct MHD_Response *response = make_response(answer);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result result = MHD_NO;
    if (add_headers(response, answer)) {
        oct_http_connection_of(mhd)->deadline_us =
            oct_clock_us() + OCT_HTTP_WRITE_GRACE_US + request->n_reply_bytes * US_PER_SECOND / OCT_HTTP_MIN_RATE;
        result = MHD_queue_response(mhd, (unsigned)answer->status, response);
    }
    MHD_destroy_response(response);
    if (result == MHD_YES) {
        count(request, answer->status);
    }
    return result;
}

enum MHD_Result oct_http_send_answer(struct oct_http_request *request, struct MHD_Connection *mhd)
{
    if (atomic_load(&request->hold) != OCT_HOLD_ABANDONED) {
        oct_body_release(request->bodies, &request->body); // the handler has let go
        return queue(request, mhd, &request->answer);
    }
    struct oct_http_answer stopping = {.close = true}; // request->answer is still the handler's to write
    oct_buffer_init(&stopping.body, NULL, 0);
    oct_http_answer_fixed(&stopping, 503, "{\"error\":\"the server stopped before the answer was ready\"}");
    return queue(request, mhd, &stopping);
}

static void on_answered(void *arg)
{
    struct oct_http_request *request = arg;
    MHD_resume_connection(request->connection); // the batch's end runs the daemon
    (void)oct_http_request_release(request);    // the handler's
}

void oct_http_reply(struct oct_http_request *request, struct oct_http_reply *reply)
{
    oct_http_answer_set(&request->answer, reply);
    request->done = (struct oct_loop_task){.fn = on_answered, .arg = request};
    int expected = OCT_HOLD_HANDLER;
    if (!atomic_compare_exchange_strong(&request->hold, &expected, OCT_HOLD_ANSWERED)) {
        assert(expected == OCT_HOLD_ABANDONED);           // else two replies to one request
        struct oct_http_server *server = request->server; // the stop answered; what is left is the handler's reference
        (void)oct_http_request_release(request);
        oct_http_server_release(server);
        return;
    }
    if (oct_loop_is_current(request->loop) && request->dispatching) {
        request->answered_in_dispatch = true;
        return;
    }
    oct_loop_post(request->loop, &request->done);
}

bool oct_http_abandon(struct oct_http_request *request)
{
    atomic_fetch_add(&request->server->references, 1); // the handler's reply needs the pool
    int expected = OCT_HOLD_HANDLER;
    if (atomic_compare_exchange_strong(&request->hold, &expected, OCT_HOLD_ABANDONED)) {
        return true;
    }
    oct_http_server_release(request->server);
    return false;
}

void oct_http_log_request(const struct oct_http_request *request, bool complete)
{
    const struct oct_http_route *route = request->match.route;
    enum oct_log_level level = route != NULL && route->scope == OCT_HTTP_SCOPE_OPEN ? OCT_LOG_DEBUG : OCT_LOG_INFO;
    if (request->log == NULL || request->log->level > level) {
        return;
    }
    const struct oct_log_field fields[] = {
        OCT_LOG_TEXT_FIELD("method", request->method_text),
        OCT_LOG_TEXT_FIELD("route", route != NULL ? route->pattern : ""),
        OCT_LOG_INT_FIELD("status", request->status),
        OCT_LOG_INT_FIELD("bytes_in", request->n_body_bytes),
        OCT_LOG_INT_FIELD("bytes_out", request->n_reply_bytes),
        OCT_LOG_INT_FIELD("duration_us", oct_clock_us() - request->received_us),
        OCT_LOG_TEXT_FIELD("outcome", complete ? "sent" : "client_gone"),
    };
    oct_log_write(request->log, level, "request", fields, sizeof fields / sizeof fields[0]);
}
