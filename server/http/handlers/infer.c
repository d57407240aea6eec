#include "server/http/handlers/infer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet/proto/infer.h"
#include "server/batch/scheduler.h"
#include "server/http/services.h"
#include "server/models/models.h"
#include "server/pool/clock.h"

#define LENGTH_HEADER     "Inference-Header-Content-Length"
#define LENGTH_TEXT_BYTES 24
#define ID_BYTES          40
/// What 503 tells to wait: loading and memory pressure pass in about that time.
#define UNAVAILABLE_RETRY_S 1u

/// A prediction from its request to its answer.
struct call {
    struct oct_ticket ticket;
    struct oct_models_waiter waiter;
    struct oct_services *services;
    struct oct_http_request *http;
    struct oct_infer_request *request;
    struct oct_model_version *version; ///< leased
    char id[ID_BYTES];                 ///< for a request that has none: clients of the protocol want one back
};

/// Frees the call and hands the HTTP request back to be answered: what the call borrowed of it is let go first.
static struct oct_http_request *end_call(struct call *call)
{
    struct oct_http_request *http = call->http;
    oct_infer_request_destroy(call->request);
    oct_model_version_release(call->version);
    free(call);
    return http;
}

static void fail_call(struct call *call, const struct oct_error *error, unsigned retry_after_s)
{
    struct oct_http_request *http = end_call(call);
    if (retry_after_s == 0 && (error->status == OCT_ERR_UNAVAILABLE || error->status == OCT_ERR_NOMEM)) {
        retry_after_s = UNAVAILABLE_RETRY_S;
    }
    if (retry_after_s > 0) {
        oct_http_reply_retry(http, error, retry_after_s);
    } else {
        oct_http_reply_error(http, error);
    }
}

static bool is_gone(const struct oct_ticket *ticket)
{
    return oct_http_is_gone(((const struct call *)(const void *)ticket)->http); // the ticket is the call's first member
}

/// [worker], or whoever ended the ticket.
static void answer(struct oct_ticket *ticket, struct oct_ticket_result *result)
{
    struct call *call = (struct call *)(void *)ticket;
    if (result->status != OCT_OK) {
        fail_call(call, result->error, 0);
        return;
    }
    struct oct_http_reply reply = {.status = 200, .content_type = "application/json", .body = *result->body};
    oct_buffer_init(result->body, reply.body.allocator, reply.body.max_bytes); // taken
    char length[LENGTH_TEXT_BYTES];
    if (result->header_length != OCT_INFER_NO_HEADER_LENGTH) {
        snprintf(length, sizeof length, "%zu", result->header_length);
        reply.content_type = "application/octet-stream";
        reply.n_headers = 1;
        reply.headers[0].name = LENGTH_HEADER;
        reply.headers[0].value = length;
    }
    oct_http_reply(end_call(call), &reply);
}

/// The model is leased: binds the request to it and gets in line.
static void submit(struct call *call)
{
    struct oct_error error = OCT_ERROR_INIT;
    unsigned retry_after_s = 0;
    struct oct_services *services = call->services;
    enum oct_status status = oct_infer_request_bind(call->request, call->version->plan, &error);
    if (status == OCT_OK && call->request->rows < 1) {
        status = oct_error_set(&error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE, "the batch has no rows");
    }
    if (status == OCT_OK) {
        uint64_t timeout_us = call->request->timeout_us;
        timeout_us = timeout_us == 0 ? services->default_timeout_us : timeout_us;
        timeout_us = timeout_us > services->max_timeout_us ? services->max_timeout_us : timeout_us;
        size_t n_bytes = 0;
        (void)oct_http_body(call->http, &n_bytes);
        call->ticket.request = call->request;
        call->ticket.rows = call->request->rows;
        snprintf(call->id, sizeof call->id, "%llx-%llx", (unsigned long long)oct_http_complete_us(call->http),
                 (unsigned long long)atomic_fetch_add_explicit(&services->n_ids, 1, memory_order_relaxed));
        call->ticket.id = call->id;
        call->ticket.bytes = n_bytes;
        call->ticket.complete_us = oct_http_complete_us(call->http);
        call->ticket.deadline_us = call->ticket.complete_us + timeout_us;
        call->ticket.is_gone = is_gone;
        call->ticket.done = answer;
        status =
            oct_scheduler_submit(services->scheduler, call->version->attachment, &call->ticket, &retry_after_s, &error);
        if (status == OCT_OK) {
            return; // the call may be answered and gone
        }
    }
    fail_call(call, &error, status == OCT_ERR_BUSY ? retry_after_s : 0);
}

