/// Open Inference Protocol: server and model metadata, health. Route context: struct oct_services. Threads: [loop].
#ifndef OCTET_SERVER_HTTP_HANDLERS_V2_H
#define OCTET_SERVER_HTTP_HANDLERS_V2_H

#include "server/http/http.h"

/// GET /v2 and /v2/
void oct_handle_v2_server(void *context, struct oct_http_request *request);
/// GET /v2/health/live
void oct_handle_v2_live(void *context, struct oct_http_request *request);
/// GET /v2/health/ready: 200 {"ready":true} or 503 {"ready":false}
void oct_handle_v2_ready(void *context, struct oct_http_request *request);
/// GET /v2/models/{model} and /v2/models/{model}/versions/{version}
void oct_handle_v2_model(void *context, struct oct_http_request *request);
/// GET /v2/models/{model}/ready and /v2/models/{model}/versions/{version}/ready: 200 {"name":..,"ready":true}, 503
/// while it loads or failed to, 404 when unknown.
void oct_handle_v2_model_ready(void *context, struct oct_http_request *request);

#endif
