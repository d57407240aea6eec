#include "server/http/routes.h"

#include "server/http/limits.h"

// 0: the option's limit.
#define BODY_CONTROL OCT_HTTP_CONTROL_BODY_BYTES
#define BODY_INFER   0

static const struct oct_http_route routes[] = {
#define OCT_ROUTE(method, pattern, handler, body, scope, doc)                                                          \
    {method, pattern, handler, NULL, BODY_##body, OCT_HTTP_SCOPE_##scope, doc},
#define OCT_UPLOAD(method, pattern, sink, scope, doc) {method, pattern, NULL, &sink, 0, OCT_HTTP_SCOPE_##scope, doc},
#include "server/http/routes.def"
#undef OCT_ROUTE
#undef OCT_UPLOAD
};

const struct oct_http_route *oct_http_routes(size_t *n_routes)
{
    *n_routes = sizeof routes / sizeof routes[0];
    return routes;
}
