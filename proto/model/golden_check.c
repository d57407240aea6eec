/// DESIGN. The rows run in slices of what the plan takes at once, and each output's digest grows slice by slice:
/// nothing as large as the outputs is ever held. Where slices would change the answer (rows that are not independent)
/// and one run does not hold them, there is nothing to compare.
#include "proto/model/golden_check.h"

#include "octet/proto/sha256.h"

#include <string.h>

struct check {
    const struct oct_octet_golden *golden;
    struct oct_plan *plan;
    struct oct_session *session;
    struct oct_sha256_stream *digests[OCT_GRAPH_MAX_OUTPUTS];
    size_t n_digests;
    struct oct_error *error;
};

static enum oct_status open_digests(struct check *check)
{
    while (check->n_digests < oct_plan_output_count(check->plan)) {
        enum oct_status status = oct_sha256_stream_create(&check->digests[check->n_digests]);
        if (status != OCT_OK) {
            return oct_error_set(check->error, status, NULL, OCT_POSITION_NONE, "no memory for a digest");
        }
        check->n_digests++;
    }
    return OCT_OK;
}

static enum oct_status run_slice(struct check *check, int64_t first, int64_t rows)
{
    const struct oct_octet_golden *golden = check->golden;
    enum oct_status status = oct_session_bind(check->session, check->plan, rows, check->error);
    if (status != OCT_OK) {
        return status;
    }
    for (size_t i = 0; i < oct_plan_input_count(check->plan); i++) {
        size_t n_bytes;
        uint8_t *input = oct_session_input(check->session, i, &n_bytes);
        bool batched = oct_plan_input(check->plan, i)->batched;
        size_t skipped = batched ? (size_t)first * (n_bytes / (size_t)rows) : 0;
        memcpy(input, golden->inputs[i] + skipped, n_bytes);
    }
    oct_session_run(check->session, NULL);
    for (size_t i = 0; i < check->n_digests; i++) {
        if (first == 0 || oct_plan_output(check->plan, i)->batched) {
            size_t n_bytes;
            const void *output = oct_session_output(check->session, i, &n_bytes);
            oct_sha256_stream_add(check->digests[i], output, n_bytes);
        }
    }
    return OCT_OK;
}

static enum oct_status compare(struct check *check)
{
    for (size_t i = 0; i < check->n_digests; i++) {
        uint8_t digest[OCT_SHA256_BYTES];
        const char *name = oct_plan_output(check->plan, i)->name;
        enum oct_status status = oct_sha256_stream_finish(check->digests[i], digest);
        if (status != OCT_OK) {
            return oct_error_set(check->error, status, name, OCT_POSITION_NONE, "the digest cannot be computed");
        }
        if (memcmp(digest, check->golden->output_sha256[i], sizeof digest) != 0) {
            return oct_error_set(check->error, OCT_ERR_INTERNAL, name, OCT_POSITION_NONE,
                                 "the golden rows give another output here than where the file was made");
        }
    }
    return OCT_OK;
}

enum oct_status octi_golden_check(const struct oct_octet_golden *golden,
                                  struct oct_plan *plan,
                                  const struct oct_allocator *allocator,
                                  const char **verdict,
                                  struct oct_error *error)
{
    int64_t max_rows = oct_plan_max_rows(plan);
    if (golden->rows > max_rows && !oct_plan_rows_independent(plan, NULL)) {
        *verdict = "skipped";
        return OCT_OK;
    }
    struct check check = {.golden = golden, .plan = plan, .error = error};
    enum oct_status status = oct_session_create(allocator, &check.session, error);
    if (status == OCT_OK) {
        status = open_digests(&check);
    }
    for (int64_t first = 0; first < golden->rows && status == OCT_OK; first += max_rows) {
        status = run_slice(&check, first, golden->rows - first < max_rows ? golden->rows - first : max_rows);
    }
    if (status == OCT_OK) {
        status = compare(&check);
    }
    for (size_t i = 0; i < check.n_digests; i++) {
        oct_sha256_stream_destroy(check.digests[i]);
    }
    oct_session_destroy(check.session);
    if (status == OCT_OK) {
        *verdict = "passed";
    } else {
        oct_error_prefix(error, "golden");
    }
    return status;
}
