#include "server/http/router.h"

#include <stdio.h>
#include <string.h>

/// The next segment of a pattern: its text and length, without slashes. False at the end.
static bool next_segment(const char **at, const char **text, size_t *length)
{
    while (**at == '/') {
        (*at)++;
    }
    *text = *at;
    *length = strcspn(*at, "/");
    *at += *length;
    return *length > 0;
}

static bool is_parameter(const char *text, size_t length)
{
    return length > 2 && text[0] == '{' && text[length - 1] == '}';
}

static enum oct_status check_pattern(const char *pattern, size_t row, struct oct_error *error)
{
    if (pattern == NULL || pattern[0] != '/') {
        return oct_error_set(error, OCT_ERR_INVALID, "routes", OCT_POSITION_NONE,
                             "row %zu: no pattern that starts with /", row);
    }
    const char *at = pattern;
    const char *text;
    size_t length;
    size_t n_segments = 0;
    size_t n_parameters = 0;
    while (next_segment(&at, &text, &length)) {
        bool braces = memchr(text, '{', length) != NULL || memchr(text, '}', length) != NULL;
        n_parameters += braces;
        if (braces && !is_parameter(text, length)) {
            return oct_error_set(error, OCT_ERR_INVALID, "routes", OCT_POSITION_NONE, "row %zu: braces in %s", row,
                                 pattern);
        }
        n_segments++;
    }
    if (n_segments > OCT_HTTP_MAX_SEGMENTS || n_parameters > OCT_HTTP_MAX_PARAMETERS) {
        return oct_error_set(error, OCT_ERR_INVALID, "routes", OCT_POSITION_NONE, "row %zu: %s is too long", row,
                             pattern);
    }
    return OCT_OK;
}

enum oct_status oct_router_check(const struct oct_http_route *routes, size_t n_routes, struct oct_error *error)
{
    for (size_t i = 0; i < n_routes; i++) {
        enum oct_status status = check_pattern(routes[i].pattern, i, error);
        if (status != OCT_OK) {
            return status;
        }
        if (routes[i].method == NULL || (routes[i].handler == NULL) == (routes[i].sink == NULL)) {
            return oct_error_set(error, OCT_ERR_INVALID, "routes", OCT_POSITION_NONE,
                                 "row %zu needs a method and one of handler and sink", i);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(routes[i].method, routes[j].method) == 0 && strcmp(routes[i].pattern, routes[j].pattern) == 0) {
                return oct_error_set(error, OCT_ERR_INVALID, "routes", OCT_POSITION_NONE,
                                     "rows %zu and %zu are the same", j, i);
            }
        }
    }
    return OCT_OK;
}

/// @param[out] literal  one bit per segment, the leftmost highest: the larger number is the closer match
static bool match_path(const struct oct_http_route *route,
                       const struct oct_http_target *target,
                       struct oct_route_match *match,
                       uint32_t *literal)
{
    const char *at = route->pattern;
    const char *text;
    size_t length;
    size_t n = 0;
    *literal = 0;
    match->route = route;
    match->n_parameters = 0;
    while (next_segment(&at, &text, &length)) {
        if (n == target->n_segments) {
            return false;
        }
        const char *segment = target->segments[n++];
        if (is_parameter(text, length)) {
            match->parameters[match->n_parameters].name = text + 1;
            match->parameters[match->n_parameters].name_length = length - 2;
            match->parameters[match->n_parameters].value = segment;
            match->n_parameters++;
        } else if (strlen(segment) == length && memcmp(segment, text, length) == 0) {
            *literal |= UINT32_C(1) << (OCT_HTTP_MAX_SEGMENTS - n);
        } else {
            return false;
        }
    }
    return n == target->n_segments;
}

static void add_allowed(char *allow, const char *method)
{
    size_t used = strlen(allow);
    bool listed = strstr(allow, method) != NULL; // no method's name is part of another's
    if (!listed && used + strlen(method) + 3 <= OCT_ROUTE_ALLOW_BYTES) {
        (void)snprintf(allow + used, OCT_ROUTE_ALLOW_BYTES - used, "%s%s", used > 0 ? ", " : "", method);
    }
}

enum oct_route_result oct_router_match(const struct oct_http_route *routes,
                                       size_t n_routes,
                                       const char *method,
                                       const struct oct_http_target *target,
                                       struct oct_route_match *match)
{
    struct oct_route_match candidate = {0};
    uint32_t best = 0;
    bool best_is_exact = false;
    bool is_head = strcmp(method, "HEAD") == 0;
    char allow[OCT_ROUTE_ALLOW_BYTES] = "";
    *match = (struct oct_route_match){0};
    for (size_t i = 0; i < n_routes; i++) {
        uint32_t literal;
        if (!match_path(&routes[i], target, &candidate, &literal)) {
            continue;
        }
        bool is_get = strcmp(routes[i].method, "GET") == 0;
        add_allowed(allow, routes[i].method);
        if (is_get) {
            add_allowed(allow, "HEAD");
        }
        bool exact = strcmp(routes[i].method, method) == 0;
        if (!exact && !(is_head && is_get)) {
            continue;
        }
        if (match->route == NULL || literal > best || (literal == best && exact && !best_is_exact)) {
            *match = candidate;
            best = literal;
            best_is_exact = exact;
        }
    }
    if (match->route != NULL) {
        return OCT_ROUTE_FOUND;
    }
    if (allow[0] == '\0') {
        return OCT_ROUTE_UNKNOWN_PATH;
    }
    memcpy(match->allow, allow, sizeof allow);
    return OCT_ROUTE_WRONG_METHOD;
}
