/// A map from names to 32-bit ids. Names are borrowed; growing keeps the load under 1/2; the hash is seeded per map, so
/// that nobody can prepare collisions. Threads: [one] while adding.
#ifndef OCTET_ENGINE_BASE_NAMES_H
#define OCTET_ENGINE_BASE_NAMES_H

#include "octet/alloc.h"

#define OCTI_NAMES_NONE UINT32_MAX

struct octi_names {
    const struct oct_allocator *allocator;
    struct octi_names_slot {
        const char *name; ///< NULL: free
        uint32_t id;
        uint32_t hash;
    } * slots;
    size_t n_slots; ///< a power of two, or 0
    size_t count;
    uint32_t seed;
};

void octi_names_init(struct octi_names *names, const struct oct_allocator *allocator);
void octi_names_deinit(struct octi_names *names);
/// OCT_ERR_CONFLICT when the name is there already, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_names_add(struct octi_names *names, const char *name, uint32_t id);
/// OCTI_NAMES_NONE when absent.
uint32_t octi_names_find(const struct octi_names *names, const char *name);

#endif
