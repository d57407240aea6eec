/// What a request is made of, for the files of this folder that carry it: no socket library here.
///
/// A request has two holders: the connection (from its first line to the end of its answer) and, between dispatch and
/// reply, the handler. It lives until both let go, so a handler that is late at a stop still holds valid memory.
/// Everything a handler may read is the request's own copy. Threads: `phase` and what stands under "loop" belong to the
/// loop's thread; `hold` decides, atomically, who answers.
#ifndef OCTET_SERVER_HTTP_REQUEST_H
#define OCTET_SERVER_HTTP_REQUEST_H

#include <stdatomic.h>

#include "server/http/body.h"
#include "server/http/guard.h"
#include "server/http/http.h"
#include "server/http/router.h"
#include "server/http/target.h"
#include "server/loop/loop.h"

/// An answer, stored until the loop sends it.
struct oct_http_answer {
    int status;
    bool close;
    const char *content_type; ///< in `text`, or NULL
    size_t n_headers;
    struct {
        const char *name;
        const char *value;
    } headers[OCT_HTTP_MAX_REPLY_HEADERS]; ///< in `text`
    size_t n_text;
    char text[OCT_HTTP_REPLY_TEXT_BYTES];
    const char *fixed_body; ///< static text instead of `body`: an answer that needs no memory
    struct oct_buffer body;
};

enum oct_request_phase {
    OCT_REQUEST_HEADERS,   ///< the line was read
    OCT_REQUEST_BODY,      ///< being read for the handler or sink
    OCT_REQUEST_REFUSED,   ///< the answer stands; what is left of the body is read and dropped
    OCT_REQUEST_HANDED,    ///< the handler's turn
    OCT_REQUEST_ANSWERING, ///< given to libmicrohttpd
};

enum oct_request_hold {
    OCT_HOLD_SERVER,    ///< not handed over yet
    OCT_HOLD_HANDLER,   ///< whoever changes this answers
    OCT_HOLD_ANSWERED,  ///< by the handler
    OCT_HOLD_ABANDONED, ///< by the server, at a stop; the handler's reply only lets go
};

struct oct_http_server;

struct oct_http_request {
    struct oct_http_server *server;
    struct oct_body_pool *bodies;
    const struct oct_log *log;
    struct oct_loop *loop;
    atomic_uint references;
    atomic_int hold;
    int fd;

    char *line; ///< the target as received
    size_t line_length;
    const char *raw_line; ///< where libmicrohttpd keeps it; compared, never followed
    const char *method;   ///< the request's copy
    char method_text[16];
    char version_text[12];
    struct oct_http_target target;
    struct oct_route_match match;
    size_t n_fields;
    struct oct_http_field *fields; ///< with terminators; one block with their text
    struct oct_guard_facts facts;
    struct oct_body body;
    uint64_t received_us, complete_us;
    void *user;

    // loop
    enum oct_request_phase phase;
    void *connection; ///< libmicrohttpd's
    bool dispatching; ///< the handler is being called
    bool answered_in_dispatch;
    bool sink_open; ///< begun and neither ended nor aborted
    uint64_t n_body_bytes;
    uint64_t n_dropped_bytes; ///< of them, after the refusal
    int status;               ///< of the answer that was sent
    uint64_t n_reply_bytes;
    struct oct_loop_task done;
    struct oct_http_answer answer; ///< the handler's while HANDED, the loop's otherwise
};

/// One reference, the connection's. NULL when out of memory. `line` is copied.
struct oct_http_request *oct_http_request_create(const char *line);
void oct_http_request_retain(struct oct_http_request *request);
/// Frees with the last reference. [any] True when it was the last.
bool oct_http_request_release(struct oct_http_request *request);
/// Copies the headers. Errors: OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_http_request_set_fields(struct oct_http_request *request, const struct oct_http_field *fields, size_t n_fields);

/// Stores `reply` as the request's answer, replacing one that stood there; the reply's body moves. An answer whose
/// headers do not fit becomes a 500.
void oct_http_answer_set(struct oct_http_answer *answer, struct oct_http_reply *reply);
/// Stores {"error": message} under `http_status`; needs no memory of the heap when `error` is fixed text in JSON form.
void oct_http_answer_fixed(struct oct_http_answer *answer, int http_status, const char *fixed_json);
void oct_http_answer_deinit(struct oct_http_answer *answer);

/// Builds a reply with {"error": "..."} for `error` (internals are kept to the log), its code, and the headers the code
/// asks for. The caller's `reply`; its body is to be taken. @param retry_after_s  0: no Retry-After
/// @param retry_text  storage of the header's value, as long-lived as the reply
#define OCT_HTTP_RETRY_TEXT_BYTES 16
void oct_http_error_reply(struct oct_http_reply *reply,
                          const struct oct_log *log,
                          const struct oct_error *error,
                          unsigned retry_after_s,
                          char retry_text[OCT_HTTP_RETRY_TEXT_BYTES]);
/// The same with a code of its own and a plain sentence.
void oct_http_message_reply(struct oct_http_reply *reply, int http_status, const char *message);

#endif
