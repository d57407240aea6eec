/// The header guard: which requests have a framing that every server in front of us understands as we do.
///
/// libmicrohttpd 0.9.75 accepts a dozen ambiguous requests (two lengths, length and chunks, lists of codings, spaces
/// before the colon ...) that a proxy may frame differently, which lets one client speak in another's name. A pure
/// function over the header list; whoever calls it closes the connection after a refusal. Threads: [any].
#ifndef OCTET_SERVER_HTTP_GUARD_H
#define OCTET_SERVER_HTTP_GUARD_H

#include "octet/status.h"

/// A header as it was received: no terminator is needed, the value may be empty.
struct oct_http_field {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
};

/// What the headers say about the body.
struct oct_guard_facts {
    bool has_length;
    uint64_t content_length; ///< bytes; 0 without has_length
    bool chunked;
    bool expects_continue; ///< the client waits for 100 before it sends the body
};

struct oct_guard_refusal {
    int http_status;
    const char *message; ///< static text
};

/// @param method   as received; case matters
/// @param target   as received: no byte that could end it elsewhere
/// @param version  "HTTP/1.1" or "HTTP/1.0"; anything else is refused
/// @return true when the request may be served, with `facts`; false with `refusal`: 400 framing or syntax, 405 method
/// not served anywhere, 417 unknown expectation, 431 too many headers, 501 unknown transfer coding, 505 version.
bool oct_http_guard(const char *method,
                    const char *target,
                    const char *version,
                    const struct oct_http_field *fields,
                    size_t n_fields,
                    struct oct_guard_facts *facts,
                    struct oct_guard_refusal *refusal);

/// True when the field's name is `name`, without regard to case.
bool oct_http_field_is(const struct oct_http_field *field, const char *name);

#endif
