/// The composition root: builds every part of `octet serve` from a configuration, wires them, and takes them down
/// again.
///
/// Life: oct_app_create (listening, models loading in the background) -> oct_app_run (until SIGTERM, SIGINT or
/// oct_app_stop)
/// -> oct_app_destroy. The way down, in order: /readyz turns 503 and replies say `Connection: close`; requests are
/// still taken for server.drain_delay_ms; what is in flight is finished within server.drain_timeout_ms. A second signal
/// ends the process at once. SIGHUP reads the token file again.
///
/// Threads: create, run and destroy belong to the thread that owns the process' signals (the main one); oct_app_stop is
/// [any].
#ifndef OCTET_SERVER_APP_APP_H
#define OCTET_SERVER_APP_APP_H

#include "server/config/config.h"

struct oct_app;

/// @param config  checked (oct_config_check); copied
/// @param log_fd  where log lines go, borrowed
/// Errors: OCT_ERR_IO (address in use, store, token file), OCT_ERR_INVALID, OCT_ERR_NOMEM. On failure nothing is left
/// behind.
OCT_NODISCARD enum oct_status
oct_app_create(const struct oct_config *config, int log_fd, struct oct_app **app, struct oct_error *error);
/// The port that was bound.
uint16_t oct_app_port(const struct oct_app *app);
/// Serves until told to stop, then drains. Returns when every request is answered.
void oct_app_run(struct oct_app *app);
/// As the first SIGTERM. Later calls do nothing.
void oct_app_stop(struct oct_app *app);
void oct_app_destroy(struct oct_app *app); ///< NULL is allowed

#endif
