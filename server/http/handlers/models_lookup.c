#include "server/http/handlers/models_lookup.h"

#include <stdlib.h>

struct lookup {
    struct oct_models_waiter waiter; ///< first
    struct oct_services *services;
    struct oct_http_request *request;
    oct_models_then_fn then;
};

enum oct_status
oct_models_path_version(const struct oct_http_request *request, uint64_t *number, struct oct_error *error)
{
    const char *text = oct_http_path_parameter(request, "version");
    *number = 0;
    return text == NULL ? OCT_OK : oct_model_version_parse(text, number, error);
}

/// [loader]
static void found(struct oct_models_waiter *waiter,
                  struct oct_model_version *version,
                  enum oct_status status,
                  const struct oct_error *error)
{
    struct lookup *lookup = (struct lookup *)(void *)waiter;
    lookup->then(lookup->services, lookup->request, version, status, error);
    oct_model_version_release(version);
    free(lookup);
}

void oct_models_lookup(struct oct_services *services, struct oct_http_request *request, oct_models_then_fn then)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_version *version = NULL;
    uint64_t number = 0;
    enum oct_status status = oct_models_path_version(request, &number, &error);
    struct lookup *lookup = status == OCT_OK ? calloc(1, sizeof *lookup) : NULL;
    if (status == OCT_OK && lookup == NULL) {
        status = oct_error_set(&error, OCT_ERR_NOMEM, "", OCT_POSITION_NONE, "out of memory");
    }
    if (status == OCT_OK) {
        *lookup = (struct lookup){.waiter.found = found, .services = services, .request = request, .then = then};
        status = oct_models_acquire(services->models, oct_http_path_parameter(request, "model"), number,
                                    &lookup->waiter, &version, &error);
        if (status == OCT_OK && version == NULL) {
            return; // `found` has it, and may have ended already
        }
    }
    then(services, request, version, status, &error);
    oct_model_version_release(version);
    free(lookup);
}
