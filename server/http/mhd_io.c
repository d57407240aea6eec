// DESIGN: see mhd_internal.h and the measurements behind it: with its own thread libmicrohttpd 0.9.75 stops for good
// when exactly 128 connections are ready at once, and from outside it does not. All daemons share one listening socket;
// whichever loop wakes first accepts. Rejected: a socket per loop (SO_REUSEPORT), whose backlog is lost when its loop
// stops.
#include "server/http/mhd_internal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "server/log/log.h"
#include "server/pool/clock.h"

/// Accepts from a full backlog, ten connections a run, before the door is closed.
#define STOP_ACCEPT_ROUNDS (OCT_HTTP_BACKLOG / 8)

void oct_http_io_run(void *arg)
{
    struct oct_http_io *io = arg;
    for (int i = 0; i < OCT_HTTP_RUNS_PER_TURN; i++) {
        MHD_UNSIGNED_LONG_LONG timeout_ms;
        io->closed_one = false;
        (void)MHD_run(io->daemon);
        bool done = MHD_get_timeout(io->daemon, &timeout_ms) == MHD_NO || timeout_ms > 0;
        if (done && !io->closed_one) {
            return; // no time-out of libmicrohttpd's is in use: whatever else happens shows on its descriptor
        }
    }
    oct_loop_timer_start(io->turn, 0, 0);
}

static void on_mhd_log(void *arg, const char *format, va_list arguments)
{
    const struct oct_http_io *io = arg;
    const struct oct_log *log = io->server->options.log;
    if (log == NULL || log->level > OCT_LOG_DEBUG) {
        return; // what clients do wrong is not worth a formatted line
    }
    char text[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)vsnprintf(text, sizeof text, format, arguments);
#pragma GCC diagnostic pop
    oct_log_write(log, OCT_LOG_DEBUG, "microhttpd", (const struct oct_log_field[]){OCT_LOG_TEXT_FIELD("text", text)},
                  1);
}

/// The target stays as it was received; target.c decodes it.
static size_t keep_raw(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct oct_http_io *io)
{
    const struct oct_http_options *options = &io->server->options;
    unsigned limit = (unsigned)((options->max_connections + io->server->n_io - 1) / io->server->n_io);
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                            oct_http_on_access, io, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, io,
                            MHD_OPTION_LISTEN_SOCKET, (MHD_socket)io->server->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
                            limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT, OCT_HTTP_CONNECTION_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_NOTIFY_CONNECTION, oct_http_on_connection, io,
                            MHD_OPTION_NOTIFY_COMPLETED, oct_http_on_completed, io, MHD_OPTION_URI_LOG_CALLBACK,
                            oct_http_on_line, io, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, io,
#if MHD_VERSION >= 0x01000000
                            MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#endif
                            MHD_OPTION_END);
}

/// Takes in what the kernel has accepted for us already, closes the door, and lets the watch end the rest.
static void on_stop(void *arg)
{
    struct oct_http_io *io = arg;
    struct pollfd listener = {.fd = io->server->listen_fd, .events = POLLIN};
    for (int i = 0; i < STOP_ACCEPT_ROUNDS && poll(&listener, 1, 0) > 0; i++) {
        (void)MHD_run(io->daemon);
    }
    (void)MHD_quiesce_daemon(io->daemon);
    io->stopping = true;
    io->stop_began_us = oct_clock_us();
    oct_loop_timer_start(io->watch, 0, OCT_HTTP_STOP_TICK_US);
}

enum oct_status oct_http_io_open(struct oct_http_io *io, struct oct_http_server *server, struct oct_error *error)
{
    io->server = server;
    io->stop_task = (struct oct_loop_task){.fn = on_stop, .arg = io};
    enum oct_status status = oct_loop_create(&io->loop, error);
    if (status != OCT_OK) {
        return status;
    }
    io->daemon = start_daemon(io);
    if (io->daemon == NULL) {
        return oct_error_set(error, OCT_ERR_IO, "libmicrohttpd", OCT_POSITION_NONE, "the HTTP daemon does not start");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(io->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "libmicrohttpd", OCT_POSITION_NONE, "this build has no epoll");
    }
    status = oct_loop_poll_open(io->loop, info->epoll_fd, oct_http_io_run, io, &io->poll, error);
    if (status == OCT_OK) {
        status = oct_loop_timer_open(io->loop, oct_http_io_run, io, &io->turn, error);
    }
    if (status == OCT_OK) {
        status = oct_loop_timer_open(io->loop, oct_http_watch_tick, io, &io->watch, error);
    }
    oct_loop_set_batch_end(io->loop, oct_http_io_run, io);
    // The first run puts the listening socket into the daemon's epoll set.
    if (status == OCT_OK) {
        (void)MHD_run(io->daemon);
    }
    return status;
}

void oct_http_io_close(struct oct_http_io *io)
{
    oct_loop_timer_close(io->watch);
    oct_loop_timer_close(io->turn);
    oct_loop_poll_close(io->poll);
    if (io->daemon != NULL) {
        (void)MHD_quiesce_daemon(io->daemon); // else it closes the listening socket that all share
        MHD_stop_daemon(io->daemon);
    }
    oct_loop_destroy(io->loop);
}
