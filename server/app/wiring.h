/// How the configuration's units and words become those of the parts. Pure functions. Internal to server/app.
#ifndef OCTET_SERVER_APP_WIRING_H
#define OCTET_SERVER_APP_WIRING_H

#include "server/config/config.h"
#include "server/http/http.h"
#include "server/http/services.h"
#include "server/log/log.h"

struct oct_log oct_app_log_of(const struct oct_config *config, int fd);
/// @param features   what kernels may use
/// @param store_dir  NULL: none
struct oct_services_options oct_app_services_of(const struct oct_config *config,
                                                uint64_t features,
                                                const char *store_dir,
                                                const struct oct_log *log,
                                                struct oct_metrics *metrics);
/// Without the token, which is set on the running server. `log` is borrowed.
struct oct_http_options oct_app_http_of(const struct oct_config *config,
                                        struct oct_services *services,
                                        struct oct_log *log,
                                        struct oct_metrics *metrics);

#endif
