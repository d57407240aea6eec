#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool oct_loopback_open(struct oct_loopback *client, uint16_t port)
{
    *client = (struct oct_loopback){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        oct_loopback_close(client);
        return false;
    }
    return true;
}

void oct_loopback_close(struct oct_loopback *client)
{
    if (client->fd >= 0) {
        close(client->fd);
    }
    free(client->data);
    *client = (struct oct_loopback){.fd = -1};
}

bool oct_loopback_send(struct oct_loopback *client, const void *bytes, size_t n_bytes)
{
    const char *at = bytes;
    while (n_bytes > 0) {
        ssize_t n = send(client->fd, at, n_bytes, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

bool oct_loopback_send_text(struct oct_loopback *client, const char *text)
{
    return oct_loopback_send(client, text, strlen(text));
}

static bool wait_readable(int fd, int milliseconds)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, milliseconds) > 0;
}

/// Receives something more. False at the end, at an error, or out of patience.
static bool fill(struct oct_loopback *client)
{
    if (client->capacity - client->length < 65536) {
        size_t capacity = client->capacity * 2 + 131072;
        char *grown = realloc(client->data, capacity);
        if (grown == NULL) {
            return false;
        }
        client->data = grown;
        client->capacity = capacity;
    }
    if (!wait_readable(client->fd, OCT_LOOPBACK_PATIENCE_MS)) {
        return false;
    }
    ssize_t n = recv(client->fd, client->data + client->length, client->capacity - client->length - 1, 0);
    if (n <= 0) {
        return false;
    }
    client->length += (size_t)n;
    client->data[client->length] = '\0';
    return true;
}

static void drop(struct oct_loopback *client, size_t n_bytes)
{
    memmove(client->data, client->data + n_bytes, client->length - n_bytes);
    client->length -= n_bytes;
    client->data[client->length] = '\0';
}

static char *copy_text(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

bool oct_loopback_header(const struct oct_loopback_reply *reply, const char *name, char *out, size_t out_bytes)
{
    size_t n = strlen(name);
    for (const char *line = reply->head; line != NULL && *line != '\0'; line = strstr(line, "\r\n")) {
        line += line[0] == '\r' ? 2 : 0;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *value = line + n + 1 + strspn(line + n + 1, " ");
            size_t length = strcspn(value, "\r");
            length = length < out_bytes ? length : out_bytes - 1;
            memcpy(out, value, length);
            out[length] = '\0';
            return true;
        }
    }
    return false;
}

static bool read_head(struct oct_loopback *client, struct oct_loopback_reply *reply)
{
    const char *end;
    while (client->length == 0 || (end = strstr(client->data, "\r\n\r\n")) == NULL) {
        if (!fill(client)) {
            return false;
        }
    }
    size_t length = (size_t)(end - client->data) + 4;
    reply->head = copy_text(client->data, length);
    drop(client, length);
    if (reply->head == NULL || strncmp(reply->head, "HTTP/1.", 7) != 0) {
        return false;
    }
    reply->status = (int)strtol(reply->head + 9, NULL, 10);
    return true;
}

bool oct_loopback_read(struct oct_loopback *client, bool no_body, struct oct_loopback_reply *reply)
{
    *reply = (struct oct_loopback_reply){0};
    do {
        oct_loopback_reply_deinit(reply);
        if (!read_head(client, reply)) {
            reply->status = 0;
            return false;
        }
    } while (reply->status == 100);
    char text[32];
    size_t length = 0;
    if (!no_body && oct_loopback_header(reply, "Content-Length", text, sizeof text)) {
        length = strtoul(text, NULL, 10);
    }
    while (client->length < length) {
        if (!fill(client)) {
            reply->status = 0;
            return false;
        }
    }
    reply->body = copy_text(length > 0 ? client->data : "", length);
    reply->n_body = length;
    if (length > 0) {
        drop(client, length);
    }
    return reply->body != NULL;
}

long oct_loopback_read_raw(struct oct_loopback *client, void *bytes, size_t n_bytes)
{
    if (client->length > 0) {
        size_t n = client->length < n_bytes ? client->length : n_bytes;
        memcpy(bytes, client->data, n);
        drop(client, n);
        return (long)n;
    }
    return wait_readable(client->fd, OCT_LOOPBACK_PATIENCE_MS) ? (long)recv(client->fd, bytes, n_bytes, 0) : -1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool oct_loopback_closes(struct oct_loopback *client, int milliseconds)
{
    int64_t end = now_ms() + milliseconds;
    char scrap[4096];
    for (int64_t left = milliseconds; left > 0; left = end - now_ms()) {
        if (!wait_readable(client->fd, (int)left)) {
            return false;
        }
        if (recv(client->fd, scrap, sizeof scrap, 0) <= 0) {
            return true;
        }
    }
    return false;
}

bool oct_loopback_has_data(struct oct_loopback *client, int milliseconds)
{
    return client->length > 0 || wait_readable(client->fd, milliseconds);
}

void oct_loopback_reply_deinit(struct oct_loopback_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct oct_loopback_reply){0};
}