/// [loader]
static void read_through(struct oct_models_waiter *waiter,
                         struct oct_model_version *version,
                         enum oct_status status,
                         const struct oct_error *error)
{
    struct call *call = (struct call *)(void *)((char *)waiter - offsetof(struct call, waiter));
    call->version = version;
    if (status == OCT_OK) {
        submit(call);
    } else {
        fail_call(call, error, 0);
    }
}

static enum oct_status
read_header_length(const struct oct_http_request *http, size_t n_bytes, size_t *length, struct oct_error *error)
{
    const char *text = oct_http_header(http, LENGTH_HEADER);
    *length = OCT_INFER_NO_HEADER_LENGTH;
    if (text == NULL) {
        return OCT_OK;
    }
    size_t value = 0;
    bool ok = text[0] != '\0';
    for (const char *c = text; *c != '\0' && ok; c++) {
        ok = *c >= '0' && *c <= '9' && !__builtin_mul_overflow(value, (size_t)10, &value) &&
             !__builtin_add_overflow(value, (size_t)(*c - '0'), &value);
    }
    if (!ok || value > n_bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, LENGTH_HEADER, OCT_POSITION_NONE,
                             "expected a number of bytes from 0 to the body's %zu", n_bytes);
    }
    *length = value;
    return OCT_OK;
}

/// Which model: by the path, or by the body. An empty version means none, as clients of the protocol send it.
/// OCT_OK with *version NULL: the call goes on in read_through, and may be gone already.
static enum oct_status find_model(struct call *call,
                                  const char *name,
                                  const char *version_text,
                                  struct oct_model_version **version,
                                  struct oct_error *error)
{
    if (name == NULL) {
        name = call->request->model;
        version_text = call->request->version;
    }
    if (name == NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, "model", OCT_POSITION_NONE,
                             "missing: the body must name the model");
    }
    uint64_t number = 0;
    if (version_text != NULL && version_text[0] != '\0') {
        enum oct_status status = oct_model_version_parse(version_text, &number, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    call->waiter.found = read_through;
    return oct_models_acquire(call->services->models, name, number, &call->waiter, version, error);
}

static void
start(struct oct_services *services, struct oct_http_request *http, const char *name, const char *version_text)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        oct_error_set(&error, OCT_ERR_NOMEM, "", OCT_POSITION_NONE, "out of memory");
        oct_http_reply_retry(http, &error, UNAVAILABLE_RETRY_S);
        return;
    }
    call->services = services;
    call->http = http;
    size_t n_bytes = 0;
    size_t header_length = 0;
    const uint8_t *body = oct_http_body(http, &n_bytes);
    enum oct_status status = read_header_length(http, n_bytes, &header_length, &error);
    if (status == OCT_OK) {
        status = oct_infer_request_parse(NULL, body, n_bytes, header_length, &call->request, &error);
    }
    struct oct_model_version *version = NULL;
    if (status == OCT_OK) {
        status = find_model(call, name, version_text, &version, &error);
    }
    if (status != OCT_OK) {
        fail_call(call, &error, 0);
    } else if (version != NULL) {
        call->version = version;
        submit(call);
    }
}

void oct_handle_infer(void *context, struct oct_http_request *request)
{
    start(context, request, NULL, NULL);
}

void oct_handle_v2_infer(void *context, struct oct_http_request *request)
{
    start(context, request, oct_http_path_parameter(request, "model"), oct_http_path_parameter(request, "version"));
}
