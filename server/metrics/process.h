/// The process_* metrics that every Prometheus client library shows, read from /proc at each scrape.
/// What cannot be read (a /proc that is not mounted) is left out, never guessed. Threads: [any].
#ifndef OCTET_SERVER_METRICS_PROCESS_H
#define OCTET_SERVER_METRICS_PROCESS_H

#include "octet/buffer.h"

/// Seconds since the epoch, now: called once when the server starts.
double oct_process_start_time(void);
/// Appends the exposition text. Errors: OCT_ERR_LIMIT and OCT_ERR_NOMEM of the buffer.
OCT_NODISCARD enum oct_status oct_process_metrics_write(double start_time, struct oct_buffer *out);

#endif
