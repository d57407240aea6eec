/// The service manager's notification protocol (systemd, Type=notify): one datagram to $NOTIFY_SOCKET, no library.
/// Without that variable nothing happens. Threads: [any].
#ifndef OCTET_SERVER_APP_NOTIFY_H
#define OCTET_SERVER_APP_NOTIFY_H

#include "octet/status.h"

/// Sends `state`, e.g. "READY=1". Never fails towards the caller: a manager that cannot be told has its own time-outs.
void oct_notify(const char *state);

#endif
