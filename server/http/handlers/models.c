#include "server/http/handlers/models.h"

#include <stdlib.h>
#include <string.h>

#include "server/http/handlers/models_json.h"
#include "server/http/handlers/models_lookup.h"
#include "server/models/upload.h"

/// The file was read, and is no model that can be served: neither the request (400) nor the server (5xx) is at fault.
#define HTTP_UNPROCESSABLE 422
#define SMALL_BODY_BYTES   ((size_t)16 << 10)

// --------------------------------------------------------------------------------------------------------- reading

static void write_entry(struct oct_json_writer *writer, const struct oct_registry_entry *entry)
{
    char text[OCT_MODEL_VERSION_TEXT_BYTES];
    oct_model_version_format(entry->number, text);
    oct_json_object_begin(writer);
    oct_json_key(writer, "version");
    oct_json_string(writer, text);
    oct_json_key(writer, "state");
    oct_json_string(writer, oct_model_state_name(entry->state));
    oct_json_key(writer, "default");
    oct_json_bool(writer, entry->is_default);
    if (entry->sha256[0] != '\0') {
        oct_json_key(writer, "sha256");
        oct_json_string(writer, entry->sha256);
    }
    if (entry->reason[0] != '\0') {
        oct_json_key(writer, "reason");
        oct_json_string(writer, entry->reason);
    }
    oct_json_object_end(writer);
}

struct list {
    struct oct_json_writer *writer;
    char name[OCT_MODEL_NAME_MAX_BYTES + 1]; ///< whose object is open; "" at first
};

static void close_model(struct list *list)
{
    if (list->name[0] != '\0') {
        oct_json_array_end(list->writer);
        oct_json_object_end(list->writer);
    }
}

static void list_entry(void *context, const struct oct_registry_entry *entry)
{
    struct list *list = context;
    if (entry->state == OCT_MODEL_DELETED) {
        return;
    }
    if (strcmp(list->name, entry->name) != 0) {
        close_model(list);
        memcpy(list->name, entry->name, strlen(entry->name) + 1);
        oct_json_object_begin(list->writer);
        oct_json_key(list->writer, "name");
        oct_json_string(list->writer, entry->name);
        oct_json_key(list->writer, "versions");
        oct_json_array_begin(list->writer);
    }
    write_entry(list->writer, entry);
}

void oct_handle_models_list(void *context, struct oct_http_request *request)
{
    struct oct_services *services = context;
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, OCT_MODELS_JSON_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    struct list list = {.writer = &writer};
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "models");
    oct_json_array_begin(&writer);
    oct_registry_visit(oct_models_registry(services->models), NULL, list_entry, &list);
    close_model(&list);
    oct_json_array_end(&writer);
    oct_json_object_end(&writer);
    oct_models_json_reply(request, 200, &writer);
}

/// A version that is loading or failed, as it stands in the registry.
struct unready {
    uint64_t number; ///< asked for; 0: the highest
    bool found;
    uint64_t found_number;
    enum oct_model_state state;
};

static void find_unready(void *context, const struct oct_registry_entry *entry)
{
    struct unready *unready = context;
    if (entry->state != OCT_MODEL_DELETED && (unready->number == 0 || unready->number == entry->number)) {
        unready->found = true;
        unready->found_number = entry->number; // numbers rise: the last one stays
        unready->state = entry->state;
    }
}

static void write_standing(void *context, const struct oct_registry_entry *entry)
{
    if (entry->state != OCT_MODEL_DELETED) {
        write_entry(context, entry);
    }
}

static void begin_description(struct oct_json_writer *writer,
                              struct oct_registry *registry,
                              const char *name,
                              uint64_t number,
                              enum oct_model_state state)
{
    char text[OCT_MODEL_VERSION_TEXT_BYTES];
    oct_model_version_format(number, text);
    oct_json_object_begin(writer);
    oct_json_key(writer, "model");
    oct_json_string(writer, name);
    oct_json_key(writer, "version");
    oct_json_string(writer, text);
    oct_json_key(writer, "state");
    oct_json_string(writer, oct_model_state_name(state));
    oct_json_key(writer, "versions");
    oct_json_array_begin(writer);
    oct_registry_visit(registry, name, write_standing, writer);
    oct_json_array_end(writer);
}

static void describe(struct oct_services *services,
                     struct oct_http_request *request,
                     struct oct_model_version *version,
                     enum oct_status status,
                     const struct oct_error *error)
{
    struct oct_registry *registry = oct_models_registry(services->models);
    const char *name = oct_http_path_parameter(request, "model");
    struct unready unready = {.number = 0};
    if (status == OCT_ERR_UNAVAILABLE && oct_models_path_version(request, &unready.number, NULL) == OCT_OK) {
        oct_registry_visit(registry, name, find_unready, &unready);
    }
    if (status != OCT_OK && !unready.found) {
        oct_models_reply_error(request, error);
        return;
    }
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, OCT_MODELS_JSON_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    if (version != NULL) {
        begin_description(&writer, registry, name, version->number, OCT_MODEL_READY);
        oct_models_json_version(&writer, version);
    } else {
        char reason[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 32];
        oct_error_format(error, reason, sizeof reason);
        begin_description(&writer, registry, name, unready.found_number, unready.state);
        oct_json_key(&writer, "reason");
        oct_json_string(&writer, reason);
    }
    oct_json_object_end(&writer);
    oct_models_json_reply(request, 200, &writer);
}

