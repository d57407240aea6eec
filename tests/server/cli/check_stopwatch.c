#include "server/cli/stopwatch.h"

#include "tests/support/oct_check.h"

START_TEST(order_statistics_are_those_of_the_sorted_samples)
{
    struct oct_stopwatch stopwatch = {NULL, 0, 0};
    for (uint64_t i = 0; i < 3001; ++i) {
        ck_assert_status_ok(oct_stopwatch_add(&stopwatch, (i * 7919) % 3001)); // 0 to 3000 in another order
    }
    oct_stopwatch_sort(&stopwatch);
    ck_assert_uint_eq(oct_stopwatch_at(&stopwatch, 0), 0);
    ck_assert_uint_eq(oct_stopwatch_at(&stopwatch, 0.5), 1500);
    ck_assert_uint_eq(oct_stopwatch_at(&stopwatch, 0.99), 2970);
    ck_assert_uint_eq(oct_stopwatch_at(&stopwatch, 1), 3000);
    oct_stopwatch_deinit(&stopwatch);
}
END_TEST

START_TEST(without_samples_every_statistic_is_zero)
{
    struct oct_stopwatch stopwatch = {NULL, 0, 0};
    oct_stopwatch_sort(&stopwatch);
    ck_assert_uint_eq(oct_stopwatch_at(&stopwatch, 0.5), 0);
    oct_stopwatch_deinit(&stopwatch);
}
END_TEST

START_TEST(the_number_of_samples_is_bounded)
{
    struct oct_stopwatch stopwatch = {NULL, 0, 0};
    for (size_t i = 0; i < OCT_STOPWATCH_MAX_SAMPLES; ++i) {
        ck_assert_status_ok(oct_stopwatch_add(&stopwatch, i));
    }
    ck_assert_status(OCT_ERR_LIMIT, oct_stopwatch_add(&stopwatch, 1));
    ck_assert_uint_eq(stopwatch.count, OCT_STOPWATCH_MAX_SAMPLES);
    oct_stopwatch_deinit(&stopwatch);
}
END_TEST

START_TEST(the_clock_never_goes_back)
{
    uint64_t before = oct_stopwatch_now();
    for (int i = 0; i < 10000; ++i) {
        uint64_t now = oct_stopwatch_now();
        ck_assert_uint_ge(now, before);
        before = now;
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *samples = oct_case(suite, "samples");
    tcase_add_test(samples, order_statistics_are_those_of_the_sorted_samples);
    tcase_add_test(samples, without_samples_every_statistic_is_zero);
    tcase_add_test(samples, the_number_of_samples_is_bounded);
    tcase_add_test(samples, the_clock_never_goes_back);
}

OCT_CHECK_MAIN("server/cli/stopwatch", add_tests)
