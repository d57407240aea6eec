#include "server/models/registry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct place {
    uint64_t number;
    enum oct_model_state state;
    uint64_t stamp;
    char *reason; ///< NULL: none
    char sha256[OCT_SHA256_TEXT_BYTES];
    struct oct_model_version *version; ///< one reference; NULL unless ready
};

struct model {
    char name[OCT_MODEL_NAME_MAX_BYTES + 1];
    size_t n_places, capacity;
    struct place *places;              ///< by rising number
    struct oct_model_version *current; ///< borrowed from its place; NULL: nothing is ready
};

struct oct_registry {
    pthread_rwlock_t lock;
    size_t n_models, capacity, n_ready;
    struct model **models; ///< by name
};

const char *oct_model_state_name(enum oct_model_state state)
{
    static const char *const names[] = {"loading", "ready", "failed", "deleted"};
    return names[state];
}

enum oct_status oct_registry_create(struct oct_registry **out, struct oct_error *error)
{
    *out = NULL;
    struct oct_registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL || pthread_rwlock_init(&registry->lock, NULL) != 0) {
        free(registry);
        return oct_error_set(error, OCT_ERR_NOMEM, "registry", OCT_POSITION_NONE, "out of memory");
    }
    *out = registry;
    return OCT_OK;
}

void oct_registry_destroy(struct oct_registry *registry)
{
    if (registry == NULL) {
        return;
    }
    for (size_t i = 0; i < registry->n_models; i++) {
        struct model *model = registry->models[i];
        for (size_t j = 0; j < model->n_places; j++) {
            oct_model_version_release(model->places[j].version);
            free(model->places[j].reason);
        }
        free(model->places);
        free(model);
    }
    free(registry->models);
    pthread_rwlock_destroy(&registry->lock);
    free(registry);
}

// ------------------------------------------------------------------------------------------------------- searching

/// Index of `name`, or of where it belongs.
static size_t locate_model(const struct oct_registry *registry, const char *name, bool *found)
{
    size_t low = 0;
    size_t high = registry->n_models;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(registry->models[middle]->name, name);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
            *found = order == 0;
        }
    }
    return high;
}

static struct model *find_model(const struct oct_registry *registry, const char *name)
{
    bool found = false;
    size_t index = locate_model(registry, name, &found);
    return found ? registry->models[index] : NULL;
}

