#include "server/http/handlers/v2.h"

#include "server/http/handlers/models_json.h"
#include "server/http/handlers/models_lookup.h"

#define SMALL_BODY_BYTES ((size_t)16 << 10)

void oct_handle_v2_server(void *context, struct oct_http_request *request)
{
    const struct oct_services *services = context;
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, SMALL_BODY_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "name");
    oct_json_string(&writer, "octet");
    oct_json_key(&writer, "version");
    oct_json_string(&writer, services->version);
    oct_json_key(&writer, "extensions");
    oct_json_array_begin(&writer);
    oct_json_string(&writer, "binary_tensor_data");
    oct_json_array_end(&writer);
    oct_json_object_end(&writer);
    oct_models_json_reply(request, 200, &writer);
}

static void reply_flag(struct oct_http_request *request, const char *name, const char *key, bool value, int status)
{
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, SMALL_BODY_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    if (name != NULL) {
        oct_json_key(&writer, "name");
        oct_json_string(&writer, name);
    }
    oct_json_key(&writer, key);
    oct_json_bool(&writer, value);
    oct_json_object_end(&writer);
    oct_models_json_reply(request, status, &writer);
}

void oct_handle_v2_live(void *context, struct oct_http_request *request)
{
    (void)context;
    reply_flag(request, NULL, "live", true, 200);
}

void oct_handle_v2_ready(void *context, struct oct_http_request *request)
{
    bool ready = oct_services_ready(context, NULL);
    reply_flag(request, NULL, "ready", ready, ready ? 200 : 503);
}

static void write_number(void *context, const struct oct_registry_entry *entry)
{
    struct oct_json_writer *writer = context;
    if (entry->state == OCT_MODEL_READY) {
        oct_json_string(writer, entry->version->text);
    }
}

static void reply_metadata(struct oct_services *services,
                           struct oct_http_request *request,
                           struct oct_model_version *version,
                           enum oct_status status,
                           const struct oct_error *error)
{
    if (status != OCT_OK) {
        oct_models_reply_error(request, error);
        return;
    }
    struct oct_buffer body;
    struct oct_json_writer writer;
    oct_buffer_init(&body, NULL, OCT_MODELS_JSON_BYTES);
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, "name");
    oct_json_string(&writer, version->name);
    oct_json_key(&writer, "versions");
    oct_json_array_begin(&writer);
    oct_registry_visit(oct_models_registry(services->models), version->name, write_number, &writer);
    oct_json_array_end(&writer);
    oct_json_key(&writer, "platform");
    oct_json_string(&writer, "octet_int8");
    oct_json_key(&writer, "inputs");
    oct_models_json_ports(&writer, version->plan, false, false);
    oct_json_key(&writer, "outputs");
    oct_models_json_ports(&writer, version->plan, true, false);
    oct_json_object_end(&writer);
    oct_models_json_reply(request, 200, &writer);
}

void oct_handle_v2_model(void *context, struct oct_http_request *request)
{
    oct_models_lookup(context, request, reply_metadata);
}

static void reply_model_ready(struct oct_services *services,
                              struct oct_http_request *request,
                              struct oct_model_version *version,
                              enum oct_status status,
                              const struct oct_error *error)
{
    (void)services;
    (void)version;
    if (status != OCT_OK && status != OCT_ERR_UNAVAILABLE) {
        oct_models_reply_error(request, error);
        return;
    }
    bool ready = status == OCT_OK;
    reply_flag(request, oct_http_path_parameter(request, "model"), "ready", ready, ready ? 200 : 503);
}

void oct_handle_v2_model_ready(void *context, struct oct_http_request *request)
{
    oct_models_lookup(context, request, reply_model_ready);
}
