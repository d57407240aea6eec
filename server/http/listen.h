/// The listening socket. Threads: [any].
#ifndef OCTET_SERVER_HTTP_LISTEN_H
#define OCTET_SERVER_HTTP_LISTEN_H

#include "octet/status.h"

/// Binds and listens: non-blocking, close-on-exec, address reuse. The caller closes `fd`.
/// @param address           numeric IPv4 or IPv6; nothing is looked up
/// @param port              0: any free one
/// @param[out] bound_port   the one that was bound
/// @param[out] is_loopback  nobody outside this machine reaches the address
/// Errors: OCT_ERR_INVALID (not a numeric address), OCT_ERR_IO (in use, not permitted, ...).
OCT_NODISCARD enum oct_status oct_listen_open(
    const char *address, uint16_t port, int *fd, uint16_t *bound_port, bool *is_loopback, struct oct_error *error);

#endif
