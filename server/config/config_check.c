#include "server/config/config.h"

#include "octet/cpu.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool is_address(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    return inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1;
}

bool oct_config_is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

enum oct_status oct_config_check(const struct oct_config *config, struct oct_error *error)
{
    if (!is_address(config->server_address)) {
        return oct_error_set(error, OCT_ERR_INVALID, "server.address", OCT_POSITION_NONE,
                             "expected a numeric IPv4 or IPv6 address such as 127.0.0.1, got '%.64s'",
                             config->server_address);
    }
    if (config->server_max_infer_body_bytes > config->server_max_inflight_bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, "server.max_infer_body_bytes", OCT_POSITION_NONE,
                             "larger than server.max_inflight_bytes, so that such a request could never be served");
    }
    if (config->management_open && config->management_token_file[0] != 0) {
        return oct_error_set(error, OCT_ERR_INVALID, "management.open", OCT_POSITION_NONE,
                             "contradicts management.token_file: choose one");
    }
    if (config->batch_default_timeout_ms > config->batch_max_timeout_ms) {
        return oct_error_set(error, OCT_ERR_INVALID, "batch.default_timeout_ms", OCT_POSITION_NONE,
                             "larger than batch.max_timeout_ms");
    }
    uint64_t features = 0;
    if (config->cpu_isa[0] != 0) {
        enum oct_status status = oct_cpu_mask_parse(config->cpu_isa, &features, error);
        if (status != OCT_OK) {
            oct_error_prefix(error, "cpu.isa");
            return status;
        }
    }
    return OCT_OK;
}
