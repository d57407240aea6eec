#include "engine/base/region.h"

#include <string.h>

#include "engine/base/checked.h"

// Small requests are cut from chunks of this size; a large one gets a block of its own.
#define CHUNK_BYTES 16384
#define SMALL_LIMIT (CHUNK_BYTES / 8)
#define SMALL_ALIGN 16
#define TAIL_BYTES  64 // what a kernel may read past the end of a tensor

// Of a region that holds so much, requests are cut from slabs of huge pages.
#define SLAB_REGION_BYTES ((uint64_t)1 << 19)

struct octi_region_block {
    struct octi_region_block *next;
    size_t bytes; // of the whole block, this header included
    size_t used;  // of the payload
};

#define HEADER_BYTES OCT_ALIGN
_Static_assert(sizeof(struct octi_region_block) <= HEADER_BYTES, "the payload must stay aligned");

void octi_region_init(struct octi_region *region, const struct oct_allocator *allocator)
{
    region->allocator = allocator != NULL ? allocator : oct_allocator_default();
    region->blocks = NULL;
    region->chunk = NULL;
    region->slab = NULL;
    region->bytes = 0;
    region->expected = 0;
}

void octi_region_deinit(struct octi_region *region)
{
    struct octi_region_block *block = region->blocks;
    while (block != NULL) {
        struct octi_region_block *next = block->next;
        region->allocator->release(region->allocator->context, block, block->bytes);
        block = next;
    }
    region->blocks = NULL;
    region->chunk = NULL;
    region->slab = NULL;
    region->bytes = 0;
    region->expected = 0;
}

static struct octi_region_block *add_block(struct octi_region *region, size_t payload)
{
    size_t bytes;
    if (!octi_add_size(payload, HEADER_BYTES, &bytes)) {
        return NULL;
    }
    struct octi_region_block *block =
        region->allocator->allocate(region->allocator->context, bytes, oct_align_of(bytes));
    if (block == NULL) {
        return NULL;
    }
    *block = (struct octi_region_block){.next = region->blocks, .bytes = bytes};
    region->blocks = block;
    return block;
}

static size_t room(const struct octi_region_block *block)
{
    return block != NULL ? block->bytes - HEADER_BYTES - block->used : 0;
}

// Whole huge pages for what is still expected, or for a region that keeps growing: their unused ends stay a small part
// of it.
static size_t next_slab_bytes(const struct octi_region *region)
{
    const uint64_t left = region->expected > region->bytes ? region->expected - region->bytes : 0;
    const uint64_t grown = left > region->bytes / 4 ? left : region->bytes / 4;
    return (size_t)(grown / OCT_ALIGN_HUGE + 1) * OCT_ALIGN_HUGE;
}

// A slab that `bytes` fit into, or NULL. What is larger than that fills up whole huge pages, and what is left of the
// last of them is for others: the system clears it in any case.
static struct octi_region_block *find_slab(struct octi_region *region, size_t bytes)
{
    if (bytes <= room(region->slab)) {
        return region->slab;
    }
    size_t least;
    if (region->bytes + bytes < SLAB_REGION_BYTES || !octi_add_size(bytes, HEADER_BYTES, &least) ||
        !octi_round_up(least, OCT_ALIGN_HUGE, &least)) {
        return NULL;
    }
    const size_t next = next_slab_bytes(region), whole = least > next ? least : next;
    struct octi_region_block *slab = add_block(region, whole - HEADER_BYTES);
    if (slab != NULL && room(slab) - bytes >= room(region->slab)) {
        region->slab = slab;
    }
    return slab;
}

// What a request takes, with what may be read past its end.
static bool padded_bytes(size_t bytes, size_t *padded)
{
    return octi_add_size(bytes, TAIL_BYTES, padded) && octi_round_up(*padded, OCT_ALIGN, padded);
}

// Memory as octi_region_alloc() gives it, but for its contents.
static void *cut(struct octi_region *region, size_t bytes)
{
    size_t padded;
    if (!padded_bytes(bytes, &padded)) {
        return NULL;
    }
    struct octi_region_block *block = find_slab(region, padded);
    block = block != NULL ? block : add_block(region, padded);
    if (block == NULL) {
        return NULL;
    }
    void *memory = (char *)block + HEADER_BYTES + block->used;
    block->used += padded;
    region->bytes += bytes;
    return memory;
}

void *octi_region_alloc(struct octi_region *region, size_t bytes)
{
    void *memory = cut(region, bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes + TAIL_BYTES);
    }
    return memory;
}

void *octi_region_reserve(struct octi_region *region, size_t bytes)
{
    char *memory = cut(region, bytes);
    if (memory != NULL) {
        memset(memory + bytes, 0, TAIL_BYTES);
    }
    return memory;
}

void *octi_region_copy(struct octi_region *region, const void *data, size_t bytes)
{
    char *memory = octi_region_reserve(region, bytes);
    if (memory != NULL) {
        memcpy(memory, data, bytes);
    }
    return memory;
}

void octi_region_expect(struct octi_region *region, uint64_t bytes)
{
    region->expected = region->bytes + bytes;
}

void octi_region_undo(struct octi_region *region, const void *memory, size_t bytes)
{
    size_t padded;
    struct octi_region_block *newest = region->blocks, *slab = region->slab;
    if (!padded_bytes(bytes, &padded)) {
        return;
    }
    const char *begin = memory;
    if (slab != NULL && slab->used >= padded && begin == (char *)slab + HEADER_BYTES + slab->used - padded) {
        slab->used -= padded;
        region->bytes -= bytes;
    } else if (newest != NULL && newest != slab && newest != region->chunk && begin == (char *)newest + HEADER_BYTES) {
        region->blocks = newest->next;
        region->bytes -= bytes;
        region->allocator->release(region->allocator->context, newest, newest->bytes);
    }
}

void *octi_region_alloc_small(struct octi_region *region, size_t bytes)
{
    size_t rounded;
    if (!octi_round_up(bytes, SMALL_ALIGN, &rounded)) {
        return NULL;
    }
    if (rounded > SMALL_LIMIT) {
        return octi_region_alloc(region, bytes);
    }
    struct octi_region_block *chunk = region->chunk;
    if (chunk == NULL || chunk->used + rounded > chunk->bytes - HEADER_BYTES) {
        chunk = add_block(region, CHUNK_BYTES - HEADER_BYTES);
        if (chunk == NULL) {
            return NULL;
        }
        region->chunk = chunk;
        memset((char *)chunk + HEADER_BYTES, 0, CHUNK_BYTES - HEADER_BYTES);
    }
    void *small = (char *)chunk + HEADER_BYTES + chunk->used;
    chunk->used += rounded;
    region->bytes += bytes;
    return small;
}

char *octi_region_strdup(struct octi_region *region, const char *text, size_t length)
{
    size_t bytes;
    if (!octi_add_size(length, 1, &bytes)) {
        return NULL;
    }
    char *copy = octi_region_alloc_small(region, bytes);
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}
