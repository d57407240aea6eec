#include "engine/base/names.h"

#include <string.h>

#include "engine/base/checked.h"
#include "engine/base/clock.h"

#define FIRST_SLOTS 64

// FNV-1a from a seed that a client cannot know, finished by a multiply-shift so that the low bits depend on all.
static uint32_t hash_of(uint32_t seed, const char *name)
{
    uint32_t hash = seed ^ 2166136261u;
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        hash = (hash ^ *c) * 16777619u;
    }
    hash ^= hash >> 16;
    hash *= 0x85ebca6bu;
    return hash ^ (hash >> 13);
}

void octi_names_init(struct octi_names *names, const struct oct_allocator *allocator)
{
    uint64_t now = octi_clock_ns();
    *names = (struct octi_names){
        .allocator = allocator != NULL ? allocator : oct_allocator_default(),
        .seed = (uint32_t)(now ^ (now >> 32) ^ (uintptr_t)names),
    };
}

void octi_names_deinit(struct octi_names *names)
{
    if (names->slots != NULL) {
        names->allocator->release(names->allocator->context, names->slots, names->n_slots * sizeof *names->slots);
    }
    names->slots = NULL;
    names->n_slots = 0;
    names->count = 0;
}

static struct octi_names_slot *slot_of(struct octi_names_slot *slots, size_t n_slots, const char *name, uint32_t hash)
{
    size_t index = hash & (n_slots - 1);
    while (slots[index].name != NULL && (slots[index].hash != hash || strcmp(slots[index].name, name) != 0)) {
        index = (index + 1) & (n_slots - 1);
    }
    return &slots[index];
}

static enum oct_status grow(struct octi_names *names)
{
    size_t n_slots = names->n_slots > 0 ? names->n_slots * 2 : FIRST_SLOTS;
    size_t bytes;
    if (!octi_mul_size(n_slots, sizeof *names->slots, &bytes)) {
        return OCT_ERR_NOMEM;
    }
    struct octi_names_slot *slots = names->allocator->allocate(names->allocator->context, bytes, OCT_ALIGN);
    if (slots == NULL) {
        return OCT_ERR_NOMEM;
    }
    memset(slots, 0, bytes);
    for (size_t i = 0; i < names->n_slots; i++) {
        const struct octi_names_slot *old = &names->slots[i];
        if (old->name != NULL) {
            *slot_of(slots, n_slots, old->name, old->hash) = *old;
        }
    }
    size_t count = names->count;
    octi_names_deinit(names);
    names->slots = slots;
    names->n_slots = n_slots;
    names->count = count;
    return OCT_OK;
}

enum oct_status octi_names_add(struct octi_names *names, const char *name, uint32_t id)
{
    if (names->count * 2 >= names->n_slots) {
        enum oct_status status = grow(names);
        if (status != OCT_OK) {
            return status;
        }
    }
    uint32_t hash = hash_of(names->seed, name);
    struct octi_names_slot *slot = slot_of(names->slots, names->n_slots, name, hash);
    if (slot->name != NULL) {
        return OCT_ERR_CONFLICT;
    }
    *slot = (struct octi_names_slot){name, id, hash};
    names->count++;
    return OCT_OK;
}

uint32_t octi_names_find(const struct octi_names *names, const char *name)
{
    if (names->n_slots == 0) {
        return OCTI_NAMES_NONE;
    }
    const struct octi_names_slot *slot = slot_of(names->slots, names->n_slots, name, hash_of(names->seed, name));
    return slot->name != NULL ? slot->id : OCTI_NAMES_NONE;
}
