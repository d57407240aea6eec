// DESIGN: the first call of libmicrohttpd for a request has its headers alone, and everything is decided there:
// framing, route, authority, size, memory. A refusal of a request with a body waits until the body has passed by
// (bounded), because a client that is still sending when the connection closes sees a failure and no answer; with
// Expect it is sent at once. The exception are requests whose framing is in doubt: nothing after their head can be
// trusted, so they are cut off.
#include "server/http/mhd_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "server/metrics/metrics.h"
#include "server/pool/clock.h"

void *oct_http_on_line(void *arg, const char *line, struct MHD_Connection *mhd)
{
    struct oct_http_io *io = arg;
    struct oct_connection *connection = oct_http_connection_of(mhd);
    struct oct_http_request *request = connection != NULL ? oct_http_request_create(line != NULL ? line : "") : NULL;
    if (request == NULL) {
        return NULL;
    }
    uint64_t now = oct_clock_us();
    request->server = io->server;
    request->loop = io->loop;
    request->bodies = io->server->bodies;
    request->log = io->server->options.log;
    request->raw_line = line;
    request->fd = connection->fd;
    request->connection = mhd;
    request->received_us = now;
    request->complete_us = now;
    oct_buffer_init(&request->answer.body, NULL, SIZE_MAX);
    connection->request = request;
    connection->deadline_us = now + io->server->options.header_timeout_us;
    atomic_store_explicit(&io->server->last_request_us, now, memory_order_relaxed);
    return request;
}

struct field_list {
    size_t n;
    struct oct_http_field
        fields[OCT_HTTP_MAX_HEADERS + 1]; ///< one more than allowed: the guard sees that it is too many
};

static enum MHD_Result add_field(
    void *arg, enum MHD_ValueKind kind, const char *name, size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    struct field_list *list = arg;
    if (list->n > OCT_HTTP_MAX_HEADERS) {
        return MHD_NO;
    }
    list->fields[list->n++] = (struct oct_http_field){name, name_length, value != NULL ? value : "", value_length};
    return MHD_YES;
}

static bool has_body(const struct oct_http_request *request)
{
    return request->facts.chunked || request->facts.content_length > 0;
}

/// The answer is stored. Sends it now when that is safe or the only way, else lets the body pass first.
static enum MHD_Result refuse(struct oct_http_request *request, struct MHD_Connection *mhd, bool first_call)
{
    request->phase = OCT_REQUEST_REFUSED;
    oct_body_release(request->bodies, &request->body);
    uint64_t patience_us = request->server->options.body_timeout_us;
    patience_us = patience_us < OCT_HTTP_DRAIN_US ? patience_us : OCT_HTTP_DRAIN_US;
    oct_http_connection_of(mhd)->deadline_us = oct_clock_us() + patience_us;
    bool waits = request->facts.expects_continue && has_body(request);
    if (first_call && (waits || request->facts.content_length > OCT_HTTP_DRAIN_BYTES)) {
        request->answer.close = true;
        return oct_http_send_answer(request, mhd);
    }
    return MHD_YES;
}

static enum MHD_Result refuse_with(struct oct_http_request *request,
                                   struct MHD_Connection *mhd,
                                   bool first_call,
                                   const struct oct_error *error)
{
    bool later =
        error->status == OCT_ERR_BUSY || error->status == OCT_ERR_UNAVAILABLE || error->status == OCT_ERR_NOMEM;
    struct oct_http_reply reply;
    char retry_text[OCT_HTTP_RETRY_TEXT_BYTES];
    oct_http_error_reply(&reply, request->log, error, later ? OCT_HTTP_RETRY_AFTER_S : 0, retry_text);
    oct_http_answer_set(&request->answer, &reply);
    return refuse(request, mhd, first_call);
}

static enum MHD_Result
refuse_message(struct oct_http_request *request, struct MHD_Connection *mhd, int http_status, const char *message)
{
    struct oct_http_reply reply;
    oct_http_message_reply(&reply, http_status, message);
    if (http_status == 405) {
        reply.headers[0].name = "Allow";
        reply.headers[0].value = request->match.allow;
        reply.n_headers = 1;
    }
    oct_http_answer_set(&request->answer, &reply);
    return refuse(request, mhd, true);
}

/// For requests whose framing is in doubt: answered at once, and nothing more is read.
static enum MHD_Result
cut_off(struct oct_http_request *request, struct MHD_Connection *mhd, int http_status, const char *message)
{
    struct oct_http_reply reply;
    oct_http_message_reply(&reply, http_status, message);
    reply.close = true;
    oct_http_answer_set(&request->answer, &reply);
    request->phase = OCT_REQUEST_REFUSED;
    return oct_http_send_answer(request, mhd);
}

static size_t body_limit(const struct oct_http_request *request)
{
    const struct oct_http_route *route = request->match.route;
    const struct oct_http_options *options = &request->server->options;
    if (route->max_body_bytes > 0) {
        return route->max_body_bytes;
    }
    return route->sink != NULL ? options->max_model_body_bytes : options->max_infer_body_bytes;
}

