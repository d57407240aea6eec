#include "server/http/routes.h"
#include "server/http/services.h"

#include "octet/proto/json.h"

#define BODY_BYTES 512

/// {"<key>": value} or {"<key>": value, "reason": reason}
static void reply_state(struct oct_http_request *request, const char *key, bool value, const char *reason)
{
    struct oct_buffer body;
    oct_buffer_init(&body, NULL, BODY_BYTES);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    oct_json_key(&writer, key);
    oct_json_bool(&writer, value);
    if (reason != NULL) {
        oct_json_key(&writer, "reason");
        oct_json_string(&writer, reason);
    }
    oct_json_object_end(&writer);
    if (oct_json_writer_finish(&writer) != OCT_OK) {
        oct_buffer_deinit(&body); // the code says what probes look at
    }
    oct_http_reply_json(request, value ? 200 : 503, &body);
}

void oct_handle_live(void *context, struct oct_http_request *request)
{
    (void)context;
    reply_state(request, "live", true, NULL);
}

void oct_handle_ready(void *context, struct oct_http_request *request)
{
    const char *reason = NULL;
    bool ready = oct_services_ready(context, &reason);
    reply_state(request, "ready", ready, ready ? NULL : reason);
}
