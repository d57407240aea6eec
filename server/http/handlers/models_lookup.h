/// The model version that a path names, for calls that only read: looked up in the registry or, when another replica
/// may have published it a moment ago, read through from the store first.
#ifndef OCTET_SERVER_HTTP_HANDLERS_MODELS_LOOKUP_H
#define OCTET_SERVER_HTTP_HANDLERS_MODELS_LOOKUP_H

#include "server/http/http.h"
#include "server/http/services.h"
#include "server/models/models.h"

/// Gets the request and must reply. `version` is leased for the call only; NULL unless `status` is OCT_OK.
typedef void (*oct_models_then_fn)(struct oct_services *services,
                                   struct oct_http_request *request,
                                   struct oct_model_version *version,
                                   enum oct_status status,
                                   const struct oct_error *error);

/// Finds {model} and {version} of the path and calls `then` once: at once, or later on the loader's thread.
/// The statuses are those of oct_models_acquire, OCT_ERR_INVALID (version) and OCT_ERR_NOMEM.
void oct_models_lookup(struct oct_services *services, struct oct_http_request *request, oct_models_then_fn then);

/// The version of the path, 0 when it has none. OCT_ERR_INVALID.
OCT_NODISCARD enum oct_status
oct_models_path_version(const struct oct_http_request *request, uint64_t *number, struct oct_error *error);

#endif
