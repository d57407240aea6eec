// DESIGN: made from the routes table at each call, so that it cannot differ from what is served. Bodies are described
// by media type alone: their schemas are the models' signatures, which GET /models/{model} shows.
#include <ctype.h>
#include <string.h>

#include "octet/proto/json.h"
#include "server/http/routes.h"
#include "server/http/services.h"

#define DOCUMENT_BYTES ((size_t)1024 * 1024)
#define NAME_BYTES     64

static void member(struct oct_json_writer *writer, const char *key, const char *text)
{
    oct_json_key(writer, key);
    oct_json_string(writer, text);
}

static void write_parameter(struct oct_json_writer *writer, const char *name, const char *where, bool required)
{
    oct_json_object_begin(writer);
    member(writer, "name", name);
    member(writer, "in", where);
    oct_json_key(writer, "required");
    oct_json_bool(writer, required);
    oct_json_key(writer, "schema");
    oct_json_object_begin(writer);
    member(writer, "type", "string");
    oct_json_object_end(writer);
    oct_json_object_end(writer);
}

static void write_parameters(struct oct_json_writer *writer, const struct oct_http_route *route)
{
    oct_json_key(writer, "parameters");
    oct_json_array_begin(writer);
    for (const char *at = strchr(route->pattern, '{'); at != NULL; at = strchr(at, '{')) {
        char name[NAME_BYTES];
        size_t length = strcspn(++at, "}");
        length = length < sizeof name ? length : sizeof name - 1;
        memcpy(name, at, length);
        name[length] = '\0';
        write_parameter(writer, name, "path", true);
    }
    if (route->sink != NULL) {
        write_parameter(writer, "name", "query", true);
        write_parameter(writer, "version", "query", false);
    }
    oct_json_array_end(writer);
}

static void write_media(struct oct_json_writer *writer, const char *media)
{
    oct_json_key(writer, media);
    oct_json_object_begin(writer);
    oct_json_object_end(writer);
}

static void write_request_body(struct oct_json_writer *writer, const struct oct_http_route *route)
{
    if (strcmp(route->method, "POST") != 0) {
        return;
    }
    oct_json_key(writer, "requestBody");
    oct_json_object_begin(writer);
    oct_json_key(writer, "required");
    oct_json_bool(writer, true);
    oct_json_key(writer, "content");
    oct_json_object_begin(writer);
    if (route->sink == NULL) {
        write_media(writer, "application/json");
    }
    write_media(writer, "application/octet-stream");
    oct_json_object_end(writer);
    oct_json_object_end(writer);
}

static void write_responses(struct oct_json_writer *writer)
{
    oct_json_key(writer, "responses");
    oct_json_object_begin(writer);
    oct_json_key(writer, "2XX");
    oct_json_object_begin(writer);
    member(writer, "description", "done");
    oct_json_object_end(writer);
    oct_json_key(writer, "default");
    oct_json_object_begin(writer);
    oct_json_key(writer, "$ref");
    oct_json_string(writer, "#/components/responses/Error");
    oct_json_object_end(writer);
    oct_json_object_end(writer);
}

static void write_operation(struct oct_json_writer *writer, const struct oct_http_route *route)
{
    char method[NAME_BYTES];
    size_t length = 0;
    for (; route->method[length] != '\0' && length + 1 < sizeof method; length++) {
        method[length] = (char)tolower((unsigned char)route->method[length]);
    }
    method[length] = '\0';
    oct_json_key(writer, method);
    oct_json_object_begin(writer);
    member(writer, "summary", route->doc);
    write_parameters(writer, route);
    write_request_body(writer, route);
    write_responses(writer);
    if (route->scope == OCT_HTTP_SCOPE_ADMIN) {
        oct_json_key(writer, "security");
        oct_json_array_begin(writer);
        oct_json_object_begin(writer);
        oct_json_key(writer, "token");
        oct_json_array_begin(writer);
        oct_json_array_end(writer);
        oct_json_object_end(writer);
        oct_json_object_begin(writer); // none, where the server is set up so
        oct_json_object_end(writer);
        oct_json_array_end(writer);
    }
    oct_json_object_end(writer);
}

/// All methods of a pattern stand together, at its first row.
static void write_paths(struct oct_json_writer *writer)
{
    size_t n;
    const struct oct_http_route *routes = oct_http_routes(&n);
    oct_json_key(writer, "paths");
    oct_json_object_begin(writer);
    for (size_t i = 0; i < n; i++) {
        bool first = true;
        for (size_t j = 0; j < i; j++) {
            first = first && strcmp(routes[i].pattern, routes[j].pattern) != 0;
        }
        if (!first) {
            continue;
        }
        oct_json_key(writer, routes[i].pattern);
        oct_json_object_begin(writer);
        for (size_t j = i; j < n; j++) {
            if (strcmp(routes[i].pattern, routes[j].pattern) == 0) {
                write_operation(writer, &routes[j]);
            }
        }
        oct_json_object_end(writer);
    }
    oct_json_object_end(writer);
}

static void write_components(struct oct_json_writer *writer)
{
    oct_json_key(writer, "components");
    oct_json_object_begin(writer);
    oct_json_key(writer, "securitySchemes");
    oct_json_object_begin(writer);
    oct_json_key(writer, "token");
    oct_json_object_begin(writer);
    member(writer, "type", "http");
    member(writer, "scheme", "bearer");
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_key(writer, "responses");
    oct_json_object_begin(writer);
    oct_json_key(writer, "Error");
    oct_json_object_begin(writer);
    member(writer, "description", "what was wrong, where, and what was expected");
    oct_json_key(writer, "content");
    oct_json_object_begin(writer);
    oct_json_key(writer, "application/json");
    oct_json_object_begin(writer);
    oct_json_key(writer, "schema");
    oct_json_object_begin(writer);
    member(writer, "type", "object");
    oct_json_key(writer, "required");
    oct_json_array_begin(writer);
    oct_json_string(writer, "error");
    oct_json_array_end(writer);
    oct_json_key(writer, "properties");
    oct_json_object_begin(writer);
    oct_json_key(writer, "error");
    oct_json_object_begin(writer);
    member(writer, "type", "string");
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
    oct_json_object_end(writer);
}

void oct_handle_openapi(void *context, struct oct_http_request *request)
{
    const struct oct_services *services = context;
    struct oct_buffer body;
    oct_buffer_init(&body, NULL, DOCUMENT_BYTES);
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, &body, 0);
    oct_json_object_begin(&writer);
    member(&writer, "openapi", "3.1.0");
    oct_json_key(&writer, "info");
    oct_json_object_begin(&writer);
    member(&writer, "title", "Octet");
    member(&writer, "version", services->version);
    member(&writer, "description", "Predictions from int8-quantized neural networks.");
    oct_json_object_end(&writer);
    write_paths(&writer);
    write_components(&writer);
    oct_json_object_end(&writer);
    enum oct_status status = oct_json_writer_finish(&writer);
    if (status != OCT_OK) {
        struct oct_error error = OCT_ERROR_INIT;
        (void)oct_error_set(&error, status, "openapi", OCT_POSITION_NONE, "no memory for the document");
        oct_buffer_deinit(&body);
        oct_http_reply_error(request, &error);
        return;
    }
    oct_http_reply_json(request, 200, &body);
}
