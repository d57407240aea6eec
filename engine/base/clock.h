/// The monotonic clock. Threads: [any].
#ifndef OCTET_ENGINE_BASE_CLOCK_H
#define OCTET_ENGINE_BASE_CLOCK_H

#include <stdint.h>

/// Nanoseconds since some fixed moment.
uint64_t octi_clock_ns(void);

#endif
