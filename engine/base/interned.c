#include "engine/base/interned.h"

#include <string.h>

struct octi_interned_entry {
    struct octi_interned_entry *next;
    const void *memory;
    size_t bytes;
    uint64_t hash;
};

void octi_interned_init(struct octi_interned *interned, struct octi_region *region)
{
    memset(interned, 0, sizeof *interned);
    interned->region = region;
}

// Eight bytes at a time: tables are large. The seed keeps blocks of zeros of different lengths apart.
static uint64_t hash_of(const void *memory, size_t bytes)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t hash = bytes * odd + 1;
    const char *at = memory;
    for (; bytes > 0; bytes -= bytes < 8 ? bytes : 8, at += 8) {
        uint64_t word = 0;
        memcpy(&word, at, bytes < 8 ? bytes : 8);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
    }
    return hash;
}

const void *octi_intern(struct octi_interned *interned, const void *memory, size_t bytes)
{
    uint64_t hash = hash_of(memory, bytes);
    struct octi_interned_entry **bucket = &interned->buckets[hash % OCTI_INTERNED_BUCKETS];
    for (const struct octi_interned_entry *entry = *bucket; entry != NULL; entry = entry->next) {
        if (entry->hash == hash && entry->bytes == bytes && memcmp(entry->memory, memory, bytes) == 0) {
            octi_region_undo(interned->region, memory, bytes);
            return entry->memory;
        }
    }
    struct octi_interned_entry *entry = octi_region_alloc_small(interned->region, sizeof *entry);
    if (entry != NULL) { // else it is not found again, which costs memory only
        *entry = (struct octi_interned_entry){*bucket, memory, bytes, hash};
        *bucket = entry;
    }
    return memory;
}
