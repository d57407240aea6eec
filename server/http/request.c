#include "server/http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct oct_http_request *oct_http_request_create(const char *line)
{
    size_t length = strlen(line);
    struct oct_http_request *request = calloc(1, sizeof *request);
    char *copy = malloc(length + 1);
    if (request == NULL || copy == NULL) {
        free(request);
        free(copy);
        return NULL;
    }
    memcpy(copy, line, length + 1);
    request->line = copy;
    request->line_length = length;
    request->raw_line = line;
    request->method = request->method_text;
    request->fd = -1;
    atomic_init(&request->references, 1);
    atomic_init(&request->hold, OCT_HOLD_SERVER);
    return request;
}

void oct_http_request_retain(struct oct_http_request *request)
{
    atomic_fetch_add(&request->references, 1);
}

bool oct_http_request_release(struct oct_http_request *request)
{
    if (atomic_fetch_sub(&request->references, 1) != 1) {
        return false;
    }
    oct_http_answer_deinit(&request->answer);
    oct_body_release(request->bodies, &request->body);
    oct_http_target_deinit(&request->target);
    free(request->fields);
    free(request->line);
    free(request);
    return true;
}

enum oct_status
oct_http_request_set_fields(struct oct_http_request *request, const struct oct_http_field *fields, size_t n_fields)
{
    size_t n_text = 0; // bounded by the connection's memory
    for (size_t i = 0; i < n_fields; i++) {
        n_text += fields[i].name_length + fields[i].value_length + 2;
    }
    struct oct_http_field *copies = malloc(n_fields * sizeof *copies + n_text + 1);
    if (copies == NULL) {
        return OCT_ERR_NOMEM;
    }
    char *text = (char *)(copies + n_fields);
    for (size_t i = 0; i < n_fields; i++) {
        copies[i] = fields[i];
        memcpy(text, fields[i].name, fields[i].name_length);
        copies[i].name = text;
        text += fields[i].name_length;
        *text++ = '\0';
        memcpy(text, fields[i].value, fields[i].value_length);
        copies[i].value = text;
        text += fields[i].value_length;
        while (copies[i].value_length > 0 && (text[-1] == ' ' || text[-1] == '\t')) {
            text--;
            copies[i].value_length--;
        }
        *text++ = '\0';
    }
    request->fields = copies;
    request->n_fields = n_fields;
    return OCT_OK;
}

const char *oct_http_method(const struct oct_http_request *request)
{
    return request->method;
}

const char *oct_http_path(const struct oct_http_request *request)
{
    return request->target.path;
}

const char *oct_http_path_parameter(const struct oct_http_request *request, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < request->match.n_parameters; i++) {
        if (request->match.parameters[i].name_length == length &&
            memcmp(request->match.parameters[i].name, name, length) == 0) {
            return request->match.parameters[i].value;
        }
    }
    return NULL;
}

const char *oct_http_query(const struct oct_http_request *request, const char *key)
{
    return oct_http_target_query(&request->target, key);
}

const char *oct_http_header(const struct oct_http_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_fields; i++) {
        if (strcasecmp(request->fields[i].name, name) == 0) {
            return request->fields[i].value;
        }
    }
    return NULL;
}

const uint8_t *oct_http_body(const struct oct_http_request *request, size_t *n_bytes)
{
    *n_bytes = request->body.length;
    return request->body.data;
}

uint64_t oct_http_received_us(const struct oct_http_request *request)
{
    return request->received_us;
}

uint64_t oct_http_complete_us(const struct oct_http_request *request)
{
    return request->complete_us;
}

bool oct_http_is_gone(const struct oct_http_request *request)
{
    // While the handler holds the request its connection is suspended and cannot be closed, and before that only the
    // loop's thread asks: the descriptor is ours.
    if (atomic_load(&request->hold) == OCT_HOLD_ABANDONED) {
        return true;
    }
    char byte;
    ssize_t n = recv(request->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void oct_http_set_user(struct oct_http_request *request, void *user)
{
    request->user = user;
}

void *oct_http_user(const struct oct_http_request *request)
{
    return request->user;
}
