/// The memory planner: gives blocks with lifetimes places in one arena, so that blocks alive at the same time never
/// overlap.
///
/// Greedy by size: the largest block first, each into the smallest gap between the blocks already placed that live at
/// the same time, else behind them. Every block begins at a multiple of OCT_ALIGN and owns OCTI_MEMPLAN_SLACK bytes
/// behind its end, which kernels may read and nobody else writes while it lives. Above OCTI_MEMPLAN_GREEDY_BLOCKS
/// blocks, where this would take too long, blocks are placed in the order they come alive. Threads: [any], no state.
#ifndef OCTET_ENGINE_GRAPH_MEMPLAN_H
#define OCTET_ENGINE_GRAPH_MEMPLAN_H

#include "octet/alloc.h"

#define OCTI_MEMPLAN_SLACK 64
/// The greedy order compares every pair: this many stay within some ten milliseconds.
#define OCTI_MEMPLAN_GREEDY_BLOCKS 4096

struct octi_block {
    size_t bytes;         ///< what is written; 0 is allowed
    uint32_t first, last; ///< alive from step `first` to step `last`, both included
    size_t offset;        ///< [out] a multiple of OCT_ALIGN
};

/// Places `n` blocks. @param[out] arena_bytes  how much arena they need, slack included; 0 without blocks
/// Errors: OCT_ERR_LIMIT (the sum overflows size_t), OCT_ERR_NOMEM (working memory from `allocator`).
OCT_NODISCARD enum oct_status
octi_memplan(const struct oct_allocator *allocator, struct octi_block *blocks, size_t n, size_t *arena_bytes);

/// The proof: finds two blocks that live together and share bytes (slack counted), or lie unaligned or outside the
/// arena.
/// @param a,b  [out] the offenders, when true is returned. Compares every pair: for tests.
bool octi_memplan_overlaps(const struct octi_block *blocks, size_t n, size_t arena_bytes, size_t *a, size_t *b);

#endif
