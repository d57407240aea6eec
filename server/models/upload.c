#include "server/models/upload.h"

#include <stdlib.h>
#include <string.h>

#include "server/models/models_internal.h"

/// Replicas that take the same next version from one another: one of them wins each round.
#define NEXT_VERSION_TRIES 16

struct oct_upload {
    struct oct_loader_job job;
    struct oct_models *models;
    struct oct_staged *staged;
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number; ///< 0: the next
    void (*done)(void *context, const struct oct_upload_result *result);
    void *context;
};

enum oct_status oct_upload_begin(
    struct oct_models *models, const char *name, const char *version, struct oct_upload **out, struct oct_error *error)
{
    *out = NULL;
    uint64_t number = 0;
    enum oct_status status = oct_model_name_check(name, error);
    if (status == OCT_OK && version != NULL) {
        status = oct_model_version_parse(version, &number, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    if (models->store == NULL) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "models", OCT_POSITION_NONE,
                             "this server keeps no models: it was started without a store folder");
    }
    if (atomic_load(&models->closed)) {
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, "", OCT_POSITION_NONE, "the server is stopping");
    }
    if (atomic_fetch_add(&models->n_uploads, 1) >= models->max_uploads) {
        atomic_fetch_sub(&models->n_uploads, 1);
        return oct_error_set(error, OCT_ERR_BUSY, "models", OCT_POSITION_NONE, "%u uploads are under way already",
                             models->max_uploads);
    }
    struct oct_upload *upload = calloc(1, sizeof *upload);
    if (upload == NULL) {
        atomic_fetch_sub(&models->n_uploads, 1);
        return oct_error_set(error, OCT_ERR_NOMEM, "models", OCT_POSITION_NONE, "out of memory");
    }
    upload->models = models;
    upload->number = number;
    memcpy(upload->name, name, strlen(name) + 1);
    status = oct_store_stage(models->store, &upload->staged, error);
    if (status != OCT_OK) {
        oct_upload_abort(upload);
        return status;
    }
    *out = upload;
    return OCT_OK;
}

enum oct_status oct_upload_write(struct oct_upload *upload, const void *bytes, size_t n_bytes, struct oct_error *error)
{
    uint64_t limit = upload->models->load.model.max_file_bytes;
    limit = limit == 0 ? OCT_MODEL_MAX_FILE_BYTES : limit;
    if (n_bytes > limit - oct_staged_bytes(upload->staged)) {
        return oct_error_set(error, OCT_ERR_LIMIT, "model", OCT_POSITION_NONE, "the file is larger than %llu bytes",
                             (unsigned long long)limit);
    }
    return oct_staged_write(upload->staged, bytes, n_bytes, error);
}

void oct_upload_abort(struct oct_upload *upload)
{
    if (upload == NULL) {
        return;
    }
    oct_staged_discard(upload->staged);
    atomic_fetch_sub(&upload->models->n_uploads, 1);
    free(upload);
}

// ------------------------------------------------------------------------------------------------ on the loader's
// thread

/// What the registry has at the version that the upload is for.
enum standing {
    NOTHING, ///< go on
    SAME,    ///< ready with these bytes
    BROKEN,  ///< these bytes, but they could not be loaded: bring them back
    TAKEN,   ///< a conflict
};

static enum standing compare(struct oct_upload *upload, struct oct_model_version **same, struct oct_error *error)
{
    struct oct_registry *registry = upload->models->registry;
    const char *sha256 = oct_staged_sha256(upload->staged);
    if (upload->number == 0) {
        if (oct_registry_acquire(registry, upload->name, 0, same, NULL) == OCT_OK &&
            strcmp((*same)->sha256, sha256) == 0) {
            return SAME;
        }
        oct_model_version_release(*same);
        *same = NULL;
        return NOTHING;
    }
    enum oct_model_state state = OCT_MODEL_LOADING;
    char known[OCT_SHA256_TEXT_BYTES];
    if (!oct_registry_look(registry, upload->name, upload->number, &state, known, NULL)) {
        return NOTHING;
    }
    if (state != OCT_MODEL_DELETED && strcmp(known, sha256) == 0) {
        return oct_registry_acquire(registry, upload->name, upload->number, same, NULL) == OCT_OK ? SAME : BROKEN;
    }
    oct_error_set(error, OCT_ERR_CONFLICT, upload->name, OCT_POSITION_NONE,
                  state == OCT_MODEL_DELETED ? "version %llu was deleted, and numbers are not used again"
                                             : "version %llu exists with other bytes",
                  (unsigned long long)upload->number);
    return TAKEN;
}

