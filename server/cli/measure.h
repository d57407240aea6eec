/// A plan measured alone: on the calling thread or an executor, inputs of a fixed seed, warm caches. Threads: [one].
#ifndef OCTET_SERVER_CLI_MEASURE_H
#define OCTET_SERVER_CLI_MEASURE_H

#include "octet/session.h"
#include "server/cli/stopwatch.h"

struct oct_measure_options {
    int64_t rows;
    double seconds;                      ///< of measuring, after the warm-up
    size_t warm_up_runs;                 ///< at least 1, so that no page is touched for the first time in a sample
    const struct oct_executor *executor; ///< NULL: one thread
};

/// Writes bytes of a fixed seed into every input of a bound session.
void oct_measure_fill_inputs(struct oct_session *session, const struct oct_plan *plan);

/// Fills `runs` (sorted) with the nanoseconds of each run; writing the inputs is not counted.
/// @param steps  [oct_plan_step_count] filled (sorted) with the nanoseconds of each step, at the cost of a clock read
/// around each; or NULL Errors: OCT_ERR_LIMIT (rows), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_measure_plan(struct oct_plan *plan,
                                               const struct oct_measure_options *options,
                                               struct oct_stopwatch *runs,
                                               struct oct_stopwatch *steps,
                                               struct oct_error *error);

#endif
