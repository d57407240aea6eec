#include "octet/cpu.h"
#include "octet/yardstick.h"

#include <string.h>

#include "tests/support/guard.h"
#include "tests/support/oct_check.h"

START_TEST(the_loops_are_those_of_the_highest_level_that_the_features_allow)
{
    ck_assert_str_eq(oct_yardstick_select(0).isa, "scalar");
#if defined(__x86_64__)
    struct oct_error error = OCT_ERROR_INIT;
    uint64_t mask = 0;
    ck_assert_ok(oct_cpu_mask_parse("avx2", &mask, &error), &error);
    ck_assert_str_eq(oct_yardstick_select(mask).isa, "avx2");
    ck_assert_ok(oct_cpu_mask_parse("avx512vnni", &mask, &error), &error);
    ck_assert_str_eq(oct_yardstick_select(mask).isa, "avx512vnni");
    ck_assert_uint_eq(oct_yardstick_select(mask).least_macs_per_cycle, 62);
    ck_assert_ok(oct_cpu_mask_parse("amxint8", &mask, &error), &error);
    ck_assert_str_eq(oct_yardstick_select(mask).isa, "amxint8");
#endif
}
END_TEST

START_TEST(every_level_of_this_machine_runs_and_reads_nothing_behind_its_bytes)
{
    static const char *const levels[] = {"scalar", "avx2", "avxvnni", "avx512vnni", "amxint8"};
    struct oct_error error = OCT_ERROR_INIT;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); ++i) {
        uint64_t mask = 0;
        if (oct_cpu_mask_parse(levels[i], &mask, &error) != OCT_OK || (mask & ~oct_cpu_detect()) != 0) {
            oct_error_clear(&error);
            continue;
        }
        struct oct_yardstick yardstick = oct_yardstick_select(mask);
        ck_assert_uint_gt(yardstick.macs_per_turn, 0);
        yardstick.dots(3);
        struct oct_guard guard = oct_guard_create(2048);
        yardstick.read(guard.data, 2048);
        yardstick.read(guard.data, 0);
        ck_assert(oct_guard_intact(&guard));
        oct_guard_destroy(&guard);
    }
    oct_yardstick_chain(2);
}
END_TEST

START_TEST(what_is_evicted_keeps_its_bytes)
{
    unsigned char bytes[1000];
    memset(bytes, 9, sizeof(bytes));
    bool can = oct_yardstick_evict(bytes + 3, 900);
#if defined(__x86_64__)
    ck_assert(can);
#endif
    (void)can;
    (void)oct_yardstick_evict(bytes, 0);
    for (size_t i = 0; i < sizeof(bytes); ++i) {
        ck_assert_uint_eq(bytes[i], 9);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *loops = oct_case(suite, "yardstick");
    tcase_add_test(loops, the_loops_are_those_of_the_highest_level_that_the_features_allow);
    tcase_add_test(loops, every_level_of_this_machine_runs_and_reads_nothing_behind_its_bytes);
    tcase_add_test(loops, what_is_evicted_keeps_its_bytes);
}

OCT_CHECK_MAIN("engine/kernels/yardstick", add)
