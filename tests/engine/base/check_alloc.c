#include "octet/alloc.h"

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"

#include <string.h>

static void *take(const struct oct_allocator *allocator, size_t bytes)
{
    return allocator->allocate(allocator->context, bytes, OCT_ALIGN);
}

START_TEST(blocks_are_aligned_for_vector_loads)
{
    const struct oct_allocator *allocator = oct_allocator_default();
    for (size_t bytes = 0; bytes < 300; bytes += 37) {
        void *block = take(allocator, bytes);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % OCT_ALIGN, 0);
        allocator->release(allocator->context, block, bytes);
    }
    allocator->release(allocator->context, NULL, 0);
}
END_TEST

START_TEST(large_blocks_are_aligned_for_huge_pages)
{
    const struct oct_allocator *allocator = oct_allocator_default();
    ck_assert_uint_eq(oct_align_of(OCT_ALIGN_HUGE - 1), OCT_ALIGN);
    ck_assert_uint_eq(oct_align_of(OCT_ALIGN_HUGE), OCT_ALIGN_HUGE);
    for (size_t bytes = 1; bytes < 4 * OCT_ALIGN_HUGE; bytes += OCT_ALIGN_HUGE - 7) {
        unsigned char *block = allocator->allocate(allocator->context, bytes, OCT_ALIGN_HUGE);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % OCT_ALIGN_HUGE, 0);
        memset(block, 7, bytes);
        allocator->release(allocator->context, block, bytes);
    }
}
END_TEST

START_TEST(a_size_that_overflows_when_rounded_is_refused)
{
    ck_assert_ptr_null(take(oct_allocator_default(), SIZE_MAX - 3));
}
END_TEST

START_TEST(budget_refuses_what_would_pass_its_limit_and_gives_back_what_is_released)
{
    struct oct_budget budget;
    oct_budget_init(&budget, NULL, 1000);
    void *a = take(&budget.allocator, 600);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_null(take(&budget.allocator, 401));
    void *b = take(&budget.allocator, 400);
    ck_assert_ptr_nonnull(b);
    ck_assert_uint_eq(budget.live_bytes, 1000);
    budget.allocator.release(budget.allocator.context, a, 600);
    ck_assert_uint_eq(budget.live_bytes, 400);
    ck_assert_uint_eq(budget.peak_bytes, 1000);
    ck_assert_ptr_null(take(&budget.allocator, SIZE_MAX));
    budget.allocator.release(budget.allocator.context, b, 400);
    budget.allocator.release(budget.allocator.context, NULL, 5);
    ck_assert_uint_eq(budget.live_bytes, 0);
}
END_TEST

START_TEST(budget_does_not_count_what_its_parent_refused)
{
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 0);
    struct oct_budget budget;
    oct_budget_init(&budget, &chaos.allocator, 1000);
    ck_assert_ptr_null(take(&budget.allocator, 10));
    ck_assert_uint_eq(budget.live_bytes, 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *alloc = oct_case(suite, "allocators");
    tcase_add_test(alloc, blocks_are_aligned_for_vector_loads);
    tcase_add_test(alloc, large_blocks_are_aligned_for_huge_pages);
    tcase_add_test(alloc, a_size_that_overflows_when_rounded_is_refused);
    tcase_add_test(alloc, budget_refuses_what_would_pass_its_limit_and_gives_back_what_is_released);
    tcase_add_test(alloc, budget_does_not_count_what_its_parent_refused);
}

OCT_CHECK_MAIN("engine/base/alloc", add)
