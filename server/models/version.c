#include "server/models/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/pool/clock.h"

/// The first run touches every page; the second is the one that says what a row costs.
#define WARM_RUNS 2

static enum oct_status warm(struct oct_model_version *version, struct oct_error *error)
{
    struct oct_session *session = NULL;
    enum oct_status status = oct_session_create(NULL, &session, error);
    for (int run = 0; run < WARM_RUNS && status == OCT_OK; run++) {
        uint64_t begin_us = oct_clock_us();
        status = oct_session_bind(session, version->plan, 1, error);
        if (status == OCT_OK) {
            for (size_t i = 0; i < oct_plan_input_count(version->plan); i++) {
                size_t n_bytes = 0;
                void *input = oct_session_input(session, i, &n_bytes);
                memset(input, 0, n_bytes);
            }
            oct_session_run(session, NULL);
            version->row_ns = (oct_clock_us() - begin_us + 1) * 1000; // rounded up: 0 would mean unknown
        }
    }
    oct_session_destroy(session);
    return status;
}

/// Takes the path out of the error's place: uploaders are told what is wrong with their model, not how our folders are
/// named.
static void hide_path(struct oct_error *error, const char *path)
{
    size_t length = strlen(path);
    length = length < OCT_ERROR_WHERE_BYTES ? length : OCT_ERROR_WHERE_BYTES - 1; // it may have been cut
    if (error == NULL || strncmp(error->where, path, length) != 0) {
        return;
    }
    const char *rest = error->where + length;
    rest += strspn(rest, ": ");
    memmove(error->where, rest, strlen(rest) + 1);
}

void oct_model_version_format(uint64_t number, char text[OCT_MODEL_VERSION_TEXT_BYTES])
{
    snprintf(text, OCT_MODEL_VERSION_TEXT_BYTES, "%llu", (unsigned long long)(number % (OCT_MODEL_VERSION_MAX + 1)));
}

enum oct_status oct_model_version_load(const struct oct_model_load_options *options,
                                       const char *path,
                                       const char *name,
                                       uint64_t number,
                                       struct oct_model_version **out,
                                       struct oct_error *error)
{
    *out = NULL;
    struct oct_model_version *version = calloc(1, sizeof *version);
    if (version == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, name, OCT_POSITION_NONE, "out of memory");
    }
    atomic_init(&version->references, 1);
    memcpy(version->name, name, strlen(name) + 1);
    version->number = number;
    oct_model_version_format(number, version->text);
    version->created_s = (int64_t)time(NULL);
    uint64_t begin_us = oct_clock_us();
    enum oct_status status = oct_model_open(path, &options->model, &version->model, error);
    if (status == OCT_OK) {
        version->plan = oct_model_plan(version->model);
        version->bytes = oct_model_file_bytes(version->model);
        uint8_t digest[OCT_SHA256_BYTES];
        status = oct_model_sha256(version->model, digest);
        if (status == OCT_OK) {
            oct_sha256_text(digest, version->sha256);
            status = warm(version, error);
        } else {
            oct_error_set(error, status, name, OCT_POSITION_NONE, "no memory for a digest");
        }
    } else {
        hide_path(error, path);
    }
    if (status == OCT_OK) {
        version->load_us = oct_clock_us() - begin_us;
        if (options->hooks.attach != NULL) {
            status = options->hooks.attach(options->hooks.context, version, &version->attachment, error);
        }
    }
    if (status != OCT_OK) {
        oct_model_version_release(version);
        return status;
    }
    version->hooks = options->hooks; // only now: release must not detach what was not attached
    *out = version;
    return OCT_OK;
}

struct oct_model_version *oct_model_version_retain(struct oct_model_version *version)
{
    atomic_fetch_add_explicit(&version->references, 1, memory_order_relaxed);
    return version;
}

void oct_model_version_release(struct oct_model_version *version)
{
    if (version == NULL || atomic_fetch_sub_explicit(&version->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (version->hooks.detach != NULL) {
        version->hooks.detach(version->hooks.context, version->attachment);
    }
    oct_model_close(version->model);
    free(version);
}
