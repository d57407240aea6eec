#include "server/cli/rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/// A bound on what one command keeps of one output.
#define MAX_OUTPUT_BYTES ((size_t)8 << 30)

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static enum oct_status run_slice(struct oct_session *session,
                                 struct oct_plan *plan,
                                 const uint8_t *const *inputs,
                                 int64_t first_row,
                                 int64_t rows,
                                 struct oct_cli_rows *out,
                                 struct oct_error *error)
{
    enum oct_status status = oct_session_bind(session, plan, rows, error);
    if (status != OCT_OK) {
        return status;
    }
    for (size_t i = 0; i < oct_plan_input_count(plan); ++i) {
        size_t n_bytes = 0;
        void *destination = oct_session_input(session, i, &n_bytes);
        size_t offset = oct_plan_input(plan, i)->batched ? n_bytes / (size_t)rows * (size_t)first_row : 0;
        if (n_bytes > 0) {
            memcpy(destination, inputs[i] + offset, n_bytes);
        }
    }
    double begin = now_seconds();
    oct_session_run(session, NULL);
    out->seconds += now_seconds() - begin;
    for (size_t i = 0; i < out->n_outputs && status == OCT_OK; ++i) {
        size_t n_bytes = 0;
        const void *bytes = oct_session_output(session, i, &n_bytes);
        if (first_row == 0 || oct_plan_output(plan, i)->batched) {
            status = oct_buffer_append(&out->outputs[i], bytes, n_bytes);
        }
    }
    return status == OCT_OK ? OCT_OK : oct_error_set(error, status, "outputs", OCT_POSITION_NONE, "too large to keep");
}

enum oct_status oct_cli_rows_run(struct oct_plan *plan,
                                 const uint8_t *const *inputs,
                                 int64_t rows,
                                 struct oct_cli_rows *out,
                                 struct oct_error *error)
{
    memset(out, 0, sizeof(*out));
    int64_t slice = oct_plan_max_rows(plan);
    const char *reason = NULL;
    if (rows > slice && !oct_plan_rows_independent(plan, &reason)) {
        return oct_error_set(
            error, OCT_ERR_LIMIT, "rows", OCT_POSITION_NONE,
            "%lld rows, but at most %lld fit one run, and rows that are not independent cannot be cut: %s",
            (long long)rows, (long long)slice, reason);
    }
    struct oct_session *session = NULL;
    enum oct_status status = oct_session_create(NULL, &session, error);
    if (status != OCT_OK) {
        return status;
    }
    out->rows = rows;
    out->n_outputs = oct_plan_output_count(plan);
    out->outputs = calloc(out->n_outputs, sizeof(*out->outputs));
    if (out->outputs == NULL) {
        out->n_outputs = 0;
        status = oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "out of memory");
    }
    for (size_t i = 0; i < out->n_outputs; ++i) {
        oct_buffer_init(&out->outputs[i], NULL, MAX_OUTPUT_BYTES);
    }
    for (int64_t row = 0; row < rows && status == OCT_OK; row += slice) {
        int64_t n_rows = rows - row < slice ? rows - row : slice;
        status = run_slice(session, plan, inputs, row, n_rows, out, error);
    }
    oct_session_destroy(session);
    if (status != OCT_OK) {
        oct_cli_rows_deinit(out);
    }
    return status;
}

void oct_cli_rows_deinit(struct oct_cli_rows *rows)
{
    for (size_t i = 0; i < rows->n_outputs; ++i) {
        oct_buffer_deinit(&rows->outputs[i]);
    }
    free(rows->outputs);
    memset(rows, 0, sizeof(*rows));
}
