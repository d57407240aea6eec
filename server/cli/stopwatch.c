#include "server/cli/stopwatch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_CAPACITY 1024

uint64_t oct_stopwatch_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

enum oct_status oct_stopwatch_add(struct oct_stopwatch *stopwatch, uint64_t nanoseconds)
{
    if (stopwatch->count == OCT_STOPWATCH_MAX_SAMPLES) {
        return OCT_ERR_LIMIT;
    }
    if (stopwatch->count == stopwatch->capacity) {
        size_t capacity = stopwatch->capacity == 0 ? FIRST_CAPACITY : 2 * stopwatch->capacity;
        uint64_t *samples = realloc(stopwatch->samples, capacity * sizeof(*samples));
        if (samples == NULL) {
            return OCT_ERR_NOMEM;
        }
        stopwatch->samples = samples;
        stopwatch->capacity = capacity;
    }
    stopwatch->samples[stopwatch->count] = nanoseconds;
    stopwatch->count += 1;
    return OCT_OK;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

void oct_stopwatch_sort(struct oct_stopwatch *stopwatch)
{
    if (stopwatch->count > 0) {
        qsort(stopwatch->samples, stopwatch->count, sizeof(*stopwatch->samples), compare);
    }
}

uint64_t oct_stopwatch_at(const struct oct_stopwatch *stopwatch, double share)
{
    if (stopwatch->count == 0) {
        return 0;
    }
    return stopwatch->samples[(size_t)(share * (double)(stopwatch->count - 1) + 0.5)];
}

void oct_stopwatch_deinit(struct oct_stopwatch *stopwatch)
{
    free(stopwatch->samples);
    memset(stopwatch, 0, sizeof(*stopwatch));
}
