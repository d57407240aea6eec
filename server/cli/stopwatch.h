/// Times of repeated runs and their order statistics. Threads: [one].
#ifndef OCTET_SERVER_CLI_STOPWATCH_H
#define OCTET_SERVER_CLI_STOPWATCH_H

#include "octet/status.h"

/// Samples kept; a run of a nanosecond-sized model for minutes still fits. Later samples are not kept.
#define OCT_STOPWATCH_MAX_SAMPLES ((size_t)1 << 20)

struct oct_stopwatch {
    uint64_t *samples; ///< nanoseconds; sorted by oct_stopwatch_sort
    size_t count;
    size_t capacity;
};

/// Nanoseconds since some fixed moment.
uint64_t oct_stopwatch_now(void);
/// Errors: OCT_ERR_NOMEM; OCT_ERR_LIMIT when OCT_STOPWATCH_MAX_SAMPLES are there.
OCT_NODISCARD enum oct_status oct_stopwatch_add(struct oct_stopwatch *stopwatch, uint64_t nanoseconds);
void oct_stopwatch_sort(struct oct_stopwatch *stopwatch);
/// The sample at `share` (0 the least, 0.5 the median, 1 the greatest) of sorted samples; 0 when there are none.
uint64_t oct_stopwatch_at(const struct oct_stopwatch *stopwatch, double share);
void oct_stopwatch_deinit(struct oct_stopwatch *stopwatch);

#endif