static enum oct_status report_limit(const struct oct_http_request *request, struct oct_error *error)
{
    return oct_error_set(error, OCT_ERR_LIMIT, "body", OCT_POSITION_NONE,
                         "larger than the limit of %zu bytes for this call", body_limit(request));
}

static enum oct_status report_reserve(enum oct_status status, struct oct_error *error)
{
    if (status == OCT_ERR_LIMIT) {
        return status;
    }
    return oct_error_set(error, status, "body", OCT_POSITION_NONE,
                         status == OCT_ERR_UNAVAILABLE
                             ? "the server holds as many bytes of requests as it may; try again"
                             : "out of memory");
}

static bool has_plain_coding(const struct oct_http_request *request)
{
    const char *coding = oct_http_header(request, "Content-Encoding");
    return coding == NULL || strcasecmp(coding, "identity") == 0;
}

static enum MHD_Result refuse_coding(struct oct_http_request *request, struct MHD_Connection *mhd)
{
    char message[96];
    (void)snprintf(message, sizeof message, "Content-Encoding '%.32s' is not supported; send the body as it is",
                   oct_http_header(request, "Content-Encoding"));
    return refuse_message(request, mhd, 415, message);
}

static enum oct_status check_authority(const struct oct_http_request *request, struct oct_error *error)
{
    struct oct_http_server *server = request->server;
    pthread_mutex_lock(&server->policy_mutex);
    struct oct_auth_policy policy = server->policy;
    pthread_mutex_unlock(&server->policy_mutex);
    return oct_auth_check(&policy, request->match.route->scope, request->fields, request->n_fields, error);
}

/// Room for the body, or the sink's consent.
static enum oct_status admit_body(struct oct_http_request *request, struct oct_error *error)
{
    if (request->facts.content_length > body_limit(request)) {
        return report_limit(request, error);
    }
    const struct oct_http_sink *sink = request->match.route->sink;
    if (sink != NULL) {
        enum oct_status status = sink->begin(request->server->options.context, request, error);
        request->sink_open = status == OCT_OK;
        return status == OCT_OK ? OCT_OK
                                : oct_error_set(error, status, NULL, OCT_POSITION_NONE, "%s", oct_status_text(status));
    }
    enum oct_status status = oct_body_reserve(request->bodies, &request->body, (size_t)request->facts.content_length);
    if (status == OCT_ERR_UNAVAILABLE) {
        oct_metrics_add(request->server->options.metrics, OCT_METRIC_HTTP_BUDGET_REFUSALS, 1);
    }
    return status == OCT_OK ? OCT_OK : report_reserve(status, error);
}

static enum MHD_Result
first_call(struct oct_http_request *request, struct MHD_Connection *mhd, const char *method, const char *version)
{
    struct field_list list;
    list.n = 0;
    (void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, add_field, &list);
    (void)snprintf(request->method_text, sizeof request->method_text, "%s", method);
    struct oct_guard_refusal refusal;
    if (!oct_http_guard(method, request->line, version, list.fields, list.n, &request->facts, &refusal)) {
        return cut_off(request, mhd, refusal.http_status, refusal.message);
    }
    if (!oct_http_layout_is_plain(mhd, method, request, version, list.fields, list.n)) {
        return cut_off(request, mhd, 400, "a NUL, a folded line, or a line that CR LF does not end");
    }
    if (request->line_length > OCT_HTTP_MAX_TARGET_BYTES) {
        return refuse_message(request, mhd, 414, "the target is too long");
    }
    struct oct_error error = OCT_ERROR_INIT;
    if (oct_http_request_set_fields(request, list.fields, list.n) != OCT_OK) {
        (void)oct_error_set(&error, OCT_ERR_NOMEM, "headers", OCT_POSITION_NONE, "out of memory");
        return refuse_with(request, mhd, true, &error);
    }
    if (oct_http_target_parse(request->line, &request->target, &error) != OCT_OK) {
        return refuse_with(request, mhd, true, &error);
    }
    const struct oct_http_options *options = &request->server->options;
    switch (oct_router_match(options->routes, options->n_routes, method, &request->target, &request->match)) {
    case OCT_ROUTE_UNKNOWN_PATH:
        return refuse_message(request, mhd, 404, "no such call; GET /openapi.json lists them");
    case OCT_ROUTE_WRONG_METHOD:
        return refuse_message(request, mhd, 405, "this call has other methods: see Allow");
    case OCT_ROUTE_FOUND:
        break;
    }
    if (check_authority(request, &error) != OCT_OK) {
        return refuse_with(request, mhd, true, &error);
    }
    if (!has_plain_coding(request)) {
        return refuse_coding(request, mhd);
    }
    if (admit_body(request, &error) != OCT_OK) {
        return refuse_with(request, mhd, true, &error);
    }
    request->phase = OCT_REQUEST_BODY;
    oct_http_connection_of(mhd)->deadline_us = oct_clock_us() + options->body_timeout_us;
    return MHD_YES;
}

