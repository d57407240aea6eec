#include "server/http/guard.h"

#include <string.h>
#include <strings.h>

#include "server/http/limits.h"

/// Methods some route may have. CONNECT and TRACE are what they are; the rest of the registry has no use here.
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

static bool refuse(struct oct_guard_refusal *refusal, int http_status, const char *message)
{
    *refusal = (struct oct_guard_refusal){http_status, message};
    return false;
}

/// tchar of RFC 9110 5.6.2
static bool is_token_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!is_token_byte((unsigned char)text[i])) {
            return false;
        }
    }
    return length > 0;
}

static bool is_value(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool is_target(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= 0x20 || c == 0x7F) {
            return false;
        }
    }
    return true;
}

/// uri-host [":" port] of RFC 9110, loosely: what could not end a line, a path or a user part.
static bool is_host(const char *text, size_t length)
{
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--; // 0.9.75 leaves what may stand there
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && (c == '\0' || strchr("-._~%!$&'()*+,;=:[]", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool text_is(const char *text, size_t length, const char *expected)
{
    return length == strlen(expected) && strncasecmp(text, expected, length) == 0;
}

bool oct_http_field_is(const struct oct_http_field *field, const char *name)
{
    return text_is(field->name, field->name_length, name);
}

static bool parse_length(const char *text, size_t length, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return length > 0;
}

static bool check_method(const char *method, struct oct_guard_refusal *refusal)
{
    if (!is_token(method, strlen(method))) {
        return refuse(refusal, 400, "the method is not a token");
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i]) == 0) {
            return true;
        }
    }
    return refuse(refusal, 405, "no call has this method");
}

bool oct_http_guard(const char *method,
                    const char *target,
                    const char *version,
                    const struct oct_http_field *fields,
                    size_t n_fields,
                    struct oct_guard_facts *facts,
                    struct oct_guard_refusal *refusal)
{
    *facts = (struct oct_guard_facts){0};
    bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
    if (!is_1_1 && strcmp(version, "HTTP/1.0") != 0) {
        return refuse(refusal, 505, "the version must be HTTP/1.1 or HTTP/1.0");
    }
    if (!check_method(method, refusal)) {
        return false;
    }
    if (!is_target(target)) {
        return refuse(refusal, 400, "the target holds a space or a control byte");
    }
    if (n_fields > OCT_HTTP_MAX_HEADERS) {
        return refuse(refusal, 431, "too many headers");
    }
    unsigned n_host = 0;
    unsigned n_length = 0;
    unsigned n_coding = 0;
    for (size_t i = 0; i < n_fields; i++) {
        const struct oct_http_field *field = &fields[i];
        if (!is_token(field->name, field->name_length)) {
            return refuse(refusal, 400, "a header's name is not a token");
        }
        if (!is_value(field->value, field->value_length)) {
            return refuse(refusal, 400, "a header's value holds a control byte");
        }
        if (oct_http_field_is(field, "Host")) {
            if (++n_host > 1) {
                return refuse(refusal, 400, "more than one Host");
            }
            if (!is_host(field->value, field->value_length)) {
                return refuse(refusal, 400, "Host is not a host and port");
            }
        } else if (oct_http_field_is(field, "Content-Length")) {
            if (++n_length > 1) {
                return refuse(refusal, 400, "more than one Content-Length");
            }
            if (!parse_length(field->value, field->value_length, &facts->content_length)) {
                return refuse(refusal, 400, "Content-Length is not a number of bytes");
            }
            facts->has_length = true;
        } else if (oct_http_field_is(field, "Transfer-Encoding")) {
            if (++n_coding > 1) {
                return refuse(refusal, 400, "more than one Transfer-Encoding");
            }
            if (!is_1_1) {
                return refuse(refusal, 400, "Transfer-Encoding needs HTTP/1.1");
            }
            if (!text_is(field->value, field->value_length, "chunked")) {
                return refuse(refusal, 501, "the only Transfer-Encoding served is chunked");
            }
            facts->chunked = true;
        } else if (oct_http_field_is(field, "Expect")) {
            if (!text_is(field->value, field->value_length, "100-continue")) {
                return refuse(refusal, 417, "the only expectation met is 100-continue");
            }
            facts->expects_continue = is_1_1;
        }
    }
    if (facts->has_length && facts->chunked) {
        return refuse(refusal, 400, "Content-Length and Transfer-Encoding together");
    }
    if (is_1_1 && n_host == 0) {
        return refuse(refusal, 400, "Host is missing");
    }
    return true;
}
