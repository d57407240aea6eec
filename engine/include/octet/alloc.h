/// Allocation: a table of functions with a context, so that tests can fail the Nth request and budgets can be enforced.
///
/// Nothing here zeroes memory unless it says so. All blocks are at least OCT_ALIGN aligned: tensors and packed weights
/// are read with 64-byte vector loads. A NULL `struct oct_allocator *` means the default one everywhere.
#ifndef OCTET_ALLOC_H
#define OCTET_ALLOC_H

#include "octet/status.h"

#define OCT_ALIGN 64
/// Of a huge page: a block of these costs few page faults to fill and few translations to read.
#define OCT_ALIGN_HUGE ((size_t)2 << 20)

/// The alignment that a block of `bytes` is worth.
static inline size_t oct_align_of(size_t bytes)
{
    return bytes >= OCT_ALIGN_HUGE ? OCT_ALIGN_HUGE : OCT_ALIGN;
}

/// `allocate` returns NULL when it cannot; `alignment` is OCT_ALIGN or a larger power of two. `release` gets the size
/// that was asked for and accepts NULL. Both must be callable from any thread.
struct oct_allocator {
    void *context;
    void *(*allocate)(void *context, size_t bytes, size_t alignment);
    void (*release)(void *context, void *block, size_t bytes);
};

/// aligned_alloc and free; blocks of OCT_ALIGN_HUGE bytes and more are mapped, as whole huge pages where the system has
/// them, and go back to it when they are released.
OCT_API const struct oct_allocator *oct_allocator_default(void);

/// A budget over another allocator: refuses what would take the sum of live bytes over `limit_bytes`.
/// Not thread-safe: one plan is built by one thread. Caller's storage; must outlive the blocks it gave.
struct oct_budget {
    struct oct_allocator allocator; ///< pass &budget.allocator
    const struct oct_allocator *parent;
    uint64_t limit_bytes;
    uint64_t live_bytes;
    uint64_t peak_bytes;
};
OCT_API void oct_budget_init(struct oct_budget *budget, const struct oct_allocator *parent, uint64_t limit_bytes);

#endif
