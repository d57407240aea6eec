/// A region: blocks that live and die together. Plans, graphs and parsed files own one each, so that a failed
/// constructor has one thing to free. Blocks are 64-byte aligned and never move. Threads: [one]. Caller's storage.
#ifndef OCTET_ENGINE_BASE_REGION_H
#define OCTET_ENGINE_BASE_REGION_H

#include "octet/alloc.h"

struct octi_region_block;

struct octi_region {
    const struct oct_allocator *allocator;
    struct octi_region_block *blocks; ///< all, newest first
    struct octi_region_block *chunk;  ///< the block that small requests are cut from
    struct octi_region_block *slab;   ///< the block that middling requests are cut from once the region is large
    uint64_t bytes;                   ///< sum of what was asked for
    uint64_t expected;                ///< octi_region_expect()
};

/// @param allocator  NULL: the default; must outlive the region
void octi_region_init(struct octi_region *region, const struct oct_allocator *allocator);
/// Frees every block; the region is empty and usable afterwards.
void octi_region_deinit(struct octi_region *region);
/// Zeroed memory, 64-byte aligned, readable 64 bytes past its end; NULL when the allocator refuses. 0 bytes give a
/// valid pointer. Large blocks, and those of a large region together, ask for huge pages.
void *octi_region_alloc(struct octi_region *region, size_t bytes);
/// The same, but what is in it is anything, up to its end.
void *octi_region_reserve(struct octi_region *region, size_t bytes);
/// A copy of `bytes` bytes, otherwise like octi_region_alloc().
void *octi_region_copy(struct octi_region *region, const void *data, size_t bytes);
/// Gives back what octi_region_alloc(), _reserve() or _copy() gave last; anything older stays until the region goes.
void octi_region_undo(struct octi_region *region, const void *memory, size_t bytes);
/// What will be asked for from now on, as far as it is known: a slab is then made for all of it. Takes nothing at
/// once; the slab is allocated with the first request that needs one, and no page of it is touched before it is asked
/// for.
void octi_region_expect(struct octi_region *region, uint64_t bytes);
/// For many small things (names, arrays): zeroed, 16-byte aligned, not padded. NULL when the allocator refuses.
void *octi_region_alloc_small(struct octi_region *region, size_t bytes);
/// A terminated copy of `length` bytes. NULL when the allocator refuses.
char *octi_region_strdup(struct octi_region *region, const char *text, size_t length);

#endif
