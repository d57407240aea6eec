/// What the mhd_*.c files share; the only place of the project that knows <microhttpd.h>.
///
/// One `oct_http_io` per I/O thread: a loop, a libmicrohttpd daemon in external epoll mode on it, and the list of its
/// connections. Everything here runs on that loop's thread unless it says otherwise. The rules of libmicrohttpd that
/// shape these files:
///  - a daemon is driven from its loop only: MHD_run when its epoll descriptor is readable, or after a resume;
///  - in external mode a resume wakes nobody: other threads hand a task to the loop, which resumes and runs;
///  - a suspended connection is never closed, times out never, and must be resumed before the daemon stops;
///  - a response queued before the body was read closes the connection, so refusals wait for the body's end.
#ifndef OCTET_SERVER_HTTP_MHD_INTERNAL_H
#define OCTET_SERVER_HTTP_MHD_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>

#include "server/http/auth.h"
#include "server/http/request.h"

/// When a connection is given up. Beyond `deadline_us` its socket is shut down, which libmicrohttpd sees as the client
/// leaving.
struct oct_connection {
    struct oct_connection *previous, *next;
    struct oct_http_io *io;
    struct oct_http_request *request; ///< NULL between requests
    int fd;
    uint64_t deadline_us; ///< OCT_CLOCK_NEVER: none
};

struct oct_http_io {
    struct oct_http_server *server;
    struct oct_loop *loop;
    struct oct_loop_poll *poll;
    struct oct_loop_timer *turn;  ///< more to do after OCT_HTTP_RUNS_PER_TURN
    struct oct_loop_timer *watch; ///< looks at deadlines while there are connections
    struct MHD_Daemon *daemon;
    struct oct_connection *connections;
    size_t n_connections;
    bool watching;
    bool stopping;
    bool closed_one; ///< in the last run: a daemon that was full listens again only when it is run once more
    struct oct_loop_task stop_task;
    uint64_t stop_began_us, stop_deadline_us;
};

struct oct_http_server {
    struct oct_http_options options; ///< without zeros; texts not kept
    struct oct_body_pool *bodies;
    int listen_fd;
    uint16_t port;
    pthread_mutex_t policy_mutex;
    struct oct_auth_policy policy;
    atomic_bool draining;
    atomic_uint references; ///< the owner's, and one per abandoned request
    _Atomic uint64_t last_request_us;
    uint64_t watch_us;
    bool stopped;
    size_t n_io;
    struct oct_http_io io[]; ///< [n_io]
};

// mhd_server.c
void oct_http_server_release(struct oct_http_server *server);

// mhd_io.c: one daemon on one loop
OCT_NODISCARD enum oct_status
oct_http_io_open(struct oct_http_io *io, struct oct_http_server *server, struct oct_error *error);
/// Closes what is open; the loop must not be running.
void oct_http_io_close(struct oct_http_io *io);
/// Runs the daemon until it has nothing to do, or a turn's worth.
void oct_http_io_run(void *io);

// mhd_watch.c: connections and their deadlines
void oct_http_on_connection(void *io,
                            struct MHD_Connection *connection,
                            void **context,
                            enum MHD_ConnectionNotificationCode code);
struct oct_connection *oct_http_connection_of(struct MHD_Connection *connection);
void oct_http_watch_tick(void *io);
/// A body's allowance after `n_bytes` more arrived.
void oct_http_watch_body(struct oct_connection *connection, size_t n_bytes);

// mhd_access.c: a request from its first line to its dispatch
void *oct_http_on_line(void *io, const char *line, struct MHD_Connection *connection);
enum MHD_Result oct_http_on_access(void *io,
                                   struct MHD_Connection *connection,
                                   const char *url,
                                   const char *method,
                                   const char *version,
                                   const char *upload,
                                   size_t *upload_bytes,
                                   void **request);
void oct_http_on_completed(void *io,
                           struct MHD_Connection *connection,
                           void **request,
                           enum MHD_RequestTerminationCode code);

// mhd_reply.c: from an answer to the socket
/// Queues the request's stored answer; MHD_NO closes the connection.
enum MHD_Result oct_http_send_answer(struct oct_http_request *request, struct MHD_Connection *connection);
/// Answers 503 in the handler's place; false when the handler was faster.
bool oct_http_abandon(struct oct_http_request *request);
/// One line in the log for a request that is over.
void oct_http_log_request(const struct oct_http_request *request, bool complete);

// mhd_layout.c: a hole of 0.9.75
/// False when the bytes of the head hold more than method, target, version and fields as given: something is hidden
/// behind a NUL, a line is folded or ends without CR.
bool oct_http_layout_is_plain(struct MHD_Connection *connection,
                              const char *method,
                              const struct oct_http_request *request,
                              const char *version,
                              const struct oct_http_field *fields,
                              size_t n_fields);

#endif