static bool is_about_content(enum oct_status status)
{
    return status == OCT_ERR_CORRUPT || status == OCT_ERR_INVALID || status == OCT_ERR_UNSUPPORTED ||
           status == OCT_ERR_LIMIT || status == OCT_ERR_INTERNAL;
}

/// Checks, plans and warms the staged bytes as `number`, stores them (`with_manifest`: the manifest too), shows them.
static enum oct_status install(struct oct_upload *upload,
                               uint64_t number,
                               bool with_manifest,
                               struct oct_model_version **version,
                               bool *model_refused,
                               struct oct_error *error)
{
    struct oct_models *models = upload->models;
    enum oct_status status =
        oct_model_version_load(&models->load, oct_staged_path(upload->staged), upload->name, number, version, error);
    *model_refused = is_about_content(status);
    if (status == OCT_OK && strcmp((*version)->sha256, oct_staged_sha256(upload->staged)) != 0) {
        status =
            oct_error_set(error, OCT_ERR_IO, "store", OCT_POSITION_NONE, "what was read back is not what was written");
    }
    if (status == OCT_OK) {
        status = with_manifest ? oct_staged_publish(upload->staged, upload->name, number, error)
                               : oct_staged_put(upload->staged, error);
    }
    if (status == OCT_OK) {
        oct_model_version_retain(*version);
        status = oct_registry_publish(models->registry, *version, error);
        if (status != OCT_OK) {
            oct_model_version_release(*version);
        }
    }
    if (status != OCT_OK) {
        oct_model_version_release(*version);
        *version = NULL;
    }
    return status;
}

static enum oct_status process(struct oct_upload *upload,
                               struct oct_upload_result *result,
                               struct oct_model_version **version,
                               struct oct_error *error)
{
    struct oct_models *models = upload->models;
    enum oct_status status = oct_staged_seal(upload->staged, error);
    if (status != OCT_OK) {
        return status;
    }
    for (int i = 0; i < NEXT_VERSION_TRIES; i++) {
        // What other replicas have done to this name meanwhile.
        oct_models_discover(models, upload->name, true);
        enum standing standing = compare(upload, version, error);
        result->unchanged = standing == SAME || standing == BROKEN;
        if (standing == SAME) {
            return OCT_OK;
        }
        if (standing == TAKEN) {
            return OCT_ERR_CONFLICT;
        }
        uint64_t number =
            upload->number != 0 ? upload->number : oct_registry_highest(models->registry, upload->name) + 1;
        if (number > OCT_MODEL_VERSION_MAX) {
            return oct_error_set(error, OCT_ERR_CONFLICT, upload->name, OCT_POSITION_NONE,
                                 "there is no version after the highest");
        }
        status = oct_registry_check_room(models->registry, upload->name, number, error); // before anything is durable
        if (status == OCT_OK) {
            status = install(upload, number, standing == NOTHING, version, &result->model_refused, error);
        }
        if (status != OCT_ERR_CONFLICT) {
            return status;
        }
        oct_error_clear(error); // somebody took the number between discover and publish: look again
    }
    return oct_error_set(error, OCT_ERR_CONFLICT, upload->name, OCT_POSITION_NONE,
                         "others publish versions of it faster than this upload could");
}

static void run_upload(struct oct_loader_job *job, bool stopping)
{
    struct oct_upload *upload = (struct oct_upload *)(void *)((char *)job - offsetof(struct oct_upload, job));
    struct oct_models *models = upload->models;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_version *version = NULL;
    struct oct_upload_result result = {.error = &error};
    result.status = stopping
                        ? oct_error_set(&error, OCT_ERR_UNAVAILABLE, "", OCT_POSITION_NONE, "the server is stopping")
                        : process(upload, &result, &version, &error);
    result.version = version;
    if (result.status == OCT_OK) {
        oct_models_log(models, OCT_LOG_INFO, result.unchanged ? "model_unchanged" : "model_published", upload->name,
                       version->number, version->sha256);
    } else {
        char text[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 32];
        oct_error_format(&error, text, sizeof text);
        oct_models_log(models, OCT_LOG_WARNING, "model_refused", upload->name, upload->number, text);
        oct_metrics_add(models->metrics, OCT_METRIC_MODEL_LOAD_FAILURES, 1);
    }
    oct_models_count(models);
    void (*done)(void *context, const struct oct_upload_result *result) = upload->done;
    void *context = upload->context;
    oct_upload_abort(upload); // whatever is still temporary
    done(context, &result);
    oct_model_version_release(version);
}

void oct_upload_finish(struct oct_upload *upload,
                       void (*done)(void *context, const struct oct_upload_result *result),
                       void *context)
{
    upload->done = done;
    upload->context = context;
    upload->job.run = run_upload;
    oct_loader_submit(upload->models->loader, &upload->job);
}