static void abort_sink(struct oct_http_request *request)
{
    if (request->sink_open) {
        request->sink_open = false;
        request->match.route->sink->abort(request->server->options.context, request);
    }
}

static enum MHD_Result
take_bytes(struct oct_http_request *request, struct MHD_Connection *mhd, const char *bytes, size_t n_bytes)
{
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status;
    size_t limit = body_limit(request);
    if (request->n_body_bytes > limit) {
        status = report_limit(request, &error);
    } else if (request->match.route->sink != NULL) {
        status = request->match.route->sink->chunk(request, (const uint8_t *)bytes, n_bytes, &error);
        if (status != OCT_OK) {
            (void)oct_error_set(&error, status, NULL, OCT_POSITION_NONE, "%s", oct_status_text(status));
        }
    } else {
        status = oct_body_append(request->bodies, &request->body, bytes, n_bytes, limit);
        if (status == OCT_ERR_UNAVAILABLE) {
            oct_metrics_add(request->server->options.metrics, OCT_METRIC_HTTP_BUDGET_REFUSALS, 1);
        }
        if (status != OCT_OK) {
            (void)report_reserve(status, &error);
        }
    }
    if (status == OCT_OK) {
        oct_http_watch_body(oct_http_connection_of(mhd), n_bytes);
        return MHD_YES;
    }
    abort_sink(request);
    return refuse_with(request, mhd, false, &error);
}

static enum MHD_Result dispatch(struct oct_http_request *request, struct MHD_Connection *mhd)
{
    struct oct_http_server *server = request->server;
    const struct oct_http_route *route = request->match.route;
    request->complete_us = oct_clock_us();
    request->phase = OCT_REQUEST_HANDED;
    oct_http_connection_of(mhd)->deadline_us = OCT_CLOCK_NEVER; // the handler has deadlines of its own
    oct_http_request_retain(request);
    atomic_store(&request->hold, OCT_HOLD_HANDLER);
    request->dispatching = true;
    if (route->sink != NULL) {
        request->sink_open = false;
        route->sink->end(server->options.context, request);
    } else {
        route->handler(server->options.context, request);
    }
    request->dispatching = false;
    if (request->answered_in_dispatch) {
        (void)oct_http_request_release(request); // the handler's
        return oct_http_send_answer(request, mhd);
    }
    // An answer from another thread, even one that was faster than the handler's return, comes as a task of this loop.
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

enum MHD_Result oct_http_on_access(void *arg,
                                   struct MHD_Connection *mhd,
                                   const char *url,
                                   const char *method,
                                   const char *version,
                                   const char *upload,
                                   size_t *upload_bytes,
                                   void **context)
{
    (void)arg;
    (void)url;
    struct oct_http_request *request = *context;
    if (request == NULL) {
        return MHD_NO; // no memory for it when its first line came
    }
    size_t n_bytes = *upload_bytes;
    *upload_bytes = 0;
    request->n_body_bytes += n_bytes;
    switch (request->phase) {
    case OCT_REQUEST_HEADERS:
        return first_call(request, mhd, method, version);
    case OCT_REQUEST_BODY:
        return n_bytes > 0 ? take_bytes(request, mhd, upload, n_bytes) : dispatch(request, mhd);
    case OCT_REQUEST_REFUSED:
        if (n_bytes == 0) {
            return oct_http_send_answer(request, mhd);
        }
        request->n_dropped_bytes += n_bytes;
        oct_http_watch_body(oct_http_connection_of(mhd), n_bytes);
        return request->n_dropped_bytes <= OCT_HTTP_DRAIN_BYTES ? MHD_YES : MHD_NO;
    case OCT_REQUEST_HANDED: // resumed
        return oct_http_send_answer(request, mhd);
    case OCT_REQUEST_ANSWERING:
        break;
    }
    return MHD_NO;
}

void oct_http_on_completed(void *arg, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
    struct oct_http_io *io = arg;
    struct oct_http_request *request = *context;
    struct oct_connection *connection = oct_http_connection_of(mhd);
    if (connection != NULL) {
        connection->request = NULL;
        connection->deadline_us = oct_clock_us() + io->server->options.idle_timeout_us;
    }
    if (request == NULL) {
        return;
    }
    *context = NULL;
    abort_sink(request);
    bool complete = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (!complete && request->phase != OCT_REQUEST_HEADERS) {
        oct_metrics_add(io->server->options.metrics, OCT_METRIC_HTTP_DISCONNECTS, 1);
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
    if (request->status == 0 && info != NULL) {
        request->status = (int)info->http_status; // libmicrohttpd refused it by itself
    }
    oct_http_log_request(request, complete);
    (void)oct_http_request_release(request);
}
