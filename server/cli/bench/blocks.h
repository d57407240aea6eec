/// An allocator that knows its blocks, so that everything a plan and its sessions hold (packed weights, tables, arena)
/// can be thrown out of the caches before a cold run. Threads: [one]; so is whatever allocates from it.
#ifndef OCTET_SERVER_CLI_BENCH_BLOCKS_H
#define OCTET_SERVER_CLI_BENCH_BLOCKS_H

#include "octet/alloc.h"

struct oct_bench_block;

/// Caller's storage; must outlive the blocks it gave.
struct oct_bench_blocks {
    struct oct_allocator allocator; ///< pass &blocks.allocator
    struct oct_bench_block *live;   ///< [n_live]
    size_t n_live, capacity;
};

void oct_bench_blocks_init(struct oct_bench_blocks *blocks);
/// Frees the list; every block must have been released.
void oct_bench_blocks_deinit(struct oct_bench_blocks *blocks);
/// Evicts every live block from all caches. False where the processor has no instruction for it.
bool oct_bench_blocks_evict(const struct oct_bench_blocks *blocks);

#endif
