#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet/proto/json.h"
#include "server/http/request.h"
#include "server/log/log.h"

/// {"error": "..."} with every byte of an error's text escaped.
#define ERROR_BODY_BYTES ((OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 64) * 6)
#define ERROR_TEXT_BYTES (OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 64)

static const char json_type[] = "application/json"; // exactly: a client of the protocol compares the whole value

void oct_http_answer_deinit(struct oct_http_answer *answer)
{
    oct_buffer_deinit(&answer->body);
    answer->fixed_body = NULL;
}

static const char *keep_text(struct oct_http_answer *answer, const char *text)
{
    size_t bytes = strlen(text) + 1;
    if (bytes > sizeof answer->text - answer->n_text) {
        return NULL;
    }
    char *copy = answer->text + answer->n_text;
    memcpy(copy, text, bytes);
    answer->n_text += bytes;
    return copy;
}

void oct_http_answer_fixed(struct oct_http_answer *answer, int http_status, const char *fixed_json)
{
    oct_http_answer_deinit(answer);
    answer->status = http_status;
    answer->n_headers = 0;
    answer->content_type = json_type;
    answer->fixed_body = fixed_json;
}

void oct_http_answer_set(struct oct_http_answer *answer, struct oct_http_reply *reply)
{
    oct_http_answer_deinit(answer);
    answer->status = reply->status;
    answer->close = answer->close || reply->close;
    answer->n_text = 0;
    answer->n_headers = 0;
    bool fits = reply->n_headers <= OCT_HTTP_MAX_REPLY_HEADERS;
    answer->content_type = reply->content_type != NULL ? keep_text(answer, reply->content_type) : NULL;
    fits = fits && (answer->content_type != NULL || reply->content_type == NULL);
    for (size_t i = 0; fits && i < reply->n_headers; i++) {
        answer->headers[i].name = keep_text(answer, reply->headers[i].name);
        answer->headers[i].value = keep_text(answer, reply->headers[i].value);
        fits = answer->headers[i].name != NULL && answer->headers[i].value != NULL;
        answer->n_headers += fits;
    }
    answer->body = reply->body;
    oct_buffer_init(&reply->body, reply->body.allocator, reply->body.max_bytes);
    if (answer->body.data == NULL && answer->status >= 400) {
        answer->content_type = json_type; // the sentence found no memory
        answer->fixed_body = "{\"error\":\"refused, and no memory is left to say why\"}";
    }
    if (!fits) {
        oct_http_answer_fixed(answer, 500, "{\"error\":\"the answer's headers are too long\"}");
    }
}

/// Writes {"error": text}; leaves the body empty when there is no memory, for which answer_set has a sentence.
static void write_error_body(struct oct_buffer *body, const char *text)
{
    oct_buffer_init(body, NULL, ERROR_BODY_BYTES);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "error");
    oct_json_string(&writer, text);
    oct_json_object_end(&writer);
    if (oct_json_writer_finish(&writer) != OCT_OK) {
        oct_buffer_deinit(body);
    }
}

void oct_http_message_reply(struct oct_http_reply *reply, int http_status, const char *message)
{
    *reply = (struct oct_http_reply){.status = http_status, .content_type = json_type};
    write_error_body(&reply->body, message);
}

/// Faults of ours: their text may name files and addresses, which is the log's business alone.
static bool is_internal(enum oct_status status)
{
    return status == OCT_ERR_IO || status == OCT_ERR_INTERNAL || status == OCT_OK;
}

void oct_http_error_reply(struct oct_http_reply *reply,
                          const struct oct_log *log,
                          const struct oct_error *error,
                          unsigned retry_after_s,
                          char retry_text[OCT_HTTP_RETRY_TEXT_BYTES])
{
    char text[ERROR_TEXT_BYTES];
    (void)oct_error_format(error, text, sizeof text);
    enum oct_status status = error->status;
    if (is_internal(status)) {
        oct_log_write(log, OCT_LOG_ERROR, "request_failed",
                      (const struct oct_log_field[]){OCT_LOG_TEXT_FIELD("status", oct_status_name(status)),
                                                     OCT_LOG_TEXT_FIELD("error", text)},
                      2);
        status = status == OCT_OK ? OCT_ERR_INTERNAL : status;
        oct_http_message_reply(reply, oct_http_status_of(status), "the server failed; its log says why");
        return;
    }
    oct_http_message_reply(reply, oct_http_status_of(status), text[0] != '\0' ? text : oct_status_text(status));
    if (status == OCT_ERR_UNAUTHORIZED) {
        reply->headers[reply->n_headers].name = "WWW-Authenticate";
        reply->headers[reply->n_headers++].value = "Bearer";
    }
    if (retry_after_s > 0) {
        (void)snprintf(retry_text, OCT_HTTP_RETRY_TEXT_BYTES, "%u", retry_after_s);
        reply->headers[reply->n_headers].name = "Retry-After";
        reply->headers[reply->n_headers++].value = retry_text;
    }
}

void oct_http_reply_error(struct oct_http_request *request, const struct oct_error *error)
{
    struct oct_http_reply reply;
    char retry_text[OCT_HTTP_RETRY_TEXT_BYTES];
    oct_http_error_reply(&reply, request->log, error, 0, retry_text);
    oct_http_reply(request, &reply);
}

void oct_http_reply_retry(struct oct_http_request *request, const struct oct_error *error, unsigned retry_after_s)
{
    struct oct_http_reply reply;
    char retry_text[OCT_HTTP_RETRY_TEXT_BYTES];
    oct_http_error_reply(&reply, request->log, error, retry_after_s > 0 ? retry_after_s : 1, retry_text);
    oct_http_reply(request, &reply);
}

void oct_http_reply_json(struct oct_http_request *request, int status, struct oct_buffer *body)
{
    struct oct_http_reply reply = {.status = status, .content_type = json_type, .body = *body};
    oct_buffer_init(body, body->allocator, body->max_bytes);
    oct_http_reply(request, &reply);
}
