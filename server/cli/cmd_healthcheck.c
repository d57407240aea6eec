// Plain sockets on purpose: an image without curl or a shell needs this one request, and it must not depend on the
// server's code.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "server/cli/cli.h"
#include "server/config/config.h"

#define COMMAND "healthcheck"
/// A server that takes longer than this to say that it is ready is not.
#define TIMEOUT_SECONDS 3
#define ANSWER_BYTES    512

enum { FLAG_ADDRESS, FLAG_PORT, FLAG_PATH };

static const struct oct_cli_flag flags[] = {
    {"address", "A", "numeric address (default 127.0.0.1, or OCTET_SERVER_ADDRESS unless that means any)"},
    {"port", "N", "port (default 8080, or OCTET_SERVER_PORT)"},
    {"path", "PATH", "what to ask for (default /readyz)"},
};

struct health_arguments {
    const char *address;
    const char *path;
    uint64_t port;
};

static enum oct_status set_flag(void *context, size_t flag, const char *value, struct oct_error *error)
{
    struct health_arguments *arguments = context;
    switch (flag) {
    case FLAG_ADDRESS:
        arguments->address = value;
        return OCT_OK;
    case FLAG_PORT:
        return oct_cli_number(value, 1, 65535, &arguments->port, error);
    default:
        arguments->path = value;
        return value[0] == '/' && value[strcspn(value, " \r\n")] == 0
                   ? OCT_OK
                   : oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                                   "expected a path that begins with '/'");
    }
}

static enum oct_status fail(struct oct_error *error, enum oct_status status, const char *what)
{
    return oct_error_set(error, status, NULL, OCT_POSITION_NONE, "%s: %s", what, strerror(errno));
}

/// A connected socket with time-outs, or -1.
static int connect_to(const struct health_arguments *arguments, struct oct_error *error)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;
    socklen_t peer_bytes = sizeof(peer.v4);
    memset(&peer, 0, sizeof(peer));
    peer.v4.sin_family = AF_INET;
    peer.v4.sin_port = htons((uint16_t)arguments->port);
    if (inet_pton(AF_INET, arguments->address, &peer.v4.sin_addr) != 1) {
        memset(&peer, 0, sizeof(peer));
        peer.v6.sin6_family = AF_INET6;
        peer.v6.sin6_port = htons((uint16_t)arguments->port);
        peer_bytes = sizeof(peer.v6);
        if (inet_pton(AF_INET6, arguments->address, &peer.v6.sin6_addr) != 1) {
            oct_error_set(error, OCT_ERR_INVALID, arguments->address, OCT_POSITION_NONE, "expected a numeric address");
            return -1;
        }
    }
    int fd = socket(peer.any.sa_family, SOCK_STREAM, 0);
    const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
        connect(fd, &peer.any, peer_bytes) != 0) {
        fail(error, OCT_ERR_UNAVAILABLE, "cannot connect");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/// Sends the request and reads the head of the answer into `answer`, terminated.
static enum oct_status ask(int fd, const struct health_arguments *arguments, char *answer, struct oct_error *error)
{
    char request[2048];
    int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                          arguments->path);
    if (length < 0 || (size_t)length >= sizeof(request)) {
        return oct_error_set(error, OCT_ERR_LIMIT, "--path", OCT_POSITION_NONE, "too long");
    }
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        return fail(error, OCT_ERR_UNAVAILABLE, "cannot send");
    }
    size_t received = 0;
    ssize_t n_bytes = 0;
    while (received < ANSWER_BYTES - 1 && (n_bytes = recv(fd, answer + received, ANSWER_BYTES - 1 - received, 0)) > 0) {
        received += (size_t)n_bytes;
    }
    answer[received] = 0;
    return received > 0 ? OCT_OK : fail(error, OCT_ERR_UNAVAILABLE, "no answer");
}

static enum oct_status check(const struct health_arguments *arguments, struct oct_error *error)
{
    char answer[ANSWER_BYTES];
    int fd = connect_to(arguments, error);
    if (fd < 0) {
        return error->status;
    }
    enum oct_status status = ask(fd, arguments, answer, error);
    close(fd);
    if (status == OCT_OK && (strncmp(answer, "HTTP/1.", 7) != 0 || strncmp(answer + 8, " 200 ", 5) != 0)) {
        answer[strcspn(answer, "\r\n")] = 0;
        status =
            oct_error_set(error, OCT_ERR_UNAVAILABLE, arguments->path, OCT_POSITION_NONE, "answered '%.64s'", answer);
    }
    return status;
}

/// Where the server in the same container listens, when the environment says so.
static enum oct_status
read_environment(struct health_arguments *arguments, struct oct_config *config, struct oct_error *error)
{
    oct_config_init(config);
    enum oct_status status = oct_config_load_environment(config, error);
    bool is_any = strcmp(config->server_address, "0.0.0.0") == 0 || strcmp(config->server_address, "::") == 0;
    arguments->address = is_any ? "127.0.0.1" : config->server_address;
    arguments->port = config->server_port;
    return status;
}

int oct_cmd_healthcheck(int argc, char **argv)
{
    struct health_arguments arguments = {.path = "/readyz"};
    struct oct_config config;
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = read_environment(&arguments, &config, &error);
    const struct oct_cli_syntax syntax = {
        .command = COMMAND,
        .arguments = "[flags]",
        .about =
            "Asks a server for /readyz. Exit code 0 when it answers 200, 1 otherwise: the HEALTHCHECK of a container.",
        .flags = flags,
        .n_flags = sizeof(flags) / sizeof(flags[0]),
        .set = set_flag,
        .context = &arguments,
    };
    char **positional = NULL;
    int parsed = oct_cli_parse(&syntax, argc, argv, &positional);
    if (parsed < 0) {
        return oct_cli_parse_exit_code(parsed);
    }
    if (status == OCT_OK) {
        status = check(&arguments, &error);
    }
    if (status != OCT_OK) {
        oct_cli_fail(COMMAND, status, &error);
    }
    return status == OCT_OK ? 0 : 1; // Docker reserves every other exit code
}
