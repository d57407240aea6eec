/// Who may call what. A pure function over the policy, the route's scope and the headers. Threads: [any].
///
/// Management changes what every client gets, so it is open only where nobody else can reach it (loopback), to whoever
/// shows the token, or where the operator said so. Predictions and health need nothing: who may send them is the
/// balancer's and the network's matter.
#ifndef OCTET_SERVER_HTTP_AUTH_H
#define OCTET_SERVER_HTTP_AUTH_H

#include "server/http/guard.h"
#include "server/http/http.h"

#define OCT_HTTP_TOKEN_DIGEST_BYTES 32

struct oct_auth_policy {
    bool has_token;
    uint8_t token_digest[OCT_HTTP_TOKEN_DIGEST_BYTES]; ///< SHA-256 of the token
    bool is_loopback;                                  ///< the server is bound to a loopback address
    bool open_management;
};

/// OCT_OK, or the reason for the caller: OCT_ERR_UNAUTHORIZED (a token is needed and is missing or wrong),
/// OCT_ERR_FORBIDDEN (no token is configured on an address that others reach; or a web page of another origin is behind
/// the call).
OCT_NODISCARD enum oct_status oct_auth_check(const struct oct_auth_policy *policy,
                                             enum oct_http_scope scope,
                                             const struct oct_http_field *fields,
                                             size_t n_fields,
                                             struct oct_error *error);

#endif
