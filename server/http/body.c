// DESIGN: blocks come in sizes 2^k and 1.5 * 2^k, so that requests of one model meet each other's blocks; a fresh block
// of some hundred KiB is a mapping whose every page faults, which costs more than reading the body. One mutex: it is
// taken twice per request. Larger blocks than OCT_HTTP_POOL_MAX_BLOCK are not kept. Rejected: a pool per loop, which
// keeps more and balances less.
#include "server/http/body.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server/http/limits.h"
#include "server/metrics/metrics.h"

#define SMALLEST_BLOCK ((size_t)4096)
#define N_CLASSES      24 // two for each power from SMALLEST_BLOCK to OCT_HTTP_POOL_MAX_BLOCK, with room
/// First size of a body that does not tell its length.
#define FIRST_GROWTH ((size_t)16 * 1024)

struct free_block {
    struct free_block *next;
};

struct oct_body_pool {
    const struct oct_allocator *allocator;
    struct oct_metrics *metrics;
    size_t budget_bytes;
    atomic_size_t inflight_bytes;
    pthread_mutex_t mutex; ///< guards the two below
    struct free_block *free[N_CLASSES];
    size_t kept_bytes;
};

static size_t class_bytes(unsigned index)
{
    size_t power = SMALLEST_BLOCK << (index / 2);
    return index % 2 == 0 ? power : power + power / 2;
}

/// The smallest class that holds `bytes`, or N_CLASSES when none is kept for it.
static unsigned class_of(size_t bytes)
{
    if (bytes > OCT_HTTP_POOL_MAX_BLOCK) {
        return N_CLASSES;
    }
    unsigned index = 0;
    while (class_bytes(index) < bytes) {
        index++;
    }
    return index;
}

static size_t block_bytes(size_t capacity)
{
    unsigned index = class_of(capacity);
    return index < N_CLASSES ? class_bytes(index) : capacity;
}

enum oct_status oct_body_pool_create(size_t budget_bytes, struct oct_metrics *metrics, struct oct_body_pool **out)
{
    struct oct_body_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL || pthread_mutex_init(&pool->mutex, NULL) != 0) {
        free(pool);
        return OCT_ERR_NOMEM;
    }
    pool->allocator = oct_allocator_default();
    pool->metrics = metrics;
    pool->budget_bytes = budget_bytes;
    *out = pool;
    return OCT_OK;
}

void oct_body_pool_destroy(struct oct_body_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    oct_body_pool_trim(pool);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

size_t oct_body_pool_inflight(const struct oct_body_pool *pool)
{
    return atomic_load(&pool->inflight_bytes);
}

void oct_body_pool_trim(struct oct_body_pool *pool)
{
    struct free_block *lists[N_CLASSES];
    pthread_mutex_lock(&pool->mutex);
    memcpy(lists, pool->free, sizeof lists);
    memset(pool->free, 0, sizeof pool->free);
    pool->kept_bytes = 0;
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < N_CLASSES; i++) {
        while (lists[i] != NULL) {
            struct free_block *block = lists[i];
            lists[i] = block->next;
            pool->allocator->release(pool->allocator->context, block, class_bytes(i));
        }
    }
}

static bool charge(struct oct_body_pool *pool, size_t bytes)
{
    size_t before = atomic_load_explicit(&pool->inflight_bytes, memory_order_relaxed);
    do {
        if (bytes > pool->budget_bytes || before > pool->budget_bytes - bytes) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&pool->inflight_bytes, &before, before + bytes));
    oct_metrics_add(pool->metrics, OCT_METRIC_INFLIGHT_BYTES, (int64_t)bytes);
    return true;
}

static void uncharge(struct oct_body_pool *pool, size_t bytes)
{
    atomic_fetch_sub(&pool->inflight_bytes, bytes);
    oct_metrics_add(pool->metrics, OCT_METRIC_INFLIGHT_BYTES, -(int64_t)bytes);
}

static uint8_t *take_block(struct oct_body_pool *pool, size_t capacity)
{
    unsigned index = class_of(capacity);
    if (index < N_CLASSES) {
        pthread_mutex_lock(&pool->mutex);
        struct free_block *block = pool->free[index];
        if (block != NULL) {
            pool->free[index] = block->next;
            pool->kept_bytes -= class_bytes(index);
        }
        pthread_mutex_unlock(&pool->mutex);
        if (block != NULL) {
            return (uint8_t *)block;
        }
    }
    return pool->allocator->allocate(pool->allocator->context, block_bytes(capacity), OCT_ALIGN);
}

static void give_block(struct oct_body_pool *pool, uint8_t *data, size_t capacity)
{
    unsigned index = class_of(capacity);
    if (index < N_CLASSES) {
        size_t bytes = class_bytes(index);
        struct free_block *block = (struct free_block *)(void *)data;
        pthread_mutex_lock(&pool->mutex);
        bool keep = pool->kept_bytes + bytes <= OCT_HTTP_POOL_KEEP_BYTES;
        if (keep) {
            block->next = pool->free[index];
            pool->free[index] = block;
            pool->kept_bytes += bytes;
        }
        pthread_mutex_unlock(&pool->mutex);
        if (keep) {
            return;
        }
    }
    pool->allocator->release(pool->allocator->context, data, block_bytes(capacity));
}

enum oct_status oct_body_reserve(struct oct_body_pool *pool, struct oct_body *body, size_t capacity)
{
    if (capacity <= body->capacity) {
        return OCT_OK;
    }
    size_t more = capacity - body->capacity;
    if (!charge(pool, more)) {
        return OCT_ERR_UNAVAILABLE;
    }
    if (body->data != NULL && block_bytes(body->capacity) >= capacity) {
        body->capacity =
            capacity; // its block is large enough; the class of the capacity stays the block's: see class_of
        return OCT_OK;
    }
    uint8_t *data = take_block(pool, capacity);
    if (data == NULL) {
        uncharge(pool, more);
        return OCT_ERR_NOMEM;
    }
    if (body->data != NULL) {
        memcpy(data, body->data, body->length);
        give_block(pool, body->data, body->capacity);
    }
    body->data = data;
    body->capacity = capacity;
    return OCT_OK;
}

enum oct_status
oct_body_append(struct oct_body_pool *pool, struct oct_body *body, const void *bytes, size_t n_bytes, size_t max_bytes)
{
    if (n_bytes > max_bytes || body->length > max_bytes - n_bytes) {
        return OCT_ERR_LIMIT;
    }
    size_t needed = body->length + n_bytes;
    if (needed > body->capacity) {
        size_t grown = body->capacity > max_bytes / 2 ? max_bytes : body->capacity * 2;
        grown = grown < FIRST_GROWTH ? FIRST_GROWTH : grown;
        grown = grown > max_bytes ? max_bytes : grown;
        enum oct_status status = oct_body_reserve(pool, body, grown > needed ? grown : needed);
        if (status != OCT_OK) {
            return status;
        }
    }
    memcpy(body->data + body->length, bytes, n_bytes);
    body->length = needed;
    return OCT_OK;
}

void oct_body_release(struct oct_body_pool *pool, struct oct_body *body)
{
    if (body->data != NULL) {
        give_block(pool, body->data, body->capacity);
        uncharge(pool, body->capacity);
    }
    *body = (struct oct_body){0};
}
