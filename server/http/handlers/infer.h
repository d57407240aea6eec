/// Predictions. Route context: struct oct_services. Threads: [loop]; the answer comes from a worker.
#ifndef OCTET_SERVER_HTTP_HANDLERS_INFER_H
#define OCTET_SERVER_HTTP_HANDLERS_INFER_H

#include "server/http/http.h"

/// POST /infer: the model is named by `model` (and `version`) of the body.
void oct_handle_infer(void *context, struct oct_http_request *request);
/// POST /v2/models/{model}/infer and /v2/models/{model}/versions/{version}/infer: the path names the model;
/// `model_name` in the body is tolerated and not looked at.
void oct_handle_v2_infer(void *context, struct oct_http_request *request);

#endif
