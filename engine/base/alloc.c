// madvise is no POSIX call: glibc declares it under _DEFAULT_SOURCE.
#define _DEFAULT_SOURCE
#include "octet/alloc.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "engine/base/checked.h"

static void *default_allocate(void *context, size_t bytes, size_t alignment)
{
    (void)context;
    if (alignment < OCT_ALIGN) {
        alignment = OCT_ALIGN;
    }
    size_t rounded; // aligned_alloc wants a multiple of the alignment
    if (!octi_round_up(bytes > 0 ? bytes : 1, alignment, &rounded)) {
        return NULL;
    }
    void *block = aligned_alloc(alignment, rounded);
#ifdef MADV_HUGEPAGE
    if (block != NULL && alignment >= OCT_ALIGN_HUGE) {
        (void)madvise(block, rounded, MADV_HUGEPAGE); // a hint: a kernel without huge pages refuses it
    }
#endif
    return block;
}

static void default_release(void *context, void *block, size_t bytes)
{
    (void)context;
    (void)bytes;
    free(block);
}

const struct oct_allocator *oct_allocator_default(void)
{
    static const struct oct_allocator allocator = {NULL, default_allocate, default_release};
    return &allocator;
}

static void *budget_allocate(void *context, size_t bytes, size_t alignment)
{
    struct oct_budget *budget = context;
    if (bytes > budget->limit_bytes || budget->live_bytes > budget->limit_bytes - bytes) {
        return NULL;
    }
    void *block = budget->parent->allocate(budget->parent->context, bytes, alignment);
    if (block != NULL) {
        budget->live_bytes += bytes;
        if (budget->live_bytes > budget->peak_bytes) {
            budget->peak_bytes = budget->live_bytes;
        }
    }
    return block;
}

static void budget_release(void *context, void *block, size_t bytes)
{
    struct oct_budget *budget = context;
    if (block != NULL) {
        budget->live_bytes -= bytes;
        budget->parent->release(budget->parent->context, block, bytes);
    }
}

void oct_budget_init(struct oct_budget *budget, const struct oct_allocator *parent, uint64_t limit_bytes)
{
    budget->allocator = (struct oct_allocator){budget, budget_allocate, budget_release};
    budget->parent = parent != NULL ? parent : oct_allocator_default();
    budget->limit_bytes = limit_bytes;
    budget->live_bytes = 0;
    budget->peak_bytes = 0;
}
