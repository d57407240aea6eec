#include "server/cli/measure.h"

#include <string.h>

/// Numbers of a linear congruential generator: the same on every machine, and no value that a model would find special.
static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/// Fills one input: bytes of quantized types over their whole range, floats in [-1, 1), other integers 0 or 1.
static void fill_input(struct oct_session *session, const struct oct_plan *plan, size_t index, uint64_t *random)
{
    size_t n_bytes = 0;
    uint8_t *bytes = oct_session_input(session, index, &n_bytes);
    enum oct_dtype dtype = oct_plan_input(plan, index)->desc.dtype;
    if (oct_dtype_is_quantized(dtype) || dtype == OCT_DTYPE_UINT8 || dtype == OCT_DTYPE_INT8) {
        for (size_t i = 0; i < n_bytes; ++i) {
            bytes[i] = (uint8_t)next_random(random);
        }
    } else if (dtype == OCT_DTYPE_FLOAT32) {
        for (size_t i = 0; i + sizeof(float) <= n_bytes; i += sizeof(float)) {
            float value = (float)next_random(random) / 1073741824.0f - 1.0f;
            memcpy(bytes + i, &value, sizeof(value));
        }
    } else if (n_bytes > 0) {
        size_t width = oct_dtype_bytes(dtype);
        memset(bytes, 0, n_bytes);
        for (size_t i = 0; i < n_bytes && dtype != OCT_DTYPE_FLOAT64; i += width) {
            bytes[i] = (uint8_t)(next_random(random) & 1);
        }
    }
}

void oct_measure_fill_inputs(struct oct_session *session, const struct oct_plan *plan)
{
    uint64_t random = 1;
    for (size_t i = 0; i < oct_plan_input_count(plan); ++i) {
        fill_input(session, plan, i, &random);
    }
}

static enum oct_status run_once(struct oct_session *session,
                                struct oct_plan *plan,
                                const struct oct_executor *executor,
                                struct oct_stopwatch *runs,
                                struct oct_stopwatch *steps)
{
    oct_measure_fill_inputs(session, plan);
    uint64_t begin = oct_stopwatch_now();
    if (steps != NULL) {
        oct_session_profile(session, executor);
    } else {
        oct_session_run(session, executor);
    }
    uint64_t elapsed = oct_stopwatch_now() - begin;
    enum oct_status status = runs != NULL ? oct_stopwatch_add(runs, elapsed) : OCT_OK;
    for (size_t i = 0; runs != NULL && steps != NULL && i < oct_plan_step_count(plan) && status == OCT_OK; ++i) {
        status = oct_stopwatch_add(&steps[i], oct_session_step_ns(session, i));
    }
    return status;
}

enum oct_status oct_measure_plan(struct oct_plan *plan,
                                 const struct oct_measure_options *options,
                                 struct oct_stopwatch *runs,
                                 struct oct_stopwatch *steps,
                                 struct oct_error *error)
{
    struct oct_session *session = NULL;
    enum oct_status status = oct_session_create(NULL, &session, error);
    if (status == OCT_OK) {
        status = oct_session_bind(session, plan, options->rows, error);
    }
    for (size_t i = 0; i < options->warm_up_runs && status == OCT_OK; ++i) {
        status = run_once(session, plan, options->executor, NULL, steps);
    }
    uint64_t end = oct_stopwatch_now() + (uint64_t)(options->seconds * 1e9);
    while (status == OCT_OK && (runs->count == 0 || oct_stopwatch_now() < end)) {
        status = run_once(session, plan, options->executor, runs, steps);
    }
    if (status == OCT_ERR_LIMIT && runs->count == OCT_STOPWATCH_MAX_SAMPLES) {
        status = OCT_OK;
    }
    oct_stopwatch_sort(runs);
    for (size_t i = 0; steps != NULL && i < oct_plan_step_count(plan); ++i) {
        oct_stopwatch_sort(&steps[i]);
    }
    oct_session_destroy(session);
    return status == OCT_OK ? OCT_OK
                            : oct_error_set(error, status, NULL, OCT_POSITION_NONE, "%s", oct_status_text(status));
}
