/// Which route answers a request. Pure functions over the routes table; a table of some dozen rows is walked, not
/// indexed. Threads: [any].
#ifndef OCTET_SERVER_HTTP_ROUTER_H
#define OCTET_SERVER_HTTP_ROUTER_H

#include "server/http/http.h"
#include "server/http/target.h"

enum oct_route_result {
    OCT_ROUTE_FOUND,
    OCT_ROUTE_UNKNOWN_PATH, ///< 404
    OCT_ROUTE_WRONG_METHOD, ///< 405 with `allow`
};

#define OCT_ROUTE_ALLOW_BYTES 64

struct oct_route_match {
    const struct oct_http_route *route;
    size_t n_parameters;
    struct {
        const char *name; ///< in the route's pattern: `name_length` bytes, not terminated
        size_t name_length;
        const char *value; ///< in the target
    } parameters[OCT_HTTP_MAX_PARAMETERS];
    char allow[OCT_ROUTE_ALLOW_BYTES]; ///< "GET, HEAD, POST" of the path, with OCT_ROUTE_WRONG_METHOD
};

/// Checks a table once: each row has a method, a pattern that starts with a slash, well-formed {names}, exactly one of
/// handler and sink; no two rows with the same method and pattern. Errors: OCT_ERR_INVALID with the row's index.
OCT_NODISCARD enum oct_status
oct_router_check(const struct oct_http_route *routes, size_t n_routes, struct oct_error *error);

/// A literal segment beats a {name}, further left first. HEAD is answered by the GET route where it has none of its
/// own.
enum oct_route_result oct_router_match(const struct oct_http_route *routes,
                                       size_t n_routes,
                                       const char *method,
                                       const struct oct_http_target *target,
                                       struct oct_route_match *match);

#endif
