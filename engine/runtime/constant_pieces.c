#include "engine/runtime/constant_pieces.h"

#define READABLE_PAST_END 64

/// Few reads, and a small part of a second-level cache.
#define PIECE_BYTES ((size_t)1 << 16)
/// Room for larger pieces, so that it is seldom made anew; pages that nobody writes cost nothing.
#define ROOM_BYTES ((size_t)1 << 19)

void octi_constant_pieces_init(struct octi_constant_pieces *pieces, const struct oct_allocator *allocator)
{
    *pieces = (struct octi_constant_pieces){.allocator = allocator};
}

void octi_constant_pieces_deinit(struct octi_constant_pieces *pieces)
{
    pieces->allocator->release(pieces->allocator->context, pieces->memory, pieces->capacity);
}

void octi_constant_pieces_of(struct octi_constant_pieces *pieces, const struct octi_value *value)
{
    pieces->value = value;
    pieces->begin = pieces->end = 0;
}

// Not counted against a budget: it is no larger than what a file holds, and goes when the plan is ready.
static bool make_room(struct octi_constant_pieces *pieces, size_t bytes)
{
    // Of a constant that a file holds: no overflow.
    const size_t needed = bytes + READABLE_PAST_END, capacity = needed > ROOM_BYTES ? needed : ROOM_BYTES;
    if (pieces->capacity >= needed) {
        return true;
    }
    const struct oct_allocator *allocator = pieces->allocator;
    allocator->release(allocator->context, pieces->memory, pieces->capacity);
    pieces->memory = allocator->allocate(allocator->context, capacity, oct_align_of(capacity));
    pieces->capacity = pieces->memory != NULL ? capacity : 0;
    return pieces->memory != NULL;
}

const void *octi_constant_pieces_read(void *context, size_t offset, size_t n_bytes, struct oct_error *error)
{
    struct octi_constant_pieces *pieces = context;
    if (offset < pieces->begin || offset + n_bytes > pieces->end) {
        const size_t left = octi_constant_bytes(pieces->value) - offset;
        size_t ahead = n_bytes < PIECE_BYTES ? PIECE_BYTES / n_bytes * n_bytes : n_bytes;
        ahead = ahead < left ? ahead : left;
        pieces->begin = pieces->end = 0;
        if (!make_room(pieces, ahead)) {
            (void)octi_graph_no_memory(error);
            return NULL;
        }
        if (octi_value_read(pieces->value, offset, pieces->memory, ahead, error) != OCT_OK) {
            return NULL;
        }
        pieces->begin = offset;
        pieces->end = offset + ahead;
    }
    return pieces->memory + (offset - pieces->begin);
}
