#include "server/cli/bench/timing.h"

#include "server/cli/measure.h"
#include "server/cli/stopwatch.h"

#define SAMPLE_NS   100000u ///< least length of a hot sample
#define WARM_UP_NS  2000000u
#define MAX_SAMPLES 100000u

static uint64_t time_runs(struct oct_session *session, const struct oct_executor *executor, uint64_t count)
{
    uint64_t begin = oct_stopwatch_now();
    for (uint64_t i = 0; i < count; ++i) {
        oct_session_run(session, executor);
    }
    return oct_stopwatch_now() - begin;
}

/// Runs until caches, branch predictors and the frequency have settled; returns the nanoseconds of a run.
static uint64_t warm_up(struct oct_session *session, const struct oct_executor *executor)
{
    uint64_t begin = oct_stopwatch_now(), one = time_runs(session, executor, 1);
    do {
        uint64_t again = time_runs(session, executor, 1);
        one = again < one ? again : one;
    } while (oct_stopwatch_now() - begin < WARM_UP_NS);
    return one > 0 ? one : 1;
}

static enum oct_status take_samples(struct oct_session *session,
                                    const struct oct_bench_timing_options *options,
                                    uint64_t runs,
                                    struct oct_stopwatch *samples)
{
    enum oct_status status = OCT_OK;
    uint64_t spent = 0;
    while (status == OCT_OK && samples->count < MAX_SAMPLES &&
           (samples->count < OCT_BENCH_MIN_SAMPLES || spent < options->min_ns)) {
        if (options->cold && !oct_bench_blocks_evict(options->blocks)) {
            return OCT_ERR_UNSUPPORTED;
        }
        uint64_t elapsed = time_runs(session, options->executor, runs);
        spent += elapsed;
        status = oct_stopwatch_add(samples, elapsed);
    }
    return status;
}

static struct oct_bench_timing summarize(const struct oct_stopwatch *samples, uint64_t runs)
{
    double per_run = 1.0 / (double)runs;
    return (struct oct_bench_timing){.median_ns = (double)oct_stopwatch_at(samples, 0.5) * per_run,
                                     .min_ns = (double)oct_stopwatch_at(samples, 0) * per_run,
                                     .p10_ns = (double)oct_stopwatch_at(samples, 0.1) * per_run,
                                     .p90_ns = (double)oct_stopwatch_at(samples, 0.9) * per_run,
                                     .n_samples = samples->count,
                                     .runs_per_sample = runs};
}

enum oct_status oct_bench_time_plan(struct oct_plan *plan,
                                    const struct oct_bench_timing_options *options,
                                    struct oct_bench_timing *timing,
                                    struct oct_error *error)
{
    struct oct_session *session = NULL;
    struct oct_stopwatch samples = {NULL, 0, 0};
    enum oct_status status = oct_session_create(&options->blocks->allocator, &session, error);
    if (status == OCT_OK) {
        status = oct_session_bind(session, plan, options->rows, error);
    }
    if (status == OCT_OK) {
        oct_measure_fill_inputs(session, plan);
        uint64_t one = warm_up(session, options->executor);
        uint64_t runs = options->cold ? 1 : 1 + SAMPLE_NS / one;
        status = take_samples(session, options, runs, &samples);
        oct_stopwatch_sort(&samples);
        *timing = summarize(&samples, runs);
    }
    oct_stopwatch_deinit(&samples);
    oct_session_destroy(session);
    if (status == OCT_ERR_UNSUPPORTED) {
        return oct_error_set(error, status, "cache", OCT_POSITION_NONE,
                             "this processor has no instruction by which a program drops cache lines");
    }
    return status == OCT_OK ? OCT_OK
                            : oct_error_set(error, status, NULL, OCT_POSITION_NONE, "%s", oct_status_text(status));
}
