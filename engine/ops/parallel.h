/// Static ranges over a lent executor, for operators whose work is a row of equal, independent items.
#ifndef OCTET_ENGINE_OPS_PARALLEL_H
#define OCTET_ENGINE_OPS_PARALLEL_H

#include "octet/executor.h"

#include <stdint.h>

/// Does items [begin, end).
typedef void (*octi_range_fn)(const void *context, int64_t begin, int64_t end);

/// Calls `range` over all of [0, n): in one piece without an executor or when `n * item_cost` is too little to be worth
/// a barrier, else in at most `width` contiguous pieces of nearly equal size.
/// @param item_cost  elements touched per item, roughly
void octi_parallel_for(
    const struct oct_executor *executor, int64_t n, int64_t item_cost, octi_range_fn range, const void *context);

#endif
