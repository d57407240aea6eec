#include "server/app/wiring.h"

#include <string.h>

#include "server/http/routes.h"

/// A bit that is no feature: services and plans read 0 as "all features", and a mask may leave none.
#define NO_FEATURE ((uint64_t)1 << 63)

static const char *text_or_null(const char *text)
{
    return text[0] != 0 ? text : NULL;
}

struct oct_log oct_app_log_of(const struct oct_config *config, int fd)
{
    struct oct_log log = {fd, OCT_LOG_INFO, strcmp(config->log_format, "text") == 0 ? OCT_LOG_TEXT : OCT_LOG_JSON};
    enum oct_status status = oct_log_level_parse(config->log_level, &log.level);
    (void)status; // the choices of log.level are the names of the levels
    return log;
}

struct oct_services_options oct_app_services_of(const struct oct_config *config,
                                                uint64_t features,
                                                const char *store_dir,
                                                const struct oct_log *log,
                                                struct oct_metrics *metrics)
{
    return (struct oct_services_options){
        .version = OCTET_VERSION,
        .log = log,
        .metrics = metrics,
        .store_dir = store_dir,
        .shipped_dir = text_or_null(config->models_directory),
        .workers = (unsigned)config->workers_count,
        .unpinned = !config->workers_pin,
        .unsplit = !config->workers_split,
        .max_batch_rows = (int64_t)config->batch_max_batch_size,
        .max_queue_delay_us = config->batch_max_queue_delay_us,
        .queue_max_requests = (size_t)config->batch_queue_requests,
        .queue_max_bytes = (size_t)config->batch_queue_bytes,
        .default_timeout_us = config->batch_default_timeout_ms * 1000,
        .max_timeout_us = config->batch_max_timeout_ms * 1000,
        .max_answer_bytes = (size_t)config->server_max_answer_bytes,
        .cpu_features = features | NO_FEATURE,
        .model_budget_bytes = config->models_budget_bytes,
        .max_model_file_bytes = config->server_max_model_body_bytes,
        .max_uploads = (unsigned)config->models_max_uploads,
    };
}

struct oct_http_options oct_app_http_of(const struct oct_config *config,
                                        struct oct_services *services,
                                        struct oct_log *log,
                                        struct oct_metrics *metrics)
{
    struct oct_http_options options = {
        .address = config->server_address,
        .port = (uint16_t)config->server_port,
        .io_threads = (unsigned)config->server_io_threads,
        .max_connections = (size_t)config->server_max_connections,
        .max_infer_body_bytes = (size_t)config->server_max_infer_body_bytes,
        .max_model_body_bytes = (size_t)config->server_max_model_body_bytes,
        .max_inflight_bytes = (size_t)config->server_max_inflight_bytes,
        .header_timeout_us = config->server_header_timeout_ms * 1000,
        .body_timeout_us = config->server_body_timeout_ms * 1000,
        .idle_timeout_us = config->server_idle_timeout_ms * 1000,
        .open_management = config->management_open,
        .context = services,
        .log = log,
        .metrics = metrics,
    };
    options.routes = oct_http_routes(&options.n_routes);
    return options;
}
