/// The models of a server (registry, store, loader) in a folder of their own, with real (tiny) models.
#ifndef OCTET_TESTS_SERVER_MODELS_MODELS_SITE_H
#define OCTET_TESTS_SERVER_MODELS_MODELS_SITE_H

#include "tests/support/oct_check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/models/upload.h"
#include "server/pool/clock.h"
#include "tests/server/models/store_shim.h"
#include "tests/server/models/tiny_model.h"

static char root[64];    ///< everything of a test
static char stores[80];  ///< root/store
static char shipped[80]; ///< root/shipped

static inline void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/octet-models-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(stores, sizeof stores, "%s/store", root);
    snprintf(shipped, sizeof shipped, "%s/shipped", root);
    ck_assert_int_eq(mkdir(shipped, 0700), 0);
}

static inline void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static inline void nap(void)
{
    struct timespec moment = {.tv_nsec = 500000};
    nanosleep(&moment, NULL);
}

static inline struct oct_models *start_with(const char *store_dir, const struct oct_store_io *io)
{
    struct oct_models_options options = {.store_dir = store_dir, .shipped_dir = shipped, .io = io, .max_uploads = 2};
    options.load.model = oct_model_options_default();
    options.load.model.max_file_bytes = 100000;
    struct oct_models *models = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_models_create(&options, &models, &error), &error);
    return models;
}

static inline void wait_for_boot(struct oct_models *models)
{
    uint64_t give_up_us = oct_clock_us() + 20000000;
    while (!oct_models_booted(models)) {
        ck_assert(oct_clock_us() < give_up_us);
        nap();
    }
}

static inline struct oct_models *start(void)
{
    struct oct_models *models = start_with(stores, NULL);
    wait_for_boot(models);
    return models;
}

static inline void stop(struct oct_models *models)
{
    oct_models_stop(models);
    oct_models_destroy(models);
}

/// How an upload or a delete ended.
struct outcome {
    atomic_bool done;
    enum oct_status status;
    bool refused, unchanged;
    uint64_t number;
    size_t n_deleted;
    char message[OCT_ERROR_MESSAGE_BYTES + OCT_ERROR_WHERE_BYTES + 4];
    struct oct_models_deletion deletion;
};

static inline void wait_for(struct outcome *outcome)
{
    uint64_t give_up_us = oct_clock_us() + 20000000;
    while (!atomic_load(&outcome->done)) {
        ck_assert(oct_clock_us() < give_up_us);
        nap();
    }
}

static inline void uploaded(void *context, const struct oct_upload_result *result)
{
    struct outcome *outcome = context;
    outcome->status = result->status;
    outcome->refused = result->model_refused;
    outcome->unchanged = result->unchanged;
    outcome->number = result->version == NULL ? 0 : result->version->number;
    snprintf(outcome->message, sizeof outcome->message, "%s: %s", result->error->where, result->error->message);
    atomic_store(&outcome->done, true);
}

/// Uploads bytes and waits for the end.
static inline struct outcome
upload_bytes(struct oct_models *models, const char *name, const char *version, const void *bytes, size_t n_bytes)
{
    struct outcome outcome = {.n_deleted = 0};
    struct oct_upload *upload = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_upload_begin(models, name, version, &upload, &error), &error);
    ck_assert_ok(oct_upload_write(upload, bytes, n_bytes / 2, &error), &error);
    ck_assert_ok(oct_upload_write(upload, (const char *)bytes + n_bytes / 2, n_bytes - n_bytes / 2, &error), &error);
    oct_upload_finish(upload, uploaded, &outcome);
    wait_for(&outcome);
    return outcome;
}

static inline struct outcome
upload(struct oct_models *models, const char *name, const char *version, enum tiny_kind kind, const char *label)
{
    struct oct_buffer bytes;
    tiny_model_write(kind, label, &bytes);
    struct outcome outcome = upload_bytes(models, name, version, bytes.data, bytes.length);
    oct_buffer_deinit(&bytes);
    return outcome;
}

#define ck_assert_published(upload_call, expected_number)                                                              \
    do {                                                                                                               \
        struct outcome ck_outcome = (upload_call);                                                                     \
        ck_assert_msg(ck_outcome.status == OCT_OK, "%s", ck_outcome.message);                                          \
        ck_assert(!ck_outcome.unchanged);                                                                              \
        ck_assert_uint_eq(ck_outcome.number, (expected_number));                                                       \
    } while (0)

static inline void
deleted(struct oct_models_deletion *deletion, enum oct_status status, size_t n_deleted, const struct oct_error *error)
{
    struct outcome *outcome = (struct outcome *)(void *)((char *)deletion - offsetof(struct outcome, deletion));
    outcome->status = status;
    outcome->n_deleted = n_deleted;
    snprintf(outcome->message, sizeof outcome->message, "%s", error->message);
    atomic_store(&outcome->done, true);
}

static inline enum oct_status
delete_version(struct oct_models *models, const char *name, uint64_t number, size_t *n_deleted)
{
    struct outcome outcome = {.status = OCT_OK};
    snprintf(outcome.deletion.name, sizeof outcome.deletion.name, "%s", name);
    outcome.deletion.number = number;
    outcome.deletion.done = deleted;
    oct_models_delete(models, &outcome.deletion);
    wait_for(&outcome);
    *n_deleted = outcome.n_deleted;
    return outcome.status;
}

/// The number that answers for (name, number); 0 when none does.
static inline uint64_t answering(struct oct_models *models, const char *name, uint64_t number)
{
    struct oct_model_version *version = NULL;
    enum oct_status status = oct_models_acquire(models, name, number, NULL, &version, NULL);
    uint64_t found = status == OCT_OK ? version->number : 0;
    oct_model_version_release(version);
    return found;
}

static inline void ship(const char *file, enum tiny_kind kind, const char *label)
{
    char path[160];
    struct oct_buffer bytes;
    tiny_model_write(kind, label, &bytes);
    snprintf(path, sizeof path, "%s/%s", shipped, file);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(bytes.data, 1, bytes.length, out), bytes.length);
    ck_assert_int_eq(fclose(out), 0);
    oct_buffer_deinit(&bytes);
}

static inline int run_in_store(const char *command)
{
    char line[256];
    snprintf(line, sizeof line, "cd '%s' && %s", stores, command);
    return system(line);
}

#endif
