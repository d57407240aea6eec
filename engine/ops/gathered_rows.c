#include "engine/ops/gathered_rows.h"

#include "engine/base/checked.h"

/// Of the buffer, unless rows are very long: enough for several parts, each with a block that stays in its cache.
#define BUFFER_BYTES ((size_t)1 << 20)
/// Fewer rows than this would not fill the tiles of a kernel.
#define MIN_ROWS ((size_t)128)
/// Fewer rows of its own than this, and a part spends its time reading weights.
#define MIN_PART_ROWS 8
/// Where a run has few rows, parts share out panels and each gathers all rows.
#define MAX_COPIES 16

bool octi_gathered_rows_plan(
    uint64_t cpu_features, size_t taps, size_t k, int64_t max_rows, struct octi_gathered_rows *rows, size_t *bytes)
{
    *rows = (struct octi_gathered_rows){.gather = octi_gather_select(cpu_features)->run, .taps = taps, .k = k};
    if (!octi_mul_size(taps, k, &rows->pitch) || !octi_round_up(rows->pitch, 64, &rows->pitch)) {
        return false;
    }
    size_t most = BUFFER_BYTES / rows->pitch;
    most = most > MIN_ROWS ? most : MIN_ROWS;
    rows->capacity = (uint64_t)max_rows < most / MAX_COPIES ? (size_t)max_rows * MAX_COPIES : most;
    // Parts that gather all rows of a run need no more than it has; two, so that every uneven share still holds one.
    int64_t needed = max_rows < MIN_PART_ROWS / 2 ? 2 * max_rows : MIN_PART_ROWS;
    rows->parts = rows->capacity / (size_t)needed;
    return octi_mul_size(rows->capacity, rows->pitch, bytes);
}

struct octi_gathered_slice
octi_gathered_rows_slice(const struct octi_gathered_rows *rows, uint8_t *buffer, int64_t begin, int64_t end, int64_t n)
{
    int64_t first = begin * (int64_t)rows->capacity / n;
    int64_t last = end * (int64_t)rows->capacity / n;
    return (struct octi_gathered_slice){buffer + (size_t)first * rows->pitch, last - first};
}
