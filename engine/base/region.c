#include "engine/base/region.h"

#include <string.h>

#include "engine/base/checked.h"

// Small requests are cut from chunks of this size; a large one gets a block of its own.
#define CHUNK_BYTES 16384
#define SMALL_LIMIT (CHUNK_BYTES / 8)
#define SMALL_ALIGN 16
#define TAIL_BYTES  64 // what a kernel may read past the end of a tensor

struct octi_region_block {
    struct octi_region_block *next;
    size_t bytes; // of the whole block, this header included
    size_t used;  // of the payload, for chunks
};

#define HEADER_BYTES OCT_ALIGN
_Static_assert(sizeof(struct octi_region_block) <= HEADER_BYTES, "the payload must stay aligned");

void octi_region_init(struct octi_region *region, const struct oct_allocator *allocator)
{
    region->allocator = allocator != NULL ? allocator : oct_allocator_default();
    region->blocks = NULL;
    region->chunk = NULL;
    region->bytes = 0;
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
    region->bytes = 0;
}

static struct octi_region_block *add_block(struct octi_region *region, size_t payload)
{
    size_t bytes;
    if (!octi_add_size(payload, HEADER_BYTES, &bytes)) {
        return NULL;
    }
    struct octi_region_block *block = region->allocator->allocate(region->allocator->context, bytes, OCT_ALIGN);
    if (block == NULL) {
        return NULL;
    }
    memset(block, 0, bytes);
    block->bytes = bytes;
    block->next = region->blocks;
    region->blocks = block;
    return block;
}

void *octi_region_alloc(struct octi_region *region, size_t bytes)
{
    size_t padded;
    if (!octi_add_size(bytes, TAIL_BYTES, &padded)) {
        return NULL;
    }
    struct octi_region_block *block = add_block(region, padded);
    if (block == NULL) {
        return NULL;
    }
    region->bytes += bytes;
    return (char *)block + HEADER_BYTES;
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
