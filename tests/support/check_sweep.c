// Which cases a sweep takes.
#include "tests/support/sweep.h"

#define MOST_SHARE 12

START_TEST(a_share_of_one_takes_every_case)
{
    struct oct_sweep sweep = oct_sweep_of(1);
    for (int i = 0; i < 100; i++) {
        ck_assert(oct_sweep_takes(&sweep));
    }
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(one_case_of_as_many_in_a_row_is_taken)
{
    for (uint64_t share = 2; share <= MOST_SHARE; share++) {
        struct oct_sweep sweep = oct_sweep_of(share);
        for (uint64_t block = 1; block <= 50; block++) {
            for (uint64_t i = 0; i < share; i++) {
                (void)oct_sweep_takes(&sweep);
            }
            ck_assert_uint_eq(sweep.taken, block);
        }
        oct_sweep_end(&sweep);
    }
}
END_TEST

START_TEST(a_sweep_shorter_than_the_share_takes_its_first_case)
{
    struct oct_sweep sweep = oct_sweep_of(MOST_SHARE);
    ck_assert(oct_sweep_takes(&sweep));
    ck_assert(!oct_sweep_takes(&sweep));
    oct_sweep_end(&sweep);
}
END_TEST

START_TEST(nested_loops_meet_every_value_of_each)
{
    enum { OUTER = 60, INNER = 36 };
    for (uint64_t share = 2; share <= 4; share++) {
        struct oct_sweep sweep = oct_sweep_of(share);
        bool outer[OUTER] = {false}, inner[INNER] = {false};
        for (int i = 0; i < OUTER; i++) {
            for (int j = 0; j < INNER; j++) {
                if (oct_sweep_takes(&sweep)) {
                    outer[i] = inner[j] = true;
                }
            }
        }
        for (int i = 0; i < OUTER; i++) {
            ck_assert(outer[i]);
        }
        for (int j = 0; j < INNER; j++) {
            ck_assert_msg(inner[j], "share %ju: value %d is never met", (uintmax_t)share, j);
        }
    }
}
END_TEST

START_TEST(of_few_cases_each_draw_picks_one)
{
    ck_assert_int_eq(setenv("OCTET_SWEEP_SHARE", "20", 1), 0);
    for (uint64_t draw = 0; draw < 8; draw++) {
        for (size_t i = 0; i < 4; i++) {
            ck_assert_int_eq(oct_sweep_picks(i, 4, draw), i == draw % 4);
        }
    }
    ck_assert_int_eq(unsetenv("OCTET_SWEEP_SHARE"), 0);
    ck_assert(oct_sweep_picks(1, 4, 0));
}
END_TEST

START_TEST(the_environment_gives_the_share)
{
    ck_assert_int_eq(setenv("OCTET_SWEEP_SHARE", "7", 1), 0);
    ck_assert_uint_eq(oct_sweep_begin().share, 7);
    ck_assert_int_eq(unsetenv("OCTET_SWEEP_SHARE"), 0);
    ck_assert_uint_eq(oct_sweep_begin().share, 1);
}
END_TEST

START_TEST(a_share_of_the_draws_is_never_next_to_nothing)
{
    ck_assert_int_eq(setenv("OCTET_SWEEP_SHARE", "4", 1), 0);
    ck_assert_int_eq(oct_sweep_draws(120), 30);
    ck_assert_int_eq(oct_sweep_draws(3 * OCT_SWEEP_LEAST_DRAWS), OCT_SWEEP_LEAST_DRAWS);
    ck_assert_int_eq(oct_sweep_draws(OCT_SWEEP_LEAST_DRAWS - 1), OCT_SWEEP_LEAST_DRAWS - 1);
    ck_assert_int_eq(unsetenv("OCTET_SWEEP_SHARE"), 0);
    ck_assert_int_eq(oct_sweep_draws(120), 120);
}
END_TEST

static void add(Suite *suite)
{
    TCase *sweeps = oct_case(suite, "sweeps");
    tcase_add_test(sweeps, a_share_of_one_takes_every_case);
    tcase_add_test(sweeps, one_case_of_as_many_in_a_row_is_taken);
    tcase_add_test(sweeps, a_sweep_shorter_than_the_share_takes_its_first_case);
    tcase_add_test(sweeps, nested_loops_meet_every_value_of_each);
    tcase_add_test(sweeps, of_few_cases_each_draw_picks_one);
    tcase_add_test(sweeps, the_environment_gives_the_share);
    tcase_add_test(sweeps, a_share_of_the_draws_is_never_next_to_nothing);
}

OCT_CHECK_MAIN("sweeps", add)
