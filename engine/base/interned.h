/// Read-only blocks known by their contents, so that equal ones are kept once. Blocks live in a region.
/// Threads: [one]. Caller's storage.
#ifndef OCTET_ENGINE_BASE_INTERNED_H
#define OCTET_ENGINE_BASE_INTERNED_H

#include "engine/base/region.h"

#define OCTI_INTERNED_BUCKETS 64

struct octi_interned_entry;

struct octi_interned {
    struct octi_region *region;
    struct octi_interned_entry *buckets[OCTI_INTERNED_BUCKETS];
};

/// @param region  must outlive the set
void octi_interned_init(struct octi_interned *interned, struct octi_region *region);
/// A block with the contents of `memory`: an older one, and then `memory`, if it is the region's newest, goes back to
/// it; or `memory` itself, which must not change any more. Cannot fail.
/// @param memory  from octi_region_alloc() of the region
const void *octi_intern(struct octi_interned *interned, const void *memory, size_t bytes);

#endif
