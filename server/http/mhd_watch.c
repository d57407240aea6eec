// DESIGN: libmicrohttpd's own time-out is idle time, which a byte a second resets; these deadlines are absolute. A list
// is walked a few times a second by each loop: some thousand entries cost less than a wheel or a heap would have to be
// kept in order for. The close notification comes before close(), on this thread, so a descriptor in the list is always
// the connection's.
#include "server/http/mhd_internal.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "server/metrics/metrics.h"
#include "server/pool/clock.h"

#define US_PER_SECOND ((uint64_t)1000000)

static void open_connection(struct oct_http_io *io, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct oct_connection *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        (void)shutdown(info->connect_fd, SHUT_RDWR); // one that nobody watches must not stay
        return;
    }
    entry->io = io;
    entry->fd = info->connect_fd;
    entry->deadline_us = oct_clock_us() + io->server->options.header_timeout_us;
    entry->next = io->connections;
    if (entry->next != NULL) {
        entry->next->previous = entry;
    }
    io->connections = entry;
    io->n_connections++;
    *context = entry;
    if (!io->watching) {
        io->watching = true;
        oct_loop_timer_start(io->watch, io->server->watch_us, io->server->watch_us);
    }
    oct_metrics_add(io->server->options.metrics, OCT_METRIC_HTTP_CONNECTIONS, 1);
}

static void close_connection(struct oct_http_io *io, struct oct_connection *entry)
{
    if (entry->previous != NULL) {
        entry->previous->next = entry->next;
    } else {
        io->connections = entry->next;
    }
    if (entry->next != NULL) {
        entry->next->previous = entry->previous;
    }
    io->n_connections--;
    io->closed_one = true;
    free(entry);
    oct_metrics_add(io->server->options.metrics, OCT_METRIC_HTTP_CONNECTIONS, -1);
}

void oct_http_on_connection(void *arg,
                            struct MHD_Connection *connection,
                            void **context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct oct_http_io *io = arg;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        open_connection(io, connection, context);
    } else if (*context != NULL) {
        close_connection(io, *context);
        *context = NULL;
    }
}

struct oct_connection *oct_http_connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

void oct_http_watch_body(struct oct_connection *connection, size_t n_bytes)
{
    // A bucket: time empties it, bytes fill it at the least rate, and it holds the time-out at most. So neither a
    // trickle nor a fast start followed by one keeps a connection.
    uint64_t full = oct_clock_us() + connection->io->server->options.body_timeout_us;
    uint64_t earned = connection->deadline_us + n_bytes * US_PER_SECOND / OCT_HTTP_MIN_RATE;
    connection->deadline_us = earned < full ? earned : full;
}

static void give_up(struct oct_connection *connection)
{
    connection->deadline_us = OCT_CLOCK_NEVER;
    (void)shutdown(connection->fd, SHUT_RDWR);
}

/// The client left in the middle of a body. When its last bytes and its end arrive together libmicrohttpd reads the
/// bytes, takes the short read for "nothing more" and hears of the end no second time.
static bool left_mid_body(const struct oct_connection *connection)
{
    const struct oct_http_request *request = connection->request;
    return request != NULL && (request->phase == OCT_REQUEST_BODY || request->phase == OCT_REQUEST_REFUSED) &&
           oct_http_is_gone(request);
}

/// At a stop: first those without a request, then the requests nobody answered, in the end all.
static void stop_tick(struct oct_http_io *io, uint64_t now)
{
    bool idle_is_over = now >= io->stop_began_us + OCT_HTTP_STOP_IDLE_US || now >= io->stop_deadline_us;
    bool late = now >= io->stop_deadline_us;
    bool over = late && now - io->stop_deadline_us >= OCT_HTTP_STOP_FLUSH_US;
    for (struct oct_connection *at = io->connections; at != NULL; at = at->next) {
        struct oct_http_request *request = at->request;
        bool held = request != NULL && request->phase == OCT_REQUEST_HANDED;
        if (held) {
            if (late && oct_http_abandon(request)) {
                MHD_resume_connection(request->connection);
            }
        } else if (over || (request == NULL && idle_is_over)) {
            give_up(at);
        } else if (late && request->phase != OCT_REQUEST_ANSWERING) {
            give_up(at); // its end did not arrive in time
        }
    }
    oct_http_io_run(io);
    if (io->n_connections == 0) {
        oct_loop_timer_stop(io->watch);
        oct_loop_stop(io->loop);
    }
}

void oct_http_watch_tick(void *arg)
{
    struct oct_http_io *io = arg;
    uint64_t now = oct_clock_us();
    for (struct oct_connection *at = io->connections; at != NULL; at = at->next) {
        if (now >= at->deadline_us || left_mid_body(at)) {
            give_up(at);
        }
    }
    if (io->stopping) {
        stop_tick(io, now);
        return;
    }
    uint64_t last = atomic_load_explicit(&io->server->last_request_us, memory_order_relaxed);
    if (now > last && now - last > OCT_HTTP_POOL_KEEP_US) {
        oct_body_pool_trim(io->server->bodies);
        if (io->n_connections == 0) {
            io->watching = false; // nothing wakes an idle server
            oct_loop_timer_stop(io->watch);
        }
    }
}
