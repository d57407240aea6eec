#include "engine/graph/memplan.h"

#include "engine/base/checked.h"

#include <stdlib.h>
#include <string.h>

/// Bytes a block takes, or false on overflow.
static bool reserved(const struct octi_block *block, size_t *bytes)
{
    size_t padded;
    return octi_add_size(block->bytes, OCTI_MEMPLAN_SLACK, &padded) && octi_round_up(padded, OCT_ALIGN, bytes);
}

static bool live_together(const struct octi_block *a, const struct octi_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

struct entry {
    size_t index;
    size_t size;   ///< reserved bytes
    size_t offset; ///< once placed
    uint32_t first, last;
};

/// Larger first; then what lives longer, then the order given: the result does not depend on qsort.
static int by_size(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    uint32_t span_a = a->last - a->first, span_b = b->last - b->first;
    if (a->size != b->size) {
        return a->size > b->size ? -1 : 1;
    }
    if (span_a != span_b) {
        return span_a > span_b ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static int by_first(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->first != b->first) {
        return a->first < b->first ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

/// Finds the smallest gap for `entry` between those of the `placed` entries (sorted by offset) that live at the same
/// time, else the place behind them. The sum of all sizes is known not to overflow.
static size_t find_gap(const struct entry *entry, struct entry *const *placed, size_t n)
{
    size_t end = 0, best = 0, best_gap = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct entry *other = placed[i];
        if (other->last < entry->first || entry->last < other->first) {
            continue;
        }
        if (other->offset > end) {
            size_t gap = other->offset - end;
            if (gap >= entry->size && gap < best_gap) {
                best = end;
                best_gap = gap;
            }
        }
        size_t other_end = other->offset + other->size;
        end = other_end > end ? other_end : end;
    }
    return best_gap == SIZE_MAX ? end : best;
}

static void insert_by_offset(struct entry **placed, size_t n, struct entry *entry)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (placed[middle]->offset <= entry->offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(&placed[low + 1], &placed[low], (n - low) * sizeof *placed);
    placed[low] = entry;
}

/// Drops entries that ended before `step`.
static size_t drop_dead(struct entry **placed, size_t n, uint32_t step)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (placed[i]->last >= step) {
            placed[kept++] = placed[i];
        }
    }
    return kept;
}

static size_t place_all(struct entry *entries, struct entry **placed, size_t n)
{
    bool greedy = n <= OCTI_MEMPLAN_GREEDY_BLOCKS;
    size_t arena = 0, n_placed = 0;
    qsort(entries, n, sizeof *entries, greedy ? by_size : by_first);
    for (size_t i = 0; i < n; i++) {
        if (!greedy && i > 0 && entries[i].first != entries[i - 1].first) {
            n_placed = drop_dead(placed, n_placed, entries[i].first);
        }
        entries[i].offset = find_gap(&entries[i], placed, n_placed);
        insert_by_offset(placed, n_placed++, &entries[i]);
        size_t end = entries[i].offset + entries[i].size;
        arena = end > arena ? end : arena;
    }
    return arena;
}

enum oct_status
octi_memplan(const struct oct_allocator *allocator, struct octi_block *blocks, size_t n, size_t *arena_bytes)
{
    *arena_bytes = 0;
    if (n == 0) {
        return OCT_OK;
    }
    size_t bytes, sum = 0;
    if (!octi_mul_size(n, sizeof(struct entry) + sizeof(struct entry *), &bytes)) {
        return OCT_ERR_LIMIT;
    }
    struct entry *entries = allocator->allocate(allocator->context, bytes, OCT_ALIGN);
    if (!entries) {
        return OCT_ERR_NOMEM;
    }
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < n && status == OCT_OK; i++) {
        entries[i] = (struct entry){.index = i, .first = blocks[i].first, .last = blocks[i].last};
        if (!reserved(&blocks[i], &entries[i].size) || !octi_add_size(sum, entries[i].size, &sum)) {
            status = OCT_ERR_LIMIT;
        }
    }
    if (status == OCT_OK) {
        *arena_bytes = place_all(entries, (struct entry **)(void *)(entries + n), n);
        for (size_t i = 0; i < n; i++) {
            blocks[entries[i].index].offset = entries[i].offset;
        }
    }
    allocator->release(allocator->context, entries, bytes);
    return status;
}

bool octi_memplan_overlaps(const struct octi_block *blocks, size_t n, size_t arena_bytes, size_t *a, size_t *b)
{
    for (size_t i = 0; i < n; i++) {
        size_t size, end;
        bool fits = reserved(&blocks[i], &size) && octi_add_size(blocks[i].offset, size, &end) && end <= arena_bytes;
        if (!fits || blocks[i].offset % OCT_ALIGN != 0) {
            *a = *b = i;
            return true;
        }
        for (size_t j = 0; j < i; j++) {
            size_t other;
            if (reserved(&blocks[j], &other) && live_together(&blocks[i], &blocks[j]) &&
                blocks[i].offset < blocks[j].offset + other && blocks[j].offset < end) {
                *a = j;
                *b = i;
                return true;
            }
        }
    }
    return false;
}
