/// The table of calls: what is answered, where, by whom. routes.def has one row per call; the router, /openapi.json and
/// the tests read the table made from it. Handlers get the services (server/http/services.h) as their context. Threads:
/// see http.h.
#ifndef OCTET_SERVER_HTTP_ROUTES_H
#define OCTET_SERVER_HTTP_ROUTES_H

#include "server/http/http.h"

// Every handler and sink of the table. Rows that share a handler repeat its declaration, which C allows.
#define OCT_ROUTE(method, pattern, handler, body, scope, doc)                                                          \
    void handler(void *context, struct oct_http_request *request);
#define OCT_UPLOAD(method, pattern, sink, scope, doc) extern const struct oct_http_sink sink;
#include "server/http/routes.def"
#undef OCT_ROUTE
#undef OCT_UPLOAD

/// The table; static storage.
const struct oct_http_route *oct_http_routes(size_t *n_routes);

#endif