void oct_handle_model_describe(void *context, struct oct_http_request *request)
{
    oct_models_lookup(context, request, describe);
}

// -------------------------------------------------------------------------------------------------------- deleting

struct deletion {
    struct oct_models_deletion deletion; ///< first
    struct oct_http_request *request;
};

/// [loader]
static void deleted(struct oct_models_deletion *models_deletion,
                    enum oct_status status,
                    size_t n_deleted,
                    const struct oct_error *error)
{
    struct deletion *deletion = (struct deletion *)(void *)models_deletion;
    struct oct_http_request *request = deletion->request;
    if (status != OCT_OK) {
        free(deletion);
        oct_models_reply_error(request, error);
        return;
    }
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, SMALL_BODY_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "model");
    oct_json_string(&writer, models_deletion->name);
    if (models_deletion->number != 0) {
        char text[OCT_MODEL_VERSION_TEXT_BYTES];
        oct_model_version_format(models_deletion->number, text);
        oct_json_key(&writer, "version");
        oct_json_string(&writer, text);
    }
    oct_json_key(&writer, "state");
    oct_json_string(&writer, "deleted");
    oct_json_key(&writer, "versions_deleted");
    oct_json_unsigned(&writer, n_deleted);
    oct_json_object_end(&writer);
    free(deletion);
    oct_models_json_reply(request, 200, &writer);
}

void oct_handle_model_delete(void *context, struct oct_http_request *request)
{
    struct oct_services *services = context;
    const char *name = oct_http_path_parameter(request, "model");
    struct oct_error error = OCT_ERROR_INIT;
    uint64_t number = 0;
    enum oct_status status = oct_models_path_version(request, &number, &error);
    if (status == OCT_OK) {
        status = oct_model_name_check(name, &error);
    }
    struct deletion *deletion = status == OCT_OK ? calloc(1, sizeof *deletion) : NULL;
    if (status == OCT_OK && deletion == NULL) {
        oct_error_set(&error, OCT_ERR_NOMEM, "", OCT_POSITION_NONE, "out of memory");
    }
    if (deletion == NULL) {
        oct_models_reply_error(request, &error);
        return;
    }
    deletion->request = request;
    deletion->deletion.number = number;
    deletion->deletion.done = deleted;
    memcpy(deletion->deletion.name, name, strlen(name) + 1);
    oct_models_delete(services->models, &deletion->deletion);
}

// ------------------------------------------------------------------------------------------------------- uploading

static enum oct_status begin_upload(void *context, struct oct_http_request *request, struct oct_error *error)
{
    struct oct_services *services = context;
    const char *name = oct_http_query(request, "name");
    if (name == NULL) {
        return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE,
                             "missing: POST /models?name=N with the model file as the body");
    }
    struct oct_upload *upload = NULL;
    enum oct_status status =
        oct_upload_begin(services->models, name, oct_http_query(request, "version"), &upload, error);
    oct_http_set_user(request, upload);
    return status;
}

static enum oct_status
write_upload(struct oct_http_request *request, const uint8_t *bytes, size_t n_bytes, struct oct_error *error)
{
    return oct_upload_write(oct_http_user(request), bytes, n_bytes, error);
}

static void abort_upload(void *context, struct oct_http_request *request)
{
    (void)context;
    oct_upload_abort(oct_http_user(request));
}

static void reply_refused(struct oct_http_request *request, const struct oct_error *error)
{
    char text[OCT_ERROR_WHERE_BYTES + OCT_ERROR_MESSAGE_BYTES + 32];
    oct_error_format(error, text, sizeof text);
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, SMALL_BODY_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "error");
    oct_json_string(&writer, text);
    oct_json_object_end(&writer);
    oct_models_json_reply(request, HTTP_UNPROCESSABLE, &writer);
}

/// [loader]
static void uploaded(void *context, const struct oct_upload_result *result)
{
    struct oct_http_request *request = context;
    if (result->model_refused) {
        reply_refused(request, result->error);
        return;
    }
    if (result->status != OCT_OK) {
        oct_models_reply_error(request, result->error);
        return;
    }
    const struct oct_model_version *version = result->version;
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, SMALL_BODY_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "model");
    oct_json_string(&writer, version->name);
    oct_json_key(&writer, "version");
    oct_json_string(&writer, version->text);
    oct_json_key(&writer, "sha256");
    oct_json_string(&writer, version->sha256);
    oct_json_key(&writer, "bytes");
    oct_json_unsigned(&writer, version->bytes);
    oct_json_key(&writer, "state");
    oct_json_string(&writer, result->unchanged ? "unchanged" : "ready");
    oct_json_object_end(&writer);
    oct_models_json_reply(request, result->unchanged ? 200 : 201, &writer);
}

static void end_upload(void *context, struct oct_http_request *request)
{
    (void)context;
    oct_upload_finish(oct_http_user(request), uploaded, request);
}

const struct oct_http_sink oct_model_upload_sink = {
    .begin = begin_upload, .chunk = write_upload, .end = end_upload, .abort = abort_upload};
