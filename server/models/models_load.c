// DESIGN: everything here runs on the loader's thread alone, one job after the other, so what is read from the registry
// and written back a moment later cannot be changed by anybody in between.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/models/models_internal.h"

#define SHIPPED_SUFFIX ".octet"

// --------------------------------------------------------------------------------------------------------- one model

static void mark_failed(struct oct_models *models,
                        const char *name,
                        uint64_t number,
                        const char *sha256,
                        const struct oct_error *error,
                        bool quiet)
{
    char text[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 32];
    oct_error_format(error, text, sizeof text);
    if (!quiet) {
        oct_models_log(models, OCT_LOG_ERROR, "model_failed", name, number, text);
        oct_metrics_add(models->metrics, OCT_METRIC_MODEL_LOAD_FAILURES, 1);
    }
    // A failing disk's errors name folders of ours, and what stands in the registry is shown to clients.
    const char *shown = error->status == OCT_ERR_IO ? "it could not be read; the server's log says why" : text;
    // Without memory for the reason's place there is nothing to show: the version stays unknown and is tried again.
    (void)!oct_registry_set(models->registry, name, number, OCT_MODEL_FAILED, shown, sha256, NULL);
}

/// Loads a file and shows it. OCT_OK, or the reason.
static enum oct_status load(struct oct_models *models,
                            const char *path,
                            const char *name,
                            uint64_t number,
                            const struct oct_manifest *manifest,
                            struct oct_error *error)
{
    struct oct_model_version *version = NULL;
    enum oct_status status = oct_model_version_load(&models->load, path, name, number, &version, error);
    if (status == OCT_OK && manifest != NULL && strcmp(version->sha256, manifest->sha256) != 0) {
        status = oct_error_set(error, OCT_ERR_CORRUPT, name, OCT_POSITION_NONE, "the digest is %s", version->sha256);
    }
    if (status == OCT_OK) {
        version->shipped = manifest == NULL;
        version->created_s = manifest == NULL ? version->created_s : manifest->created_s;
        status = oct_registry_publish(models->registry, version, error);
    }
    if (status != OCT_OK) {
        oct_model_version_release(version);
        return status;
    }
    oct_models_log(models, OCT_LOG_INFO, "model_ready", name, number, path);
    oct_models_count(models);
    return OCT_OK;
}

