// The load generator: N keep-alive clients on one thread, each sending the same body again and again. Prints one JSON
// object.
//
//   bench_http_load --port P --path /infer --body FILE [--header-length N] [--clients N] [--seconds S | --lockstep
//   ROUNDS]
//
// Each client sends again as soon as it has its answer, for S seconds; in lock-step all send, all wait, ROUNDS times.
// --header-length says how much of the body is JSON in front of binary tensors. Exit code 1 when any request failed,
// was refused, or was not answered within ten seconds.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "octet/buffer.h"
#include "tests/bench/clients.h"

#define MAX_REQUEST_BYTES ((size_t)256 << 20)

struct arguments {
    struct clients_options clients;
    const char *path;
    const char *body_path;
    long header_length; ///< -1: none
};

/// A number at least `minimum`; ends the program otherwise.
static double number(const char *text, double minimum)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !(value >= minimum)) {
        fprintf(stderr, "bench_http_load: '%s': expected a number, at least %g\n", text, minimum);
        exit(2);
    }
    return value;
}

static void parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option table[] = {
        {"address", required_argument, NULL, 'a'},
        {"port", required_argument, NULL, 'p'},
        {"path", required_argument, NULL, 'u'},
        {"body", required_argument, NULL, 'b'},
        {"header-length", required_argument, NULL, 'h'},
        {"clients", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},
        {"lockstep", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    int found;
    while ((found = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (found) {
        case 'a':
            arguments->clients.address = optarg;
            break;
        case 'p':
            arguments->clients.port = (unsigned)number(optarg, 1);
            break;
        case 'u':
            arguments->path = optarg;
            break;
        case 'b':
            arguments->body_path = optarg;
            break;
        case 'h':
            arguments->header_length = (long)number(optarg, 0);
            break;
        case 'c':
            arguments->clients.n_clients = (size_t)number(optarg, 1);
            break;
        case 's':
            arguments->clients.seconds = number(optarg, 0);
            break;
        case 'l':
            arguments->clients.rounds = (uint64_t)number(optarg, 1);
            break;
        default:
            exit(2);
        }
    }
    if (arguments->clients.port == 0 || arguments->path == NULL || arguments->body_path == NULL) {
        fprintf(stderr, "bench_http_load: --port, --path and --body are needed\n");
        exit(2);
    }
}

static bool append_file(const char *path, struct oct_buffer *out)
{
    FILE *file = fopen(path, "rb");
    bool good = file != NULL;
    char bytes[65536];
    size_t n_bytes;
    while (good && (n_bytes = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        good = oct_buffer_append(out, bytes, n_bytes) == OCT_OK;
    }
    if (file != NULL) {
        good = good && !ferror(file);
        fclose(file);
    }
    return good;
}

/// Head and body of the one request.
static bool build_request(const struct arguments *arguments, struct oct_buffer *request)
{
    struct oct_buffer body;
    oct_buffer_init(&body, NULL, MAX_REQUEST_BYTES);
    bool good = append_file(arguments->body_path, &body) && body.length > 0 &&
                oct_buffer_printf(request, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Length: %zu\r\n",
                                  arguments->path, body.length) == OCT_OK;
    if (good && arguments->header_length >= 0) {
        good = oct_buffer_printf(request,
                                 "Content-Type: application/octet-stream\r\nInference-Header-Content-Length: %ld\r\n",
                                 arguments->header_length) == OCT_OK;
    } else if (good) {
        good = oct_buffer_printf(request, "Content-Type: application/json\r\n") == OCT_OK;
    }
    good = good && oct_buffer_append(request, "\r\n", 2) == OCT_OK &&
           oct_buffer_append(request, body.data, body.length) == OCT_OK;
    oct_buffer_deinit(&body);
    return good;
}

static double own_cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void print_result(const struct arguments *arguments, const struct clients_result *result, double cpu_seconds)
{
    printf(
        "{\"bench\":\"http_load\",\"path\":\"%s\",\"clients\":%zu,\"rounds\":%llu,\"seconds\":%.3f,\"requests\":%llu,"
        "\"errors\":%llu,\"refused\":%llu,\"broken\":%llu,\"unanswered\":%llu,\"last_refusal\":%d,\"rps\":%.1f,"
        "\"p50_us\":%u,\"p90_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"max_round_us\":%.0f,\"cpu_seconds\":%.3f}\n",
        arguments->path, arguments->clients.n_clients, (unsigned long long)arguments->clients.rounds, result->seconds,
        (unsigned long long)result->answers,
        (unsigned long long)(result->refusals + result->broken + result->unanswered),
        (unsigned long long)result->refusals, (unsigned long long)result->broken,
        (unsigned long long)result->unanswered, result->last_refusal, (double)result->answers / result->seconds,
        clients_latency(result, 0.5), clients_latency(result, 0.9), clients_latency(result, 0.99),
        clients_latency(result, 1.0), result->slowest_round * 1e6, cpu_seconds);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
        .clients = {.address = "127.0.0.1", .n_clients = 64, .seconds = 5, .answer_limit = 10}, .header_length = -1};
    parse_arguments(argc, argv, &arguments);
    struct oct_buffer request;
    oct_buffer_init(&request, NULL, MAX_REQUEST_BYTES);
    if (!build_request(&arguments, &request)) {
        fprintf(stderr, "bench_http_load: cannot read %s\n", arguments.body_path);
        return 1;
    }
    arguments.clients.request = request.data;
    arguments.clients.request_bytes = request.length;
    struct clients_result result;
    double cpu_seconds = own_cpu_seconds();
    bool good = clients_run(&arguments.clients, &result);
    cpu_seconds = own_cpu_seconds() - cpu_seconds;
    if (good) {
        print_result(&arguments, &result, cpu_seconds);
        good = result.answers > 0 && result.refusals + result.broken + result.unanswered == 0;
    } else {
        fprintf(stderr, "bench_http_load: cannot connect to %s port %u\n", arguments.clients.address,
                arguments.clients.port);
    }
    clients_result_deinit(&result);
    oct_buffer_deinit(&request);
    return good ? 0 : 1;
}
