/// Models as JSON: what the model calls and the Open Inference Protocol's metadata share.
/// Threads: [any]; writes into the caller's writer.
#ifndef OCTET_SERVER_HTTP_HANDLERS_MODELS_JSON_H
#define OCTET_SERVER_HTTP_HANDLERS_MODELS_JSON_H

#include "octet/proto/json.h"
#include "server/http/http.h"
#include "server/models/models.h"

/// Bound on any answer about models: the longest list (65536 versions) stays below.
#define OCT_MODELS_JSON_BYTES ((size_t)32 << 20)

/// Writes the array of inputs or outputs: {"name", "datatype", "shape"} with -1 for N; with `details` also the engine's
/// dtype and the quantization parameters.
void oct_models_json_ports(struct oct_json_writer *writer, const struct oct_plan *plan, bool outputs, bool details);
/// Everything about a version that is ready, as members of the object that is open.
void oct_models_json_version(struct oct_json_writer *writer, const struct oct_model_version *version);

/// Ends the writer and sends its buffer, or the error it met.
void oct_models_json_reply(struct oct_http_request *request, int status, struct oct_json_writer *writer);
/// Sends the error of `status`; 503 with Retry-After.
void oct_models_reply_error(struct oct_http_request *request, const struct oct_error *error);

#endif
