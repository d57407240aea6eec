/// The server's clock: monotonic microseconds. Threads: [any].
#ifndef OCTET_SERVER_POOL_CLOCK_H
#define OCTET_SERVER_POOL_CLOCK_H

#include <stdint.h>
#include <time.h>

/// A moment that never comes.
#define OCT_CLOCK_NEVER UINT64_MAX

static inline uint64_t oct_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

#endif
