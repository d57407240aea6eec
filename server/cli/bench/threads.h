/// The executor of a bench. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_THREADS_H
#define OCTET_SERVER_CLI_BENCH_THREADS_H

#include "octet/executor.h"
#include "octet/status.h"

#define OCT_BENCH_MAX_THREADS 31

/// @param[out] executor  NULL for one thread: everything runs on the calling one
/// Errors: OCT_ERR_UNSUPPORTED (more threads than this program can lend to a run).
OCT_NODISCARD enum oct_status
oct_bench_threads_open(size_t n_threads, const struct oct_executor **executor, struct oct_error *error);
/// NULL is allowed.
void oct_bench_threads_close(const struct oct_executor *executor);

#endif
