// SOCK_NONBLOCK and SOCK_CLOEXEC with socket() are Linux's.
#define _GNU_SOURCE
#include "server/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/limits.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse(const char *text, uint16_t port, union address *out, socklen_t *length, bool *is_loopback)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *length = sizeof out->v4;
        *is_loopback = ntohl(out->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
        const struct in6_addr *v6 = &out->v6.sin6_addr;
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        *length = sizeof out->v6;
        *is_loopback = IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == IN_LOOPBACKNET);
        return true;
    }
    return false;
}

static uint16_t port_of(int fd)
{
    union address bound;
    socklen_t length = sizeof bound;
    if (getsockname(fd, &bound.any, &length) != 0) {
        return 0;
    }
    return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

enum oct_status oct_listen_open(
    const char *address, uint16_t port, int *fd, uint16_t *bound_port, bool *is_loopback, struct oct_error *error)
{
    union address where;
    socklen_t length;
    if (address == NULL || !parse(address, port, &where, &length, is_loopback)) {
        return oct_error_set(error, OCT_ERR_INVALID, "address", OCT_POSITION_NONE,
                             "'%s' is not a numeric IPv4 or IPv6 address", address != NULL ? address : "");
    }
    int listener = socket(where.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) {
        return oct_error_set(error, OCT_ERR_IO, "socket", OCT_POSITION_NONE, "%s", strerror(errno));
    }
    int on = 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, &where.any, length) != 0 || listen(listener, OCT_HTTP_BACKLOG) != 0) {
        int failed = errno;
        close(listener);
        return oct_error_set(error, OCT_ERR_IO, address, OCT_POSITION_NONE, "cannot listen on port %u: %s",
                             (unsigned)port, strerror(failed));
    }
    *fd = listener;
    *bound_port = port_of(listener);
    return OCT_OK;
}
