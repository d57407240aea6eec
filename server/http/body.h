/// Buffers for request bodies: aligned, reused, and all together under one budget of bytes in flight.
///
/// A body whose length is known reserves it before anything is allocated; one of unknown length grows geometrically
/// under the same budget. What the budget counts is what was asked for; a block may be up to a third larger. Threads:
/// the pool [any]; a body belongs to one thread at a time. Lifetime: the pool outlives its bodies.
#ifndef OCTET_SERVER_HTTP_BODY_H
#define OCTET_SERVER_HTTP_BODY_H

#include "octet/alloc.h"

struct oct_body_pool;
struct oct_metrics;

/// All zero: an empty body.
struct oct_body {
    uint8_t *data; ///< OCT_ALIGN aligned; NULL while nothing is reserved
    size_t length;
    size_t capacity; ///< reserved, and counted by the budget
};

/// @param budget_bytes  limit of all bodies together
/// @param metrics       borrowed; its gauge of bytes in flight is kept; NULL is allowed
/// Errors: OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
oct_body_pool_create(size_t budget_bytes, struct oct_metrics *metrics, struct oct_body_pool **pool);
void oct_body_pool_destroy(struct oct_body_pool *pool); ///< NULL is allowed
/// Bytes reserved now.
size_t oct_body_pool_inflight(const struct oct_body_pool *pool);
/// Gives unused blocks back to the system.
void oct_body_pool_trim(struct oct_body_pool *pool);

/// Room for `capacity` bytes in all; what is there is kept. Errors: OCT_ERR_UNAVAILABLE (the budget is used up),
/// OCT_ERR_NOMEM; the body is unchanged.
OCT_NODISCARD enum oct_status oct_body_reserve(struct oct_body_pool *pool, struct oct_body *body, size_t capacity);
/// Appends, growing up to `max_bytes` in all. Errors: as reserve, OCT_ERR_LIMIT past `max_bytes`.
OCT_NODISCARD enum oct_status
oct_body_append(struct oct_body_pool *pool, struct oct_body *body, const void *bytes, size_t n_bytes, size_t max_bytes);
/// Empties the body; its block goes back to the pool.
void oct_body_release(struct oct_body_pool *pool, struct oct_body *body);

#endif
