/// Runs the cases of shape files, each between two readings of the peak, and prints what was measured. Threads: [one].
#ifndef OCTET_SERVER_CLI_BENCH_RUN_H
#define OCTET_SERVER_CLI_BENCH_RUN_H

#include "octet/buffer.h"
#include "server/cli/bench/shape_file.h"

struct oct_bench_run_options {
    uint64_t cpu_features;
    size_t threads;
    bool cold;
    uint64_t min_ns;      ///< of measuring one case
    const char *filter;   ///< NULL: all; else a part of "set/case", of the row, or of the operation
    bool allow_disturbed; ///< go on when the peak moves
    bool json;
};

/// Is the case one that `filter` asks for?
bool oct_bench_filter_takes(const char *filter, const char *set, const struct oct_bench_case *shape);

struct oct_bench_run;

/// Takes the first readings. Errors: OCT_ERR_NOMEM, OCT_ERR_INVALID (threads).
OCT_NODISCARD enum oct_status
oct_bench_run_open(const struct oct_bench_run_options *options, struct oct_bench_run **run, struct oct_error *error);
/// Measures one case and appends its line to `out`. A case whose readings, with those of all cases before, are not of a
/// quiet core is measured again, a few times. Errors: OCT_ERR_UNAVAILABLE when it never was quiet: what was printed
/// before may be as wrong; those of building a plan.
OCT_NODISCARD enum oct_status oct_bench_run_case(struct oct_bench_run *run,
                                                 const char *set,
                                                 const struct oct_bench_case *shape,
                                                 struct oct_buffer *out,
                                                 struct oct_error *error);
/// NULL is allowed.
void oct_bench_run_close(struct oct_bench_run *run);

#endif
