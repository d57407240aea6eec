#include "tests/bench/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_BYTES    4096
#define MAX_LATENCIES ((size_t)1 << 26)

struct client {
    int fd;
    bool waiting; ///< a request is on its way
    size_t sent;
    char head[HEAD_BYTES];
    size_t head_length;
    bool in_body;
    size_t body_left;
    int status;
    double began;
};

struct run {
    const struct clients_options *options;
    struct clients_result *result;
    struct client *clients;
    int epoll;
    size_t n_waiting;
    double stop_at; ///< no new requests after
    size_t capacity;
};

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void watch(const struct run *run, struct client *client, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data = {.ptr = client}};
    (void)epoll_ctl(run->epoll, operation, client->fd, &event);
}

static void break_client(struct run *run, struct client *client)
{
    if (client->waiting) {
        run->n_waiting -= 1;
        client->waiting = false;
    }
    run->result->broken += 1;
    close(client->fd);
    client->fd = -1;
}

static void send_more(struct run *run, struct client *client)
{
    const struct clients_options *options = run->options;
    while (client->sent < options->request_bytes) {
        ssize_t n_bytes =
            send(client->fd, options->request + client->sent, options->request_bytes - client->sent, MSG_NOSIGNAL);
        if (n_bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
            watch(run, client, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        if (n_bytes <= 0) {
            break_client(run, client);
            return;
        }
        client->sent += (size_t)n_bytes;
    }
    watch(run, client, EPOLLIN, EPOLL_CTL_MOD);
}

static void begin_request(struct run *run, struct client *client)
{
    client->waiting = true;
    client->sent = 0;
    client->head_length = 0;
    client->in_body = false;
    client->began = now_seconds();
    run->n_waiting += 1;
    send_more(run, client);
}

static void record_answer(struct run *run, struct client *client)
{
    struct clients_result *result = run->result;
    double now = now_seconds();
    if (client->status != 200) {
        result->refusals += 1;
        result->last_refusal = client->status;
        return;
    }
    result->answers += 1;
    if (result->n_latencies == run->capacity && run->capacity < MAX_LATENCIES) {
        uint32_t *grown = realloc(result->latencies, 2 * run->capacity * sizeof(*grown));
        if (grown != NULL) {
            result->latencies = grown;
            run->capacity *= 2;
        }
    }
    if (result->n_latencies < run->capacity) {
        result->latencies[result->n_latencies] = (uint32_t)((now - client->began) * 1e6);
        result->n_latencies += 1;
    }
}

static void finish_request(struct run *run, struct client *client)
{
    record_answer(run, client);
    client->waiting = false;
    run->n_waiting -= 1;
    if (run->options->rounds == 0 && now_seconds() < run->stop_at) {
        begin_request(run, client);
    }
}

/// Status and length out of a complete head. False when it is none.
static bool read_head(struct client *client)
{
    client->head[client->head_length] = 0;
    if (strncmp(client->head, "HTTP/1.1 ", 9) != 0) {
        return false;
    }
    client->status = (int)strtol(client->head + 9, NULL, 10);
    client->body_left = 0;
    for (const char *line = strstr(client->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, "content-length:", 15) == 0) {
            client->body_left = strtoul(line + 17, NULL, 10);
        }
    }
    client->in_body = true;
    return true;
}

/// Takes received bytes; false when the answer makes no sense.
static bool take_bytes(struct run *run, struct client *client, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0 || (client->in_body && client->body_left == 0)) {
        if (client->in_body) {
            size_t n_taken = n_bytes < client->body_left ? n_bytes : client->body_left;
            client->body_left -= n_taken;
            bytes += n_taken;
            n_bytes -= n_taken;
            if (client->body_left == 0) {
                finish_request(run, client);
                return n_bytes == 0; // one request, one answer
            }
            continue;
        }
        if (client->head_length == HEAD_BYTES - 1) {
            return false;
        }
        client->head[client->head_length] = *bytes;
        client->head_length += 1;
        bytes += 1;
        n_bytes -= 1;
        if (client->head_length >= 4 && memcmp(client->head + client->head_length - 4, "\r\n\r\n", 4) == 0 &&
            !read_head(client)) {
            return false;
        }
    }
    return true;
}

