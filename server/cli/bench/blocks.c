#include "server/cli/bench/blocks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "octet/yardstick.h"

struct oct_bench_block {
    void *data;
    size_t n_bytes;
};

static bool make_room(struct oct_bench_blocks *blocks)
{
    if (blocks->n_live < blocks->capacity) {
        return true;
    }
    size_t capacity = blocks->capacity == 0 ? 64 : 2 * blocks->capacity;
    struct oct_bench_block *grown = realloc(blocks->live, capacity * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    blocks->live = grown;
    blocks->capacity = capacity;
    return true;
}

static void *allocate(void *context, size_t n_bytes, size_t alignment)
{
    struct oct_bench_blocks *blocks = context;
    const struct oct_allocator *parent = oct_allocator_default();
    if (!make_room(blocks)) {
        return NULL;
    }
    void *data = parent->allocate(parent->context, n_bytes, alignment);
    if (data != NULL) {
        blocks->live[blocks->n_live++] = (struct oct_bench_block){data, n_bytes};
    }
    return data;
}

static void release(void *context, void *data, size_t n_bytes)
{
    struct oct_bench_blocks *blocks = context;
    const struct oct_allocator *parent = oct_allocator_default();
    for (size_t i = blocks->n_live; data != NULL && i-- > 0;) {
        if (blocks->live[i].data == data) {
            blocks->live[i] = blocks->live[--blocks->n_live];
            break;
        }
    }
    parent->release(parent->context, data, n_bytes);
}

void oct_bench_blocks_init(struct oct_bench_blocks *blocks)
{
    memset(blocks, 0, sizeof(*blocks));
    blocks->allocator = (struct oct_allocator){blocks, allocate, release};
}

void oct_bench_blocks_deinit(struct oct_bench_blocks *blocks)
{
    assert(blocks->n_live == 0);
    free(blocks->live);
    memset(blocks, 0, sizeof(*blocks));
}

bool oct_bench_blocks_evict(const struct oct_bench_blocks *blocks)
{
    bool can = true;
    for (size_t i = 0; i < blocks->n_live; ++i) {
        can = oct_yardstick_evict(blocks->live[i].data, blocks->live[i].n_bytes) && can;
    }
    return can;
}
