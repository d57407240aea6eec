// DESIGN: the token is compared as a digest, so neither its length nor its first differing byte shows in the time
// taken. Without a token a loopback server trusts the machine's users, but not the web pages they look at: a browser
// adds Origin to what a page sends, and then the page must be ours, read under a loopback name (a name that was rebound
// is not one).
#include "server/http/auth.h"

#include <string.h>
#include <strings.h>

#include "octet/proto/sha256.h"

static const struct oct_http_field *find(const struct oct_http_field *fields, size_t n_fields, const char *name)
{
    for (size_t i = 0; i < n_fields; i++) {
        if (oct_http_field_is(&fields[i], name)) {
            return &fields[i];
        }
    }
    return NULL;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n_bytes)
{
    unsigned difference = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        difference |= (unsigned)(a[i] ^ b[i]);
    }
    return difference == 0;
}

static enum oct_status
check_token(const struct oct_auth_policy *policy, const struct oct_http_field *authorization, struct oct_error *error)
{
    static const char scheme[] = "Bearer ";
    size_t length = sizeof scheme - 1;
    if (authorization == NULL || authorization->value_length <= length ||
        strncasecmp(authorization->value, scheme, length) != 0) {
        return oct_error_set(error, OCT_ERR_UNAUTHORIZED, "management", OCT_POSITION_NONE,
                             "this call needs the header 'Authorization: Bearer <token>'");
    }
    uint8_t digest[OCT_HTTP_TOKEN_DIGEST_BYTES];
    enum oct_status status = oct_sha256(authorization->value + length, authorization->value_length - length, digest);
    if (status != OCT_OK) {
        return oct_error_set(error, status, "management", OCT_POSITION_NONE, "the token cannot be checked now");
    }
    if (!same_bytes(digest, policy->token_digest, sizeof digest)) {
        return oct_error_set(error, OCT_ERR_UNAUTHORIZED, "management", OCT_POSITION_NONE,
                             "the token is not the configured one");
    }
    return OCT_OK;
}

/// "localhost", 127.x.y.z or [::1], with or without a port.
static bool is_local_name(const char *host, size_t length)
{
    static const char *const names[] = {"localhost", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (length >= n && strncasecmp(host, names[i], n) == 0 && (length == n || host[n] == ':')) {
            return true;
        }
    }
    if (length < 4 || strncmp(host, "127.", 4) != 0) {
        return false;
    }
    for (size_t i = 4; i < length && host[i] != ':'; i++) {
        if (host[i] != '.' && (host[i] < '0' || host[i] > '9')) {
            return false;
        }
    }
    return true;
}

static bool is_own_page(const struct oct_http_field *origin, const struct oct_http_field *host)
{
    static const char scheme[] = "http://";
    size_t length = sizeof scheme - 1;
    return host != NULL && origin->value_length == length + host->value_length &&
           strncasecmp(origin->value, scheme, length) == 0 &&
           strncasecmp(origin->value + length, host->value, host->value_length) == 0 &&
           is_local_name(host->value, host->value_length);
}

enum oct_status oct_auth_check(const struct oct_auth_policy *policy,
                               enum oct_http_scope scope,
                               const struct oct_http_field *fields,
                               size_t n_fields,
                               struct oct_error *error)
{
    if (scope != OCT_HTTP_SCOPE_ADMIN) {
        return OCT_OK;
    }
    if (policy->has_token) {
        return check_token(policy, find(fields, n_fields, "Authorization"), error);
    }
    if (policy->open_management) {
        return OCT_OK;
    }
    if (!policy->is_loopback) {
        return oct_error_set(error, OCT_ERR_FORBIDDEN, "management", OCT_POSITION_NONE,
                             "this server listens on an address that others can reach and has no token: start it with "
                             "--token-file FILE, bind it to 127.0.0.1, or pass --open-management");
    }
    const struct oct_http_field *origin = find(fields, n_fields, "Origin");
    if (origin != NULL && !is_own_page(origin, find(fields, n_fields, "Host"))) {
        return oct_error_set(error, OCT_ERR_FORBIDDEN, "management", OCT_POSITION_NONE,
                             "a web page of another origin may not change models; configure a token");
    }
    return OCT_OK;
}
