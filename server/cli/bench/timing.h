/// A plan's runs, timed in batches long enough for the clock. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_TIMING_H
#define OCTET_SERVER_CLI_BENCH_TIMING_H

#include "octet/session.h"
#include "server/cli/bench/blocks.h"

#define OCT_BENCH_MIN_SAMPLES 11

struct oct_bench_timing_options {
    int64_t rows;
    uint64_t min_ns; ///< of measuring; at least OCT_BENCH_MIN_SAMPLES samples are taken whatever it is
    bool cold;       ///< evict all of `blocks` before each run, and time each alone
    const struct oct_bench_blocks *blocks; ///< what plan and session are allocated from
    const struct oct_executor *executor;   ///< NULL: the calling thread
};

/// Nanoseconds of one run.
struct oct_bench_timing {
    double median_ns, min_ns, p10_ns, p90_ns;
    size_t n_samples;
    uint64_t runs_per_sample;
};

/// Hot: the same buffers each run, after a warm-up, many runs to a sample when they are short. Inputs are written once:
/// what an operator leaves in them when it works in place is as good as they were.
/// Errors: OCT_ERR_LIMIT (rows), OCT_ERR_NOMEM, OCT_ERR_UNSUPPORTED (cold where nothing can be evicted).
OCT_NODISCARD enum oct_status oct_bench_time_plan(struct oct_plan *plan,
                                                  const struct oct_bench_timing_options *options,
                                                  struct oct_bench_timing *timing,
                                                  struct oct_error *error);

#endif
