/// A request's target in parts: path segments and query arguments, percent-decoded once, here and nowhere else.
/// All bytes are hostile. Threads: [one] per target.
#ifndef OCTET_SERVER_HTTP_TARGET_H
#define OCTET_SERVER_HTTP_TARGET_H

#include "octet/status.h"
#include "server/http/limits.h"

/// Owned by whoever parsed it; all texts are terminated and lie in `storage`.
struct oct_http_target {
    char *storage;
    const char *path; ///< as received, without the query
    size_t n_segments;
    const char *segments[OCT_HTTP_MAX_SEGMENTS]; ///< decoded; a slash at the end of the path makes none
    size_t n_queries;
    struct {
        const char *key;
        const char *value;
    } queries[OCT_HTTP_MAX_QUERY_KEYS]; ///< decoded; `+` is a space
};

/// `text`: "/path?query", or the absolute form "http://host/path?query" that RFC 9112 wants accepted.
/// Errors: OCT_ERR_INVALID (another form, bad escape, %00, %2F inside a segment, control bytes, no UTF-8, an empty
/// segment, a key twice), OCT_ERR_LIMIT (more segments or keys than limits.h says), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_http_target_parse(const char *text, struct oct_http_target *target, struct oct_error *error);
/// Frees the storage of a target that was parsed, or is all zero.
void oct_http_target_deinit(struct oct_http_target *target);
/// The decoded argument, NULL when absent.
const char *oct_http_target_query(const struct oct_http_target *target, const char *key);

/// Decodes `length` bytes of `text` into `out` (room for length + 1) and terminates it. Errors as above but for
/// slashes.
OCT_NODISCARD enum oct_status
oct_http_percent_decode(const char *text, size_t length, bool plus_is_space, char *out, struct oct_error *error);

#endif
