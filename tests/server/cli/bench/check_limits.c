#include "server/cli/bench/limits.h"

#include <string.h>

#include "octet/cpu.h"
#include "tests/support/oct_check.h"

#define LEAST 62

static char reason[200];

static struct oct_bench_around around(double before, double after, double macs_per_cycle)
{
    return (struct oct_bench_around){{before, 3.0, macs_per_cycle}, {after, 3.0, macs_per_cycle}};
}

static bool is_quiet(const struct oct_bench_around *measurements, size_t n)
{
    return oct_bench_is_quiet(measurements, n, LEAST, reason, sizeof(reason));
}

START_TEST(a_quiet_core_is_believed)
{
    const struct oct_bench_around run[] = {around(460, 459, 63.9), around(459, 440, 63.2), around(440, 455, 63.0)};
    ck_assert(is_quiet(run, 3));
    ck_assert(is_quiet(run, 1));
}
END_TEST

START_TEST(a_peak_that_moves_during_a_measurement_is_refused)
{
    const struct oct_bench_around faster[] = {around(460, 460, 64), around(430, 460, 64)};
    const struct oct_bench_around slower[] = {around(460, 430, 64)};
    ck_assert(is_quiet(faster, 1));
    ck_assert(!is_quiet(faster, 2));
    ck_assert_msg(strstr(reason, "430") != NULL && strstr(reason, "460") != NULL, "%s", reason);
    ck_assert(!is_quiet(slower, 1));
}
END_TEST

START_TEST(a_frequency_that_wanders_between_measurements_is_allowed)
{
    const struct oct_bench_around run[] = {around(460, 460, 64), around(400, 402, 64), around(350, 349, 64)};
    ck_assert(is_quiet(run, 3));
}
END_TEST

START_TEST(a_core_below_the_least_of_its_level_is_refused)
{
    const struct oct_bench_around run[] = {around(440, 440, 61.9)};
    ck_assert(!is_quiet(run, 1));
    ck_assert_msg(strstr(reason, "61.9") != NULL && strstr(reason, "62") != NULL, "%s", reason);
    ck_assert(oct_bench_is_quiet(run, 1, 0, reason, sizeof(reason))); // a level whose least is not known
}
END_TEST

START_TEST(a_core_that_does_less_in_a_cycle_than_it_did_is_refused)
{
    const struct oct_bench_around run[] = {around(900, 900, 126), around(890, 890, 115), around(800, 800, 112)};
    ck_assert(is_quiet(run, 2));
    ck_assert(!is_quiet(run, 3));
    ck_assert_msg(strstr(reason, "112.0") != NULL && strstr(reason, "126.0") != NULL, "%s", reason);
}
END_TEST

START_TEST(the_higher_reading_is_the_peak)
{
    const struct oct_bench_around run[] = {around(900, 890, 126), around(890, 900, 126)};
    ck_assert_double_eq(oct_bench_around_peak(&run[0]).gops, 900);
    ck_assert_double_eq(oct_bench_around_peak(&run[1]).gops, 900);
}
END_TEST

static void in_turn(void *context, size_t count, oct_task_fn task, void *argument)
{
    *(size_t *)context += count;
    for (size_t i = 0; i < count; ++i) {
        task(argument, i, count);
    }
}

START_TEST(readings_are_figures_of_a_processor)
{
    struct oct_yardstick yardstick = oct_yardstick_select(oct_cpu_detect());
    struct oct_bench_reading reading = oct_bench_take_reading(&yardstick, NULL);
    ck_assert_double_gt(reading.ghz, 0.05);
    ck_assert_double_lt(reading.ghz, 20);
    ck_assert_double_gt(reading.gops, 0.01);
    ck_assert_double_gt(reading.macs_per_cycle, 0.01);
    size_t n_parts = 0;
    const struct oct_executor executor = {&n_parts, 2, in_turn};
    reading = oct_bench_take_reading(&yardstick, &executor);
    ck_assert_double_gt(reading.gops, 0.01);
    ck_assert_uint_gt(n_parts, 2);
}
END_TEST

START_TEST(bandwidth_is_measured_for_any_size_and_number_of_threads)
{
    size_t n_parts = 0;
    const struct oct_executor two = {&n_parts, 2, in_turn};
    const struct oct_executor *executors[] = {NULL, &two};
    struct oct_yardstick yardstick = oct_yardstick_select(oct_cpu_detect());
    static unsigned char bytes[100001];
    static const size_t sizes[] = {1024, 1100, sizeof(bytes)};
    for (size_t i = 0; i < 3; ++i) {
        for (int evict = 0; evict < 2; ++evict) {
            for (int k = 0; k < 2; ++k) {
                ck_assert_double_gt(oct_bench_read_gbps(&yardstick, executors[k], bytes, sizes[i], evict != 0), 0.001);
                ck_assert_double_gt(oct_bench_copy_gbps(executors[k], bytes, sizes[i], evict != 0), 0.001);
            }
        }
    }
    ck_assert_uint_gt(n_parts, 2);
}
END_TEST

static void add(Suite *suite)
{
    TCase *verdict = oct_case(suite, "verdict");
    tcase_add_test(verdict, a_quiet_core_is_believed);
    tcase_add_test(verdict, a_peak_that_moves_during_a_measurement_is_refused);
    tcase_add_test(verdict, a_frequency_that_wanders_between_measurements_is_allowed);
    tcase_add_test(verdict, a_core_below_the_least_of_its_level_is_refused);
    tcase_add_test(verdict, a_core_that_does_less_in_a_cycle_than_it_did_is_refused);
    tcase_add_test(verdict, the_higher_reading_is_the_peak);
    TCase *readings = oct_case(suite, "readings");
    tcase_add_test(readings, readings_are_figures_of_a_processor);
    tcase_add_test(readings, bandwidth_is_measured_for_any_size_and_number_of_threads);
}

OCT_CHECK_MAIN("server/cli/bench/limits", add)
