/// What a bench prints: one JSON object a line, or a table for people. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_REPORT_H
#define OCTET_SERVER_CLI_BENCH_REPORT_H

#include "octet/proto/json.h"
#include "server/cli/bench/limits.h"
#include "server/cli/bench/shape_file.h"
#include "server/cli/bench/timing.h"

/// One case, measured. Strings are borrowed.
struct oct_bench_result {
    const char *set; ///< name of the shape file's set
    const struct oct_bench_case *shape;
    const char *isa;
    const char *kernel;
    size_t n_steps; ///< that take time: 1, or something beside the operator was timed as well
    size_t threads;
    bool cold;
    struct oct_bench_timing timing;
    double macs, bytes, outputs;
    struct oct_bench_reading peak; ///< the higher of the readings before and after
    double limit_gbps;             ///< bandwidth that the operands could have been moved with; 0: not measured
};

/// Is the case held against bandwidth, and against which?
enum oct_bench_limit { OCT_BENCH_LIMIT_NONE, OCT_BENCH_LIMIT_READ, OCT_BENCH_LIMIT_COPY };
enum oct_bench_limit oct_bench_limit_of(const struct oct_bench_case *shape);
/// Cycles for 64 outputs, the measure of work without enough multiplications to be held against their peak: depthwise
/// convolution and everything element by element. 0 for the rest.
double oct_bench_cycles_per_64(const struct oct_bench_result *result);

/// Errors: those of the buffer.
OCT_NODISCARD enum oct_status oct_bench_report_json(const struct oct_bench_result *result, struct oct_buffer *out);
OCT_NODISCARD enum oct_status oct_bench_report_text(const struct oct_bench_result *result, struct oct_buffer *out);
/// A case that was not run, with the reason.
OCT_NODISCARD enum oct_status oct_bench_report_skipped(
    const char *set, const struct oct_bench_case *shape, const char *reason, bool json, struct oct_buffer *out);

/// `key: value`, or null where a value of 0 means that there is none.
void oct_bench_write_figure(struct oct_json_writer *writer, const char *key, double value);
/// gops, peak_gops and peak_fraction of `macs` multiply-accumulates in `ns`, and what the peak was read with.
void oct_bench_write_peak(struct oct_json_writer *writer, double macs, double ns, const struct oct_bench_reading *peak);

#endif
