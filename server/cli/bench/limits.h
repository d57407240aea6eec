/// What this core can do right now: readings of the yardsticks, and whether they can be trusted. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_LIMITS_H
#define OCTET_SERVER_CLI_BENCH_LIMITS_H

#include "octet/executor.h"
#include "octet/yardstick.h"

/// Of the dot-product loop, on all threads of the executor.
struct oct_bench_reading {
    double gops;           ///< billion operations (a multiplication or an addition) a second, all threads
    double ghz;            ///< of the calling thread's core, by a chain of additions
    double macs_per_cycle; ///< of one core
};

/// Takes some milliseconds; the best of a few short loops, so that an interrupt is no reading.
/// @param executor  NULL: the calling thread
struct oct_bench_reading oct_bench_take_reading(const struct oct_yardstick *yardstick,
                                                const struct oct_executor *executor);

/// The readings before and after a measurement.
struct oct_bench_around {
    struct oct_bench_reading before, after;
};
/// The one that a measurement is held against: the higher.
struct oct_bench_reading oct_bench_around_peak(const struct oct_bench_around *around);

/// Most that the two readings around a measurement may differ by, as a share of the higher.
#define OCT_BENCH_MAX_DRIFT 0.05
/// Most that the work of a cycle may lie under the most that was seen in the run. A core's other thread that belongs to
/// somebody else takes a few percent now and then without a measurement being worth less: it is held against the peak
/// of its own moment.
#define OCT_BENCH_MAX_LOSS 0.10

/// Was the core ours alone during these measurements? A pure function over their readings:
/// - the peak after a measurement is that before it, within OCT_BENCH_MAX_DRIFT: neither a neighbour nor the frequency
///   moved;
/// - what the core does in a cycle never fell by more than OCT_BENCH_MAX_LOSS under the most it did, nor under
///   `least_macs_per_cycle` (0: not known).
/// @param n       at least 1
/// @param reason  [reason_bytes] receives a sentence with the figures when the answer is no
bool oct_bench_is_quiet(const struct oct_bench_around *measurements,
                        size_t n,
                        uint64_t least_macs_per_cycle,
                        char *reason,
                        size_t reason_bytes);

/// Billion bytes a second of reading memory once, `n_bytes` (at least 512 for each thread) that `bytes` begins; all
/// threads, each a part of its own.
/// @param executor  NULL: the calling thread
/// @param evict     drop it from the caches before each pass; else it is where the pass before left it
double oct_bench_read_gbps(const struct oct_yardstick *yardstick,
                           const struct oct_executor *executor,
                           const void *bytes,
                           size_t n_bytes,
                           bool evict);
/// The same of memcpy from the first half of `bytes` to the second, read and written bytes both counted.
double oct_bench_copy_gbps(const struct oct_executor *executor, void *bytes, size_t n_bytes, bool evict);

#endif