static size_t locate_place(const struct model *model, uint64_t number)
{
    size_t low = 0;
    size_t high = model->n_places;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->places[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct place *find_place(const struct model *model, uint64_t number)
{
    size_t index = locate_place(model, number);
    return index < model->n_places && model->places[index].number == number ? &model->places[index] : NULL;
}

// --------------------------------------------------------------------------------------------------------- reading

static enum oct_status report_state(const char *name, const struct place *place, struct oct_error *error)
{
    unsigned long long number = place->number;
    switch (place->state) {
    case OCT_MODEL_LOADING:
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, name, OCT_POSITION_NONE, "version %llu is being loaded",
                             number);
    case OCT_MODEL_FAILED:
        return oct_error_set(error, OCT_ERR_UNAVAILABLE, name, OCT_POSITION_NONE,
                             "version %llu could not be loaded: %s", number,
                             place->reason != NULL ? place->reason : "out of memory");
    default:
        return oct_error_set(error, OCT_ERR_NOT_FOUND, name, OCT_POSITION_NONE, "version %llu was deleted", number);
    }
}

/// No default: the newest version that is not deleted says why.
static enum oct_status report_no_default(const struct model *model, struct oct_error *error)
{
    for (size_t i = model->n_places; i > 0; i--) {
        if (model->places[i - 1].state != OCT_MODEL_DELETED) {
            return report_state(model->name, &model->places[i - 1], error);
        }
    }
    return oct_error_set(error, OCT_ERR_NOT_FOUND, model->name, OCT_POSITION_NONE, "every version was deleted");
}

enum oct_status oct_registry_acquire(struct oct_registry *registry,
                                     const char *name,
                                     uint64_t number,
                                     struct oct_model_version **version,
                                     struct oct_error *error)
{
    *version = NULL;
    enum oct_status status = OCT_OK;
    pthread_rwlock_rdlock(&registry->lock);
    const struct model *model = find_model(registry, name);
    const struct place *place = model == NULL || number == 0 ? NULL : find_place(model, number);
    if (model == NULL) {
        status = oct_error_set(error, OCT_ERR_NOT_FOUND, "model", OCT_POSITION_NONE, "there is no model '%s'", name);
    } else if (number == 0 && model->current == NULL) {
        status = report_no_default(model, error);
    } else if (number == 0) {
        *version = oct_model_version_retain(model->current);
    } else if (place == NULL) {
        status = oct_error_set(error, OCT_ERR_NOT_FOUND, name, OCT_POSITION_NONE, "there is no version %llu",
                               (unsigned long long)number);
    } else if (place->version == NULL) {
        status = report_state(name, place, error);
    } else {
        *version = oct_model_version_retain(place->version);
    }
    pthread_rwlock_unlock(&registry->lock);
    return status;
}

static void visit_model(const struct model *model,
                        void (*visit)(void *context, const struct oct_registry_entry *entry),
                        void *context)
{
    for (size_t i = 0; i < model->n_places; i++) {
        const struct place *place = &model->places[i];
        const struct oct_registry_entry entry = {
            .name = model->name,
            .number = place->number,
            .state = place->state,
            .reason = place->reason != NULL ? place->reason : "",
            .sha256 = place->sha256,
            .is_default = place->version != NULL && place->version == model->current,
            .version = place->version,
        };
        visit(context, &entry);
    }
}

void oct_registry_visit(struct oct_registry *registry,
                        const char *name,
                        void (*visit)(void *context, const struct oct_registry_entry *entry),
                        void *context)
{
    pthread_rwlock_rdlock(&registry->lock);
    if (name == NULL) {
        for (size_t i = 0; i < registry->n_models; i++) {
            visit_model(registry->models[i], visit, context);
        }
    } else {
        const struct model *model = find_model(registry, name);
        if (model != NULL) {
            visit_model(model, visit, context);
        }
    }
    pthread_rwlock_unlock(&registry->lock);
}

bool oct_registry_look(struct oct_registry *registry,
                       const char *name,
                       uint64_t number,
                       enum oct_model_state *state,
                       char sha256[OCT_SHA256_TEXT_BYTES],
                       uint64_t *stamp)
{
    pthread_rwlock_rdlock(&registry->lock);
    const struct model *model = find_model(registry, name);
    const struct place *place = model == NULL ? NULL : find_place(model, number);
    if (place != NULL) {
        *state = place->state;
        if (sha256 != NULL) {
            memcpy(sha256, place->sha256, OCT_SHA256_TEXT_BYTES);
        }
        if (stamp != NULL) {
            *stamp = place->stamp;
        }
    }
    pthread_rwlock_unlock(&registry->lock);
    return place != NULL;
}

uint64_t oct_registry_highest(struct oct_registry *registry, const char *name)
{
    pthread_rwlock_rdlock(&registry->lock);
    const struct model *model = find_model(registry, name);
    uint64_t highest = model == NULL || model->n_places == 0 ? 0 : model->places[model->n_places - 1].number;
    pthread_rwlock_unlock(&registry->lock);
    return highest;
}

size_t oct_registry_ready_count(struct oct_registry *registry)
{
    pthread_rwlock_rdlock(&registry->lock);
    size_t n_ready = registry->n_ready;
    pthread_rwlock_unlock(&registry->lock);
    return n_ready;
}

// --------------------------------------------------------------------------------------------------------- writing

/// Room for one more element; keeps the old array on failure.
static bool grow(void **array, size_t *capacity, size_t count, size_t element_bytes)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 4 : *capacity * 2;
    void *grown = realloc(*array, wanted * element_bytes);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

static enum oct_status no_memory(struct oct_error *error)
{
    return oct_error_set(error, OCT_ERR_NOMEM, "registry", OCT_POSITION_NONE, "out of memory");
}

static enum oct_status
check_room_locked(const struct oct_registry *registry, const char *name, uint64_t number, struct oct_error *error)
{
    const struct model *model = find_model(registry, name);
    if (model == NULL && registry->n_models >= OCT_REGISTRY_MAX_NAMES) {
        return oct_error_set(error, OCT_ERR_LIMIT, name, OCT_POSITION_NONE, "there are %d models already",
                             OCT_REGISTRY_MAX_NAMES);
    }
    if (model != NULL && model->n_places >= OCT_REGISTRY_MAX_VERSIONS && find_place(model, number) == NULL) {
        return oct_error_set(error, OCT_ERR_LIMIT, name, OCT_POSITION_NONE, "there are %d versions already",
                             OCT_REGISTRY_MAX_VERSIONS);
    }
    return OCT_OK;
}

enum oct_status
oct_registry_check_room(struct oct_registry *registry, const char *name, uint64_t number, struct oct_error *error)
{
    pthread_rwlock_rdlock(&registry->lock);
    enum oct_status status = check_room_locked(registry, name, number, error);
    pthread_rwlock_unlock(&registry->lock);
    return status;
}

static enum oct_status
make_model_locked(struct oct_registry *registry, const char *name, struct model **out, struct oct_error *error)
{
    bool found = false;
    size_t index = locate_model(registry, name, &found);
    if (found) {
        *out = registry->models[index];
        return OCT_OK;
    }
    void *models = registry->models;
    struct model *model = calloc(1, sizeof *model);
    if (model == NULL || !grow(&models, &registry->capacity, registry->n_models, sizeof registry->models[0])) {
        free(model);
        return no_memory(error);
    }
    registry->models = models;
    memcpy(model->name, name, strlen(name) + 1);
    memmove(&registry->models[index + 1], &registry->models[index],
            (registry->n_models - index) * sizeof registry->models[0]);
    registry->models[index] = model;
    registry->n_models++;
    *out = model;
    return OCT_OK;
}

static enum oct_status make_place_locked(struct oct_registry *registry,
                                         const char *name,
                                         uint64_t number,
                                         struct model **model_out,
                                         struct place **out,
                                         struct oct_error *error)
{
    struct model *model = NULL;
    enum oct_status status = check_room_locked(registry, name, number, error);
    if (status == OCT_OK) {
        status = make_model_locked(registry, name, &model, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    *model_out = model;
    *out = find_place(model, number);
    if (*out != NULL) {
        return OCT_OK;
    }
    void *places = model->places;
    if (!grow(&places, &model->capacity, model->n_places, sizeof model->places[0])) {
        return no_memory(error);
    }
    model->places = places;
    size_t index = locate_place(model, number);
    memmove(&model->places[index + 1], &model->places[index], (model->n_places - index) * sizeof model->places[0]);
    model->places[index] = (struct place){.number = number, .state = OCT_MODEL_LOADING};
    model->n_places++;
    *out = &model->places[index];
    return OCT_OK;
}

static void choose_default(struct model *model)
{
    model->current = NULL;
    for (size_t i = model->n_places; i > 0 && model->current == NULL; i--) {
        model->current = model->places[i - 1].version;
    }
}

/// Changes a place; returns the version that stood there, to be released without the lock.
static struct oct_model_version *change_locked(struct oct_registry *registry,
                                               struct model *model,
                                               struct place *place,
                                               enum oct_model_state state,
                                               struct oct_model_version *version)
{
    struct oct_model_version *old = place->version;
    registry->n_ready -= old != NULL ? 1 : 0;
    registry->n_ready += version != NULL ? 1 : 0;
    place->version = version;
    place->state = state;
    free(place->reason);
    place->reason = NULL;
    choose_default(model);
    return old;
}

enum oct_status oct_registry_set(struct oct_registry *registry,
                                 const char *name,
                                 uint64_t number,
                                 enum oct_model_state state,
                                 const char *reason,
                                 const char *sha256,
                                 struct oct_error *error)
{
    struct model *model = NULL;
    struct place *place = NULL;
    struct oct_model_version *old = NULL;
    pthread_rwlock_wrlock(&registry->lock);
    enum oct_status status = make_place_locked(registry, name, number, &model, &place, error);
    if (status == OCT_OK) {
        old = change_locked(registry, model, place, state, NULL);
        place->reason = reason == NULL ? NULL : strdup(reason);
        if (sha256 != NULL) {
            memcpy(place->sha256, sha256, strlen(sha256) + 1);
        }
    }
    pthread_rwlock_unlock(&registry->lock);
    oct_model_version_release(old);
    return status;
}

enum oct_status
oct_registry_publish(struct oct_registry *registry, struct oct_model_version *version, struct oct_error *error)
{
    struct model *model = NULL;
    struct place *place = NULL;
    struct oct_model_version *old = NULL;
    pthread_rwlock_wrlock(&registry->lock);
    enum oct_status status = make_place_locked(registry, version->name, version->number, &model, &place, error);
    if (status == OCT_OK) {
        old = change_locked(registry, model, place, OCT_MODEL_READY, version);
        memcpy(place->sha256, version->sha256, sizeof place->sha256);
    }
    pthread_rwlock_unlock(&registry->lock);
    oct_model_version_release(old);
    return status;
}

void oct_registry_set_stamp(struct oct_registry *registry, const char *name, uint64_t number, uint64_t stamp)
{
    pthread_rwlock_wrlock(&registry->lock);
    const struct model *model = find_model(registry, name);
    struct place *place = model == NULL ? NULL : find_place(model, number);
    if (place != NULL) {
        place->stamp = stamp;
    }
    pthread_rwlock_unlock(&registry->lock);
}
