#include "tests/support/chaos.h"

#include <stdio.h>
#include <stdlib.h>

static void *chaos_allocate(void *context, size_t bytes, size_t alignment)
{
    struct oct_chaos *chaos = context;
    if (chaos->requests++ == chaos->fail_at) {
        chaos->failed = true;
        return NULL;
    }
    const struct oct_allocator *real = oct_allocator_default();
    void *block = real->allocate(real->context, bytes, alignment);
    chaos->live += block != NULL;
    chaos->live_bytes += block != NULL ? bytes : 0;
    return block;
}

static void chaos_release(void *context, void *block, size_t bytes)
{
    struct oct_chaos *chaos = context;
    if (block != NULL) {
        chaos->live--;
        chaos->live_bytes -= bytes;
        if (chaos->live == 0 && chaos->live_bytes != 0) {
            fprintf(stderr, "blocks were released with other sizes than they were asked for with\n");
            abort();
        }
        const struct oct_allocator *real = oct_allocator_default();
        real->release(real->context, block, bytes);
    }
}

void oct_chaos_init(struct oct_chaos *chaos, size_t fail_at)
{
    *chaos = (struct oct_chaos){.allocator = {chaos, chaos_allocate, chaos_release}, .fail_at = fail_at};
}
