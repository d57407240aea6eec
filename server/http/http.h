/// The HTTP seam: what a handler sees. No socket, no libmicrohttpd, no libuv.
///
/// A route is a row of routes.def: method, path pattern, handler, body mode, scope. A handler is called on a loop
/// thread when the request is complete (or, for an upload, chunk by chunk through its sink) and either replies at once
/// or keeps the request and replies later, from any thread, exactly once.
///
/// Ownership: a request belongs to the handler from its call until the reply; all text and bytes it gives are valid
/// until then.
#ifndef OCTET_SERVER_HTTP_HTTP_H
#define OCTET_SERVER_HTTP_HTTP_H

#include "octet/buffer.h"

struct oct_http_request;

const char *oct_http_method(const struct oct_http_request *request);
const char *oct_http_path(const struct oct_http_request *request);
/// The percent-decoded text that matched `{name}` of the route's pattern; NULL when the pattern has none of that name.
const char *oct_http_path_parameter(const struct oct_http_request *request, const char *name);
/// The decoded query argument; NULL when absent. A key given twice was refused with 400.
const char *oct_http_query(const struct oct_http_request *request, const char *key);
/// A header, matched without case; NULL when absent.
const char *oct_http_header(const struct oct_http_request *request, const char *name);
/// The whole body of a route with a buffered body; 64-byte aligned.
const uint8_t *oct_http_body(const struct oct_http_request *request, size_t *n_bytes);
/// Monotonic microseconds when the first byte of the request was seen, and when its last.
uint64_t oct_http_received_us(const struct oct_http_request *request);
uint64_t oct_http_complete_us(const struct oct_http_request *request);
/// True when the peer is known to have closed. A cheap system call; [any] thread.
bool oct_http_is_gone(const struct oct_http_request *request);
/// A word of the handler's own, NULL at first.
void oct_http_set_user(struct oct_http_request *request, void *user);
void *oct_http_user(const struct oct_http_request *request);

#define OCT_HTTP_MAX_REPLY_HEADERS 6

/// An answer. Names and values of headers are copied; `body` is taken (its storage moves to the reply).
struct oct_http_reply {
    int status;
    const char *content_type; ///< NULL: no body's type
    size_t n_headers;
    struct {
        const char *name;
        const char *value;
    } headers[OCT_HTTP_MAX_REPLY_HEADERS];
    struct oct_buffer body;
    bool close; ///< close the connection afterwards
};

/// Sends the reply; [any] thread, exactly once per request, which is gone for the caller afterwards. Never fails
/// towards the caller: a peer that left is counted and forgotten.
void oct_http_reply(struct oct_http_request *request, struct oct_http_reply *reply);
/// `{"error": "<where: message>"}` with the status' HTTP code (status_http.c).
void oct_http_reply_error(struct oct_http_request *request, const struct oct_error *error);
/// As above with Retry-After: `retry_after_s` seconds (>= 1).
void oct_http_reply_retry(struct oct_http_request *request, const struct oct_error *error, unsigned retry_after_s);
/// A JSON body that is taken.
void oct_http_reply_json(struct oct_http_request *request, int status, struct oct_buffer *body);

/// HTTP status code for `status` (OCT_ERR_INVALID 400, ..., one row per code).
int oct_http_status_of(enum oct_status status);

/// An upload's sink: where a streamed body goes. `begin` may refuse before a byte of body is read (it may reply by
/// error only through the returned status); `chunk` gets bytes in order; then exactly one of `end` (the handler's turn:
/// it owns the request and replies) or `abort` (the client left, the limit was passed or a chunk failed; the server
/// replies). All on one loop thread.
struct oct_http_sink {
    enum oct_status (*begin)(void *context, struct oct_http_request *request, struct oct_error *error);
    enum oct_status (*chunk)(struct oct_http_request *request,
                             const uint8_t *bytes,
                             size_t n_bytes,
                             struct oct_error *error);
    void (*end)(void *context, struct oct_http_request *request);
    void (*abort)(void *context, struct oct_http_request *request);
};

typedef void (*oct_http_handler_fn)(void *context, struct oct_http_request *request);

enum oct_http_scope {
    OCT_HTTP_SCOPE_OPEN,  ///< health: never needs a token
    OCT_HTTP_SCOPE_INFER, ///< predictions and reading
    OCT_HTTP_SCOPE_ADMIN, ///< changes models: loopback, or a token, or --open-management
};

/// One route. Exactly one of `handler` (buffered body, at most the server's body limit) and `sink` (streamed) is set.
struct oct_http_route {
    const char *method;
    const char *pattern; ///< "/v2/models/{model}/versions/{version}/infer"; a segment is literal or {name}
    oct_http_handler_fn handler;
    const struct oct_http_sink *sink;
    size_t max_body_bytes; ///< 0: the configured limit of the kind
    enum oct_http_scope scope;
    const char *doc; ///< for /openapi.json and the console
};

struct oct_log;
struct oct_metrics;

struct oct_http_options {
    const char *address; ///< numeric IPv4 or IPv6
    uint16_t port;       ///< 0: any; see oct_http_server_port
    unsigned io_threads;
    size_t max_connections;
    size_t max_infer_body_bytes, max_model_body_bytes, max_inflight_bytes;
    uint64_t header_timeout_us, body_timeout_us,
        idle_timeout_us;            ///< absolute for headers; body: see min rate in limits.h
    const char *admin_token_sha256; ///< 32 bytes, or NULL: no token file
    bool open_management;
    const struct oct_http_route *routes;
    size_t n_routes;
    void *context; ///< given to handlers
    struct oct_log *log;
    struct oct_metrics *metrics;
};

struct oct_http_server;
/// Binds, listens and starts the loop threads. Errors: OCT_ERR_IO (address in use, ...), OCT_ERR_INVALID,
/// OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_http_server_start(const struct oct_http_options *options, struct oct_http_server **server, struct oct_error *error);
uint16_t oct_http_server_port(const struct oct_http_server *server);
/// Replaces the management token: 32 bytes, SHA-256 of it; NULL: none. Copied. [any]
void oct_http_server_set_token(struct oct_http_server *server, const uint8_t *sha256);
/// From now on every reply says `Connection: close`. [any]
void oct_http_server_drain(struct oct_http_server *server);
/// Stops accepting, waits until `deadline_us` (monotonic) for requests in flight, answers the rest 503, stops the
/// loops.
void oct_http_server_stop(struct oct_http_server *server, uint64_t deadline_us);
void oct_http_server_destroy(struct oct_http_server *server); ///< after stop; NULL is allowed

#endif