/// Is the blob what its name says? If not it is moved away. True when it was.
static bool quarantine_if_damaged(struct oct_models *models, const struct oct_manifest *manifest)
{
    struct oct_error error = OCT_ERROR_INIT;
    if (oct_store_verify(models->store, manifest->sha256, &error) != OCT_ERR_CORRUPT) {
        return false;
    }
    char path[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(models->store, manifest->sha256, path);
    oct_models_log(models, OCT_LOG_ERROR, "model_quarantined", manifest->model, manifest->version, path);
    (void)!oct_store_quarantine(models->store, manifest->sha256, NULL); // it is not served either way
    return true;
}

/// Loads what `manifest` names.
static void load_stored(struct oct_models *models, const struct oct_manifest *manifest, uint64_t stamp, bool quiet)
{
    struct oct_error error = OCT_ERROR_INIT;
    char path[OCT_STORE_PATH_BYTES];
    oct_store_blob_path(models->store, manifest->sha256, path);
    enum oct_status status = load(models, path, manifest->model, manifest->version, manifest, &error);
    // What may pass (a disk that fails for a while, a blob that another replica repairs) is tried again by the poll: a
    // stamp of 0 matches no manifest.
    bool may_pass = status == OCT_ERR_IO || status == OCT_ERR_NOMEM || status == OCT_ERR_NOT_FOUND;
    if (status != OCT_OK) {
        if (!may_pass && quarantine_if_damaged(models, manifest)) {
            oct_error_clear(&error);
            oct_error_set(&error, OCT_ERR_CORRUPT, "store", OCT_POSITION_NONE, "the blob was damaged: quarantined");
            may_pass = true;
        }
        mark_failed(models, manifest->model, manifest->version, manifest->sha256, &error, quiet);
    }
    oct_registry_set_stamp(models->registry, manifest->model, manifest->version, may_pass ? 0 : stamp);
}

/// Reads the manifest and sets what it says; true when it names a model that is to be loaded.
static bool
read_manifest(struct oct_models *models, const char *name, uint64_t number, struct oct_manifest *manifest, bool quiet)
{
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_store_manifest(models->store, name, number, manifest, &error);
    if (status == OCT_ERR_NOT_FOUND) {
        return false;
    }
    if (status != OCT_OK) {
        mark_failed(models, name, number, NULL, &error, quiet);
        return false;
    }
    if (manifest->deleted) {
        (void)!oct_registry_set(models->registry, name, number, OCT_MODEL_DELETED, NULL, NULL, NULL);
        oct_models_count(models);
        return false;
    }
    return true;
}

void oct_models_refresh(struct oct_models *models, const char *name, uint64_t number)
{
    enum oct_model_state state = OCT_MODEL_LOADING;
    uint64_t known_stamp = 0;
    uint64_t stamp = 0;
    struct oct_manifest manifest;
    bool known = oct_registry_look(models->registry, name, number, &state, NULL, &known_stamp);
    if (oct_store_stamp(models->store, name, number, &stamp) != OCT_OK ||
        (known && state != OCT_MODEL_LOADING && stamp == known_stamp)) {
        return;
    }
    bool failed_before = known && state == OCT_MODEL_FAILED;
    if (read_manifest(models, name, number, &manifest, failed_before) && (!known || state != OCT_MODEL_READY)) {
        load_stored(models, &manifest, stamp, failed_before);
    } else {
        oct_registry_set_stamp(models->registry, name, number, stamp);
    }
}

// ---------------------------------------------------------------------------------------------------- many models

struct found {
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    uint64_t number;
};

struct finding {
    struct oct_models *models;
    struct found *items;
    size_t n, capacity;
    bool only_new; ///< leave out what the registry knows
};

static void find(void *context, const char *name, uint64_t number)
{
    struct finding *finding = context;
    enum oct_model_state state;
    if (finding->only_new && oct_registry_look(finding->models->registry, name, number, &state, NULL, NULL)) {
        return;
    }
    if (finding->n == finding->capacity) {
        size_t capacity = finding->capacity == 0 ? 16 : finding->capacity * 2;
        struct found *grown = realloc(finding->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return; // the next poll finds it
        }
        finding->items = grown;
        finding->capacity = capacity;
    }
    struct found *item = &finding->items[finding->n++];
    memcpy(item->name, name, strlen(name) + 1);
    item->number = number;
}

/// Newest first, so that the default of every name is there soon.
static int compare_found(const void *a, const void *b)
{
    const struct found *left = a;
    const struct found *right = b;
    if (left->number != right->number) {
        return left->number > right->number ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

/// Manifests of the store (of `name` when not NULL), newest first. Free `items`.
static struct finding list_store(struct oct_models *models, const char *name, bool only_new)
{
    struct finding finding = {.models = models, .only_new = only_new};
    struct oct_error error = OCT_ERROR_INIT;
    if (oct_store_each(models->store, name, find, &finding, &error) != OCT_OK) {
        oct_models_log(models, OCT_LOG_ERROR, "store_unreadable", name == NULL ? "" : name, 0, error.message);
    }
    if (finding.n > 0) {
        qsort(finding.items, finding.n, sizeof finding.items[0], compare_found);
    }
    return finding;
}

void oct_models_discover(struct oct_models *models, const char *name, bool all)
{
    struct finding finding = list_store(models, name, true);
    bool loaded = false;
    for (size_t i = 0; i < finding.n && (all || !loaded); i++) {
        oct_models_refresh(models, name, finding.items[i].number);
        enum oct_model_state state;
        loaded = oct_registry_look(models->registry, name, finding.items[i].number, &state, NULL, NULL) &&
                 state == OCT_MODEL_READY;
    }
    free(finding.items);
}

void oct_models_poll_now(struct oct_models *models)
{
    struct finding finding = list_store(models, NULL, false);
    for (size_t i = 0; i < finding.n && !oct_loader_stopping(models->loader); i++) {
        oct_models_refresh(models, finding.items[i].name, finding.items[i].number);
    }
    free(finding.items);
}

/// `file` of the shipped folder: "<name>.octet" is version 1 of <name>, unless the store has that version or its
/// tombstone.
static void see_shipped(void *context, const char *file)
{
    struct oct_models *models = context;
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    char path[OCT_STORE_PATH_BYTES];
    size_t length = strlen(file);
    size_t suffix = sizeof SHIPPED_SUFFIX - 1;
    if (length <= suffix || length - suffix >= sizeof name || strcmp(file + length - suffix, SHIPPED_SUFFIX) != 0 ||
        oct_loader_stopping(models->loader)) {
        return;
    }
    memcpy(name, file, length - suffix);
    name[length - suffix] = '\0';
    enum oct_model_state state;
    int n = snprintf(path, sizeof path, "%s/%s", models->shipped_dir, file);
    if (n < 0 || (size_t)n >= sizeof path || oct_model_name_check(name, NULL) != OCT_OK ||
        oct_registry_look(models->registry, name, 1, &state, NULL, NULL)) {
        return;
    }
    struct oct_error error = OCT_ERROR_INIT;
    if (load(models, path, name, 1, NULL, &error) != OCT_OK) {
        mark_failed(models, name, 1, NULL, &error, false);
    }
}

void oct_models_boot(struct oct_models *models)
{
    struct finding finding = {.models = models};
    if (models->store != NULL) {
        finding = list_store(models, NULL, false);
    }
    // First the places, so that a request meanwhile hears "loading" and not "no such model".
    for (size_t i = 0; i < finding.n; i++) {
        struct oct_manifest manifest;
        const struct found *item = &finding.items[i];
        if (read_manifest(models, item->name, item->number, &manifest, false)) {
            (void)!oct_registry_set(models->registry, item->name, item->number, OCT_MODEL_LOADING, NULL,
                                    manifest.sha256, NULL);
        }
    }
    if (models->shipped_dir != NULL) {
        (void)models->io->list(models->io->context, models->shipped_dir, see_shipped, models);
    }
    for (size_t i = 0; i < finding.n && !oct_loader_stopping(models->loader); i++) {
        oct_models_refresh(models, finding.items[i].name, finding.items[i].number);
    }
    free(finding.items);
    if (models->store != NULL) {
        (void)oct_store_sweep(models->store);
    }
}
