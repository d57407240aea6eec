#include "server/metrics/metrics.h"
#include "server/http/routes.h"
#include "server/http/services.h"

/// Some kilobytes per model version; a scrape larger than this would not be read by anyone.
#define EXPOSITION_BYTES ((size_t)64 * 1024 * 1024)

void oct_handle_metrics(void *context, struct oct_http_request *request)
{
    const struct oct_services *services = context;
    struct oct_http_reply reply = {.status = 200, .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    oct_buffer_init(&reply.body, NULL, EXPOSITION_BYTES);
    enum oct_status status = services->metrics != NULL ? oct_metrics_write(services->metrics, &reply.body) : OCT_OK;
    if (status != OCT_OK) {
        struct oct_error error = OCT_ERROR_INIT;
        (void)oct_error_set(&error, status, "metrics", OCT_POSITION_NONE, "the text does not fit");
        oct_buffer_deinit(&reply.body);
        oct_http_reply_error(request, &error);
        return;
    }
    oct_http_reply(request, &reply);
}
