/// A constant that waits in a source, read in pieces into memory that all such constants use in turn: what was read
/// last is still in the caches when it is packed, and a file of weights is never in memory as a whole. Threads: [one].
/// Caller's storage.
#ifndef OCTET_ENGINE_RUNTIME_CONSTANT_PIECES_H
#define OCTET_ENGINE_RUNTIME_CONSTANT_PIECES_H

#include "engine/graph/graph_impl.h"

struct octi_constant_pieces {
    const struct oct_allocator *allocator;
    const struct octi_value *value; ///< the constant
    unsigned char *memory;          ///< [capacity], NULL: none yet
    size_t capacity;                ///< BYTES
    size_t begin, end;              ///< of the piece that is in memory, in the constant
};

void octi_constant_pieces_init(struct octi_constant_pieces *pieces, const struct oct_allocator *allocator);
void octi_constant_pieces_deinit(struct octi_constant_pieces *pieces);
/// From now on the bytes of `value`, which is deferred, are read.
void octi_constant_pieces_of(struct octi_constant_pieces *pieces, const struct octi_value *value);

/// Bytes [offset, offset + n_bytes), valid until the next call, and readable 64 bytes past their end. Reads what
/// follows as well, so that small requests one behind the other are few reads. NULL with a report: OCT_ERR_NOMEM,
/// errors of the source.
/// @param context  struct octi_constant_pieces
/// @param n_bytes  > 0; within the constant with `offset`
const void *octi_constant_pieces_read(void *context, size_t offset, size_t n_bytes, struct oct_error *error);

#endif
