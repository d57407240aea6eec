#include "engine/graph/memplan.h"

#include "tests/support/chaos.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#include <string.h>

static size_t plan(struct octi_block *blocks, size_t n)
{
    size_t arena, a, b;
    ck_assert_status_ok(octi_memplan(oct_allocator_default(), blocks, n, &arena));
    ck_assert_msg(!octi_memplan_overlaps(blocks, n, arena, &a, &b), "blocks share bytes");
    return arena;
}

START_TEST(nothing_needs_nothing)
{
    size_t arena = 1;
    ck_assert_status_ok(octi_memplan(oct_allocator_default(), NULL, 0, &arena));
    ck_assert_uint_eq(arena, 0);
}
END_TEST

START_TEST(a_chain_alternates_between_two_places)
{
    struct octi_block blocks[20];
    for (uint32_t i = 0; i < 20; i++) {
        blocks[i] = (struct octi_block){.bytes = 1000, .first = i, .last = i + 1};
    }
    ck_assert_uint_eq(plan(blocks, 20), 2 * 1088); // 1000 + 64 of slack, rounded to 64
}
END_TEST

START_TEST(a_small_block_takes_the_smallest_gap)
{
    // Two long-lived walls leave gaps of 1088 and 320 bytes at step 1, made by blocks that are gone by then.
    struct octi_block blocks[] = {
        {.bytes = 5000, .first = 0, .last = 3}, {.bytes = 4000, .first = 0, .last = 3},
        {.bytes = 1000, .first = 0, .last = 0}, {.bytes = 1000, .first = 1, .last = 1},
        {.bytes = 100, .first = 2, .last = 2},
    };
    ck_assert_uint_eq(plan(blocks, 5), 5120 + 4096 + 1088);
}
END_TEST

START_TEST(zero_bytes_still_have_their_slack)
{
    struct octi_block blocks[] = {{.bytes = 0, .first = 0, .last = 1}, {.bytes = 1, .first = 0, .last = 1}};
    ck_assert_uint_eq(plan(blocks, 2), 64 + 128);
}
END_TEST

START_TEST(a_sum_past_the_address_space_is_a_limit)
{
    struct octi_block blocks[] = {{.bytes = SIZE_MAX / 2}, {.bytes = SIZE_MAX / 2}, {.bytes = 100}};
    size_t arena;
    ck_assert_status(OCT_ERR_LIMIT, octi_memplan(oct_allocator_default(), blocks, 3, &arena));
    blocks[0].bytes = SIZE_MAX - 10;
    ck_assert_status(OCT_ERR_LIMIT, octi_memplan(oct_allocator_default(), blocks, 1, &arena));
}
END_TEST

START_TEST(failing_allocation_is_reported)
{
    struct octi_block block = {.bytes = 1};
    struct oct_chaos chaos;
    size_t arena;
    oct_chaos_init(&chaos, 0);
    ck_assert_status(OCT_ERR_NOMEM, octi_memplan(&chaos.allocator, &block, 1, &arena));
    ck_assert_uint_eq(chaos.live, 0);
}
END_TEST

START_TEST(the_checker_finds_what_it_looks_for)
{
    struct octi_block blocks[] = {{.bytes = 64, .first = 0, .last = 2, .offset = 0},
                                  {.bytes = 64, .first = 2, .last = 3, .offset = 64}};
    size_t a, b;
    ck_assert(octi_memplan_overlaps(blocks, 2, 4096, &a, &b)); // in the slack
    blocks[1].offset = 128;
    ck_assert(!octi_memplan_overlaps(blocks, 2, 4096, &a, &b));
    ck_assert(octi_memplan_overlaps(blocks, 2, 128 + 127, &a, &b)); // outside the arena
    blocks[1].offset = 136;
    ck_assert(octi_memplan_overlaps(blocks, 2, 4096, &a, &b)); // unaligned
    blocks[1] = (struct octi_block){.bytes = 64, .first = 3, .last = 3, .offset = 0};
    ck_assert(!octi_memplan_overlaps(blocks, 2, 4096, &a, &b)); // not at the same time
}
END_TEST

/// The largest sum of reserved bytes at any step: no plan can be smaller.
static size_t lower_bound(const struct octi_block *blocks, size_t n, uint32_t steps)
{
    size_t most = 0;
    for (uint32_t s = 0; s < steps; s++) {
        size_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            if (blocks[i].first <= s && s <= blocks[i].last) {
                sum += (blocks[i].bytes + 64 + 63) / 64 * 64;
            }
        }
        most = sum > most ? sum : most;
    }
    return most;
}

START_TEST(random_lifetimes_never_overlap_and_waste_little)
{
    struct oct_rng rng = {(uint64_t)_i + 1};
    enum { MOST = 300 };
    struct octi_block blocks[MOST];
    size_t n = (size_t)oct_rng_between(&rng, 1, MOST);
    uint32_t steps = (uint32_t)oct_rng_between(&rng, 1, 100);
    for (size_t i = 0; i < n; i++) {
        uint32_t first = (uint32_t)oct_rng_between(&rng, 0, steps - 1);
        uint32_t last = first + (uint32_t)oct_rng_between(&rng, 0, 6);
        int64_t scale = oct_rng_between(&rng, 0, 16);
        blocks[i] = (struct octi_block){
            .bytes = (size_t)oct_rng_between(&rng, 0, (int64_t)1 << scale), .first = first, .last = last};
    }
    size_t arena = plan(blocks, n);
    size_t bound = lower_bound(blocks, n, steps + 7);
    ck_assert_uint_ge(arena, bound);
    ck_assert_uint_le(arena, bound + bound / 2);
}
END_TEST

START_TEST(very_many_blocks_are_placed_too)
{
    enum { MANY = OCTI_MEMPLAN_GREEDY_BLOCKS + 1000 };
    struct octi_block *blocks = malloc(MANY * sizeof *blocks);
    struct oct_rng rng = {99};
    for (size_t i = 0; i < MANY; i++) {
        uint32_t first = (uint32_t)i;
        blocks[i] = (struct octi_block){.bytes = (size_t)oct_rng_between(&rng, 1, 5000),
                                        .first = first,
                                        .last = first + (uint32_t)oct_rng_between(&rng, 0, 20)};
    }
    size_t arena = plan(blocks, MANY);
    ck_assert_uint_le(arena, 2 * lower_bound(blocks, MANY, MANY + 20));
    free(blocks);
}
END_TEST

static void add(Suite *suite)
{
    TCase *memplan = oct_case(suite, "memplan");
    tcase_add_test(memplan, nothing_needs_nothing);
    tcase_add_test(memplan, a_chain_alternates_between_two_places);
    tcase_add_test(memplan, a_small_block_takes_the_smallest_gap);
    tcase_add_test(memplan, zero_bytes_still_have_their_slack);
    tcase_add_test(memplan, a_sum_past_the_address_space_is_a_limit);
    tcase_add_test(memplan, failing_allocation_is_reported);
    tcase_add_test(memplan, the_checker_finds_what_it_looks_for);
    tcase_add_loop_test(memplan, random_lifetimes_never_overlap_and_waste_little, 0, 200);
    tcase_add_test(memplan, very_many_blocks_are_placed_too);
}

OCT_CHECK_MAIN("engine/graph/memplan", add)
