/// Model management. Route context: struct oct_services.
#ifndef OCTET_SERVER_HTTP_HANDLERS_MODELS_H
#define OCTET_SERVER_HTTP_HANDLERS_MODELS_H

#include "server/http/http.h"

/// GET /models
void oct_handle_models_list(void *context, struct oct_http_request *request);
/// GET /models/{model} and /models/{model}/versions/{version}
void oct_handle_model_describe(void *context, struct oct_http_request *request);
/// DELETE /models/{model} and /models/{model}/versions/{version}; answered by the loader thread.
void oct_handle_model_delete(void *context, struct oct_http_request *request);
/// POST /models?name=N[&version=V]: the body streams to disk; answered by the loader thread.
extern const struct oct_http_sink oct_model_upload_sink;

#endif
