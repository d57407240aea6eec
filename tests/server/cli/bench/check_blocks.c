#include "server/cli/bench/blocks.h"

#include <string.h>

#include "tests/support/oct_check.h"

#define N_BLOCKS 200

START_TEST(blocks_are_known_until_they_are_released)
{
    struct oct_bench_blocks blocks;
    unsigned char *held[N_BLOCKS];
    oct_bench_blocks_init(&blocks);
    const struct oct_allocator *allocator = &blocks.allocator;
    for (size_t i = 0; i < N_BLOCKS; ++i) {
        held[i] = allocator->allocate(allocator->context, i + 1, OCT_ALIGN);
        ck_assert_ptr_nonnull(held[i]);
        memset(held[i], (int)i, i + 1);
    }
    ck_assert_uint_eq(blocks.n_live, N_BLOCKS);
    for (size_t i = 0; i < N_BLOCKS; i += 2) {
        allocator->release(allocator->context, held[i], i + 1);
    }
    ck_assert_uint_eq(blocks.n_live, N_BLOCKS / 2);
    (void)oct_bench_blocks_evict(&blocks);
    for (size_t i = 1; i < N_BLOCKS; i += 2) {
        ck_assert_uint_eq(held[i][i], i); // evicting loses nothing
        allocator->release(allocator->context, held[i], i + 1);
    }
    allocator->release(allocator->context, NULL, 0);
    ck_assert_uint_eq(blocks.n_live, 0);
    oct_bench_blocks_deinit(&blocks);
}
END_TEST

static void add(Suite *suite)
{
    TCase *blocks = oct_case(suite, "blocks");
    tcase_add_test(blocks, blocks_are_known_until_they_are_released);
}

OCT_CHECK_MAIN("server/cli/bench/blocks", add)
