// madvise is no POSIX call: glibc declares it under _DEFAULT_SOURCE.
#define _DEFAULT_SOURCE
#include "octet/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/base/checked.h"

// Whole huge pages of their own, straight from the system: what malloc keeps for later use has small pages already.
static void *map_huge(size_t bytes, size_t alignment)
{
    size_t whole, reserved;
    if (!octi_round_up(bytes, OCT_ALIGN_HUGE, &whole) || !octi_add_size(whole, alignment, &reserved)) {
        return NULL;
    }
    char *begin = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED) {
        return NULL;
    }
    const size_t before = (size_t)(-(uintptr_t)begin % alignment), behind = alignment - before;
    char *block = begin + before;
    if (before > 0) {
        (void)munmap(begin, before);
    }
    if (behind > 0) {
        (void)munmap(block + whole, behind);
    }
#ifdef MADV_HUGEPAGE
    (void)madvise(block, whole, MADV_HUGEPAGE); // a hint: a kernel without huge pages refuses it
#endif
    return block;
}

static bool is_mapped(size_t bytes)
{
    return bytes >= OCT_ALIGN_HUGE;
}

static void *default_allocate(void *context, size_t bytes, size_t alignment)
{
    (void)context;
    if (is_mapped(bytes)) {
        return map_huge(bytes, alignment < OCT_ALIGN_HUGE ? OCT_ALIGN_HUGE : alignment);
    }
    alignment = alignment < OCT_ALIGN ? OCT_ALIGN : alignment;
    size_t rounded; // aligned_alloc wants a multiple of the alignment
    if (!octi_round_up(bytes > 0 ? bytes : 1, alignment, &rounded)) {
        return NULL;
    }
    return aligned_alloc(alignment, rounded);
}

static void default_release(void *context, void *block, size_t bytes)
{
    (void)context;
    size_t whole;
    if (!is_mapped(bytes)) {
        free(block);
    } else if (block != NULL && octi_round_up(bytes, OCT_ALIGN_HUGE, &whole)) {
        (void)munmap(block, whole);
    }
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