static void receive(struct run *run, struct client *client)
{
    char bytes[65536];
    while (client->fd >= 0) {
        ssize_t n_bytes = recv(client->fd, bytes, sizeof(bytes), 0);
        if (n_bytes < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (n_bytes <= 0 || !client->waiting || !take_bytes(run, client, bytes, (size_t)n_bytes)) {
            break_client(run, client);
            return;
        }
        if ((size_t)n_bytes < sizeof(bytes)) {
            return;
        }
    }
}

static void serve_events(struct run *run)
{
    struct epoll_event events[256];
    int n_events = epoll_wait(run->epoll, events, 256, 100);
    for (int i = 0; i < n_events; ++i) {
        struct client *client = events[i].data.ptr;
        if ((events[i].events & EPOLLOUT) != 0 && client->fd >= 0) {
            send_more(run, client);
        }
        if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && client->fd >= 0) {
            receive(run, client);
        }
    }
}

/// False when some request has waited longer than the limit; counts them.
static bool all_answered_in_time(struct run *run)
{
    double oldest_allowed = now_seconds() - run->options->answer_limit;
    for (size_t i = 0; i < run->options->n_clients; ++i) {
        run->result->unanswered += run->clients[i].waiting && run->clients[i].began < oldest_allowed;
    }
    return run->result->unanswered == 0;
}

static void begin_all(struct run *run)
{
    for (size_t i = 0; i < run->options->n_clients; ++i) {
        if (run->clients[i].fd >= 0) {
            begin_request(run, &run->clients[i]);
        }
    }
}

static void wait_for_all(struct run *run)
{
    while (run->n_waiting > 0 && all_answered_in_time(run)) {
        serve_events(run);
    }
}

static void run_rounds(struct run *run)
{
    for (uint64_t round = 0; round < run->options->rounds && run->result->unanswered == 0; ++round) {
        double began = now_seconds();
        begin_all(run);
        wait_for_all(run);
        double elapsed = now_seconds() - began;
        run->result->slowest_round = elapsed > run->result->slowest_round ? elapsed : run->result->slowest_round;
    }
}

/// A connected socket without Nagle's delay, or -1.
static int connect_to(const char *address, unsigned port)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    if (inet_pton(AF_INET, address, &peer.sin_addr) != 1) {
        return -1;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    if (fd >= 0 && (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0 ||
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool connect_all(struct run *run)
{
    for (size_t i = 0; i < run->options->n_clients; ++i) {
        struct client *client = &run->clients[i];
        client->fd = connect_to(run->options->address, run->options->port);
        if (client->fd < 0 || fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0) {
            return false;
        }
        watch(run, client, EPOLLIN, EPOLL_CTL_ADD);
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

bool clients_run(const struct clients_options *options, struct clients_result *result)
{
    memset(result, 0, sizeof(*result));
    struct run run = {.options = options, .result = result, .epoll = epoll_create1(0), .capacity = 65536};
    run.clients = calloc(options->n_clients, sizeof(*run.clients));
    result->latencies = malloc(run.capacity * sizeof(*result->latencies));
    for (size_t i = 0; run.clients != NULL && i < options->n_clients; ++i) {
        run.clients[i].fd = -1;
    }
    bool connected = run.epoll >= 0 && run.clients != NULL && result->latencies != NULL && connect_all(&run);
    if (connected) {
        double began = now_seconds();
        run.stop_at = began + options->seconds;
        if (options->rounds > 0) {
            run_rounds(&run);
        } else {
            begin_all(&run);
            wait_for_all(&run);
        }
        result->seconds = now_seconds() - began;
        qsort(result->latencies, result->n_latencies, sizeof(*result->latencies), compare);
    }
    for (size_t i = 0; run.clients != NULL && i < options->n_clients; ++i) {
        if (run.clients[i].fd >= 0) {
            close(run.clients[i].fd);
        }
    }
    if (run.epoll >= 0) {
        close(run.epoll);
    }
    free(run.clients);
    return connected;
}

uint32_t clients_latency(const struct clients_result *result, double share)
{
    return result->n_latencies == 0 ? 0 : result->latencies[(size_t)(share * (double)(result->n_latencies - 1))];
}

void clients_result_deinit(struct clients_result *result)
{
    free(result->latencies);
    memset(result, 0, sizeof(*result));
}
