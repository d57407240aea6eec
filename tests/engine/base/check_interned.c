#include "engine/base/interned.h"

#include <string.h>

#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

START_TEST(equal_contents_are_kept_once)
{
    struct octi_region region;
    struct octi_interned interned;
    octi_region_init(&region, NULL);
    octi_interned_init(&interned, &region);
    struct oct_rng rng = {7};
    const void *kept[40];
    uint64_t bytes = 0;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 40; i++) {
            // Some pairs differ in their last byte or in their length alone.
            size_t n = 100000 + 3 * (i / 2);
            uint8_t *table = octi_region_alloc(&region, n);
            ck_assert_ptr_nonnull(table);
            rng.state = i / 2;
            oct_rng_bytes(&rng, table, n);
            table[n - 1] = (uint8_t)i;
            const uint8_t *shared = octi_intern(&interned, table, n);
            ck_assert(round == 0 ? shared == table : shared == kept[i]);
            kept[i] = shared;
            ck_assert_uint_eq(shared[n - 1], i);
        }
        ck_assert(round == 0 || region.bytes == bytes);
        bytes = region.bytes;
    }
    octi_region_deinit(&region);
}
END_TEST

START_TEST(zeros_of_other_lengths_are_other_contents)
{
    struct octi_region region;
    struct octi_interned interned;
    octi_region_init(&region, NULL);
    octi_interned_init(&interned, &region);
    const void *a = octi_intern(&interned, octi_region_alloc(&region, 9), 9);
    const void *b = octi_intern(&interned, octi_region_alloc(&region, 16), 16);
    const void *c = octi_intern(&interned, octi_region_alloc(&region, 9), 9);
    ck_assert(a != b && a == c);
    octi_region_deinit(&region);
}
END_TEST

static void add(Suite *suite)
{
    TCase *interned = oct_case(suite, "interned");
    tcase_add_test(interned, equal_contents_are_kept_once);
    tcase_add_test(interned, zeros_of_other_lengths_are_other_contents);
}

OCT_CHECK_MAIN("engine/base/interned", add)
