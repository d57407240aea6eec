#include "engine/base/region.h"

#include <string.h>

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

START_TEST(blocks_are_zeroed_aligned_and_readable_past_their_end)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    for (size_t bytes = 0; bytes < 50000; bytes = bytes * 3 + 1) {
        uint8_t *block = octi_region_alloc(&region, bytes);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % OCT_ALIGN, 0);
        ck_assert(is_zero(block, bytes + 64));
        memset(block, 0xff, bytes);
    }
    octi_region_deinit(&region);
}
END_TEST

START_TEST(small_blocks_do_not_overlap_and_never_move)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    uint8_t *blocks[3000];
    for (size_t i = 0; i < 3000; i++) {
        size_t bytes = i % 40;
        blocks[i] = octi_region_alloc_small(&region, bytes);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        ck_assert(is_zero(blocks[i], bytes));
        memset(blocks[i], (int)(i & 0xff), bytes);
        if (i % 100 == 0) {
            ck_assert_ptr_nonnull(octi_region_alloc(&region, 5000));
        }
    }
    for (size_t i = 0; i < 3000; i++) {
        for (size_t k = 0; k < i % 40; k++) {
            ck_assert_uint_eq(blocks[i][k], i & 0xff);
        }
    }
    octi_region_deinit(&region);
    ck_assert_uint_eq(region.bytes, 0);
}
END_TEST

START_TEST(a_copied_string_is_terminated)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    ck_assert_str_eq(octi_region_strdup(&region, "octets", 5), "octet");
    ck_assert_str_eq(octi_region_strdup(&region, "", 0), "");
    octi_region_deinit(&region);
}
END_TEST

START_TEST(blocks_of_a_large_region_share_few_large_ones)
{
    enum { BLOCKS = 60, BYTES = 300001 };
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, SIZE_MAX);
    struct octi_region region;
    octi_region_init(&region, &chaos.allocator);
    uint8_t *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = octi_region_alloc(&region, BYTES);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % OCT_ALIGN, 0);
        ck_assert(is_zero(blocks[i], BYTES + 64));
        memset(blocks[i], (int)(i + 1), BYTES);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        for (size_t k = 0; k < BYTES; k += 997) {
            ck_assert_uint_eq(blocks[i][k], i + 1);
        }
    }
    ck_assert_uint_eq(region.bytes, (uint64_t)BLOCKS * BYTES);
    ck_assert_uint_lt(chaos.requests, BLOCKS / 3);
    octi_region_deinit(&region);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

START_TEST(what_is_expected_comes_from_one_slab)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, SIZE_MAX);
    struct octi_region region;
    octi_region_init(&region, &chaos.allocator);
    octi_region_expect(&region, 20 << 20);
    for (int i = 0; i < 20; i++) {
        ck_assert_ptr_nonnull(octi_region_reserve(&region, (1 << 20) - 64));
    }
    ck_assert_uint_eq(chaos.requests, 1);
    octi_region_deinit(&region);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

START_TEST(more_than_was_expected_is_given_as_well)
{
    struct oct_budget budget;
    oct_budget_init(&budget, NULL, 5 << 20);
    struct octi_region region;
    octi_region_init(&region, &budget.allocator);
    octi_region_expect(&region, UINT64_MAX / 2); // beyond all memory: blocks of their own then
    ck_assert_ptr_nonnull(octi_region_reserve(&region, 1 << 20));
    octi_region_expect(&region, 1 << 20);
    for (int i = 0; i < 3; i++) {
        ck_assert_ptr_nonnull(octi_region_reserve(&region, 900000));
    }
    octi_region_deinit(&region);
    ck_assert_uint_eq(budget.live_bytes, 0);
}
END_TEST

START_TEST(a_budget_too_small_for_a_slab_still_gives_the_block)
{
    struct oct_budget budget;
    oct_budget_init(&budget, NULL, 1700000);
    struct octi_region region;
    octi_region_init(&region, &budget.allocator);
    for (int i = 0; i < 16; i++) {
        ck_assert_ptr_nonnull(octi_region_alloc(&region, 100000));
    }
    ck_assert_ptr_null(octi_region_alloc(&region, 100000));
    octi_region_deinit(&region);
    ck_assert_uint_eq(budget.live_bytes, 0);
}
END_TEST

START_TEST(the_newest_block_can_be_given_back)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, SIZE_MAX);
    struct octi_region region;
    octi_region_init(&region, &chaos.allocator);
    for (int i = 0; i < 30; i++) { // blocks of their own, then slabs
        void *kept = octi_region_alloc(&region, 100000);
        size_t live = chaos.live;
        uint64_t bytes = region.bytes;
        void *undone = octi_region_alloc(&region, 70000);
        memset(undone, 0xee, 70000);
        octi_region_undo(&region, undone, 70000);
        ck_assert_uint_eq(region.bytes, bytes);
        ck_assert(chaos.live == live || chaos.live == live + 1); // a slab stays
        octi_region_undo(&region, undone, 70000);                // no longer there: nothing happens
        uint8_t *next = octi_region_alloc(&region, 70000);
        ck_assert(is_zero(next, 70000));
        octi_region_undo(&region, kept, 100000); // not the newest: nothing happens
        ck_assert_uint_eq(region.bytes, bytes + 70000);
    }
    octi_region_deinit(&region);
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

START_TEST(a_copy_is_readable_past_its_end)
{
    struct octi_region region;
    octi_region_init(&region, NULL);
    const uint8_t *copy = octi_region_copy(&region, "octets", 6);
    ck_assert_ptr_nonnull(copy);
    ck_assert_mem_eq(copy, "octets", 6);
    ck_assert(is_zero(copy + 6, 64));
    octi_region_deinit(&region);
}
END_TEST

START_TEST(out_of_memory_and_overflow_are_refused_and_nothing_leaks)
{
    for (size_t n = 0; n < 4; n++) {
        struct oct_chaos chaos;
        oct_chaos_init(&chaos, n);
        struct octi_region region;
        octi_region_init(&region, &chaos.allocator);
        bool ok = octi_region_alloc_small(&region, 8) != NULL && octi_region_alloc(&region, 100000) != NULL &&
                  octi_region_alloc_small(&region, 4000) != NULL;
        ck_assert_int_eq(ok, !chaos.failed);
        ck_assert_ptr_null(octi_region_alloc(&region, SIZE_MAX - 10));
        ck_assert_ptr_null(octi_region_alloc_small(&region, SIZE_MAX - 3));
        octi_region_deinit(&region);
        ck_assert_uint_eq(chaos.live, 0);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *region = oct_case(suite, "region");
    tcase_add_test(region, blocks_are_zeroed_aligned_and_readable_past_their_end);
    tcase_add_test(region, small_blocks_do_not_overlap_and_never_move);
    tcase_add_test(region, a_copied_string_is_terminated);
    tcase_add_test(region, blocks_of_a_large_region_share_few_large_ones);
    tcase_add_test(region, what_is_expected_comes_from_one_slab);
    tcase_add_test(region, more_than_was_expected_is_given_as_well);
    tcase_add_test(region, a_budget_too_small_for_a_slab_still_gives_the_block);
    tcase_add_test(region, the_newest_block_can_be_given_back);
    tcase_add_test(region, a_copy_is_readable_past_its_end);
    tcase_add_test(region, out_of_memory_and_overflow_are_refused_and_nothing_leaks);
}

OCT_CHECK_MAIN("engine/base/region", add)
