/// Many keep-alive HTTP clients on one thread over epoll, each sending the same request again and again: at once after
/// its answer, or in lock-step (all send, all wait). Counts every answer; a request that is never answered shows as
/// unanswered.
#ifndef OCTET_TESTS_BENCH_CLIENTS_H
#define OCTET_TESTS_BENCH_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients_options {
    const char *address;
    unsigned port;
    size_t n_clients;
    const uint8_t *request; ///< the whole request, head and body
    size_t request_bytes;
    double seconds;      ///< free running: how long; requests begun are finished
    uint64_t rounds;     ///< lock-step: how many; 0: free running
    double answer_limit; ///< seconds after which a request counts as never answered, and the run ends
};

struct clients_result {
    uint64_t answers;    ///< with status 200
    uint64_t refusals;   ///< with any other status
    uint64_t broken;     ///< connections that failed or closed in the middle
    uint64_t unanswered; ///< requests that waited longer than answer_limit
    int last_refusal;    ///< a status that was seen
    double seconds;      ///< of what was counted
    uint32_t *latencies; ///< microseconds per answer, sorted; freed by clients_result_deinit
    size_t n_latencies;
    double slowest_round; ///< lock-step: seconds
};

/// False when the connections could not be made.
bool clients_run(const struct clients_options *options, struct clients_result *result);
/// Microseconds at `share` of the sorted latencies.
uint32_t clients_latency(const struct clients_result *result, double share);
void clients_result_deinit(struct clients_result *result);

#endif
