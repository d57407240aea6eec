#include "server/http/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Length of the well-formed UTF-8 sequence at `text` (terminated), 0 when there is none.
static size_t utf8_length(const unsigned char *text)
{
    unsigned char lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 0;
    if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (lead == 0xE0 && text[1] < 0xA0) || (lead == 0xF0 && text[1] < 0x90);
    bool outside = (lead == 0xED && text[1] > 0x9F) || (lead == 0xF4 && text[1] > 0x8F); // surrogates; past U+10FFFF
    return overlong || outside ? 0 : length;
}

static bool is_clean_text(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        size_t length = utf8_length(at);
        if (length == 0 || *at < 0x20 || *at == 0x7F) {
            return false;
        }
        at += length;
    }
    return true;
}

enum oct_status
oct_http_percent_decode(const char *text, size_t length, bool plus_is_space, char *out, struct oct_error *error)
{
    size_t n_out = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            int high = length - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = length - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE,
                                     "a %% that no two hex digits follow");
            }
            c = (char)(high * 16 + low);
            if (c == '\0') {
                return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE, "%%00 is not text");
            }
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n_out++] = c;
    }
    out[n_out] = '\0';
    if (!is_clean_text(out)) {
        return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE, "control bytes, or not UTF-8");
    }
    return OCT_OK;
}

/// Where the path begins: past "http://authority" of the absolute form. NULL for anything else.
static const char *path_of(const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    if (text[0] == '/') {
        return text;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(text, schemes[i], length) == 0) {
            const char *path = text + length + strcspn(text + length, "/?#");
            return path > text + length && path[0] == '/' ? path : NULL;
        }
    }
    return NULL;
}

/// `out` is moved past what was written.
static enum oct_status
split_path(const char *path, size_t length, struct oct_http_target *target, char **out, struct oct_error *error)
{
    size_t begin = 1; // past the first slash
    while (begin < length) {
        const char *slash = memchr(path + begin, '/', length - begin);
        size_t end = slash != NULL ? (size_t)(slash - path) : length;
        if (end == begin) {
            return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE,
                                 "an empty part between two slashes");
        }
        if (target->n_segments == OCT_HTTP_MAX_SEGMENTS) {
            return oct_error_set(error, OCT_ERR_LIMIT, "target", OCT_POSITION_NONE, "more than %d parts",
                                 OCT_HTTP_MAX_SEGMENTS);
        }
        enum oct_status status = oct_http_percent_decode(path + begin, end - begin, false, *out, error);
        if (status != OCT_OK) {
            return status;
        }
        if (strchr(*out, '/') != NULL) {
            return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE, "%%2F inside a part");
        }
        target->segments[target->n_segments++] = *out;
        *out += strlen(*out) + 1;
        begin = end + 1;
    }
    return OCT_OK;
}

static enum oct_status
add_query(const char *text, size_t length, struct oct_http_target *target, char **out, struct oct_error *error)
{
    const char *equals = memchr(text, '=', length);
    size_t key_length = equals != NULL ? (size_t)(equals - text) : length;
    char *key = *out;
    enum oct_status status = oct_http_percent_decode(text, key_length, true, key, error);
    if (status != OCT_OK) {
        return status;
    }
    char *value = key + strlen(key) + 1;
    size_t value_at = key_length < length ? key_length + 1 : length;
    status = oct_http_percent_decode(text + value_at, length - value_at, true, value, error);
    if (status != OCT_OK) {
        return status;
    }
    *out = value + strlen(value) + 1;
    if (oct_http_target_query(target, key) != NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, "query", OCT_POSITION_NONE, "'%.64s' is given twice", key);
    }
    if (target->n_queries == OCT_HTTP_MAX_QUERY_KEYS) {
        return oct_error_set(error, OCT_ERR_LIMIT, "query", OCT_POSITION_NONE, "more than %d arguments",
                             OCT_HTTP_MAX_QUERY_KEYS);
    }
    target->queries[target->n_queries].key = key;
    target->queries[target->n_queries].value = value;
    target->n_queries++;
    return OCT_OK;
}

enum oct_status oct_http_target_parse(const char *text, struct oct_http_target *target, struct oct_error *error)
{
    *target = (struct oct_http_target){0};
    const char *path = path_of(text);
    if (path == NULL || strchr(path, '#') != NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, "target", OCT_POSITION_NONE, "expected /path or /path?query");
    }
    // The raw path, and every part decoded (never longer) with a terminator each: a part costs the path one separator,
    // an argument two at most.
    size_t length = strlen(path);
    target->storage = malloc(2 * length + 4 + OCT_HTTP_MAX_QUERY_KEYS);
    if (target->storage == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "target", OCT_POSITION_NONE, "out of memory");
    }
    size_t path_length = strcspn(path, "?");
    memcpy(target->storage, path, path_length);
    target->storage[path_length] = '\0';
    target->path = target->storage;
    char *out = target->storage + path_length + 1;
    enum oct_status status = split_path(path, path_length, target, &out, error);
    size_t at = path_length + (path_length < length);
    while (status == OCT_OK && at < length) {
        size_t n = strcspn(path + at, "&");
        if (n > 0) {
            status = add_query(path + at, n, target, &out, error);
        }
        at += n + 1;
    }
    if (status != OCT_OK) {
        oct_http_target_deinit(target);
    }
    return status;
}

void oct_http_target_deinit(struct oct_http_target *target)
{
    free(target->storage);
    *target = (struct oct_http_target){0};
}

const char *oct_http_target_query(const struct oct_http_target *target, const char *key)
{
    for (size_t i = 0; i < target->n_queries; i++) {
        if (strcmp(target->queries[i].key, key) == 0) {
            return target->queries[i].value;
        }
    }
    return NULL;
}
