#include "server/metrics/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/oct_check.h"

/// The value of a metric in a fresh scrape.
static double value_of(const char *name)
{
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, 65536);
    ck_assert_status_ok(oct_process_metrics_write(1.5, &out));
    ck_assert_status_ok(oct_buffer_append(&out, "", 1));
    char line[128];
    snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr((char *)out.data, line);
    ck_assert_msg(at != NULL, "no %s in %s", name, (char *)out.data);
    double value = strtod(at + strlen(line), NULL);
    oct_buffer_deinit(&out);
    return value;
}

START_TEST(values_are_those_of_this_process)
{
    ck_assert_double_eq(value_of("process_start_time_seconds"), 1.5);
    ck_assert_double_gt(value_of("process_resident_memory_bytes"), 100e3);
    ck_assert_double_gt(value_of("process_virtual_memory_bytes"), value_of("process_resident_memory_bytes"));
    ck_assert_double_ge(value_of("process_cpu_seconds_total"), 0);
    double before = value_of("process_open_fds");
    int fd = open("/dev/null", O_RDONLY);
    ck_assert_double_eq(value_of("process_open_fds"), before + 1);
    close(fd);
}
END_TEST

START_TEST(the_start_time_is_now_when_asked)
{
    double now = (double)time(NULL);
    ck_assert_double_ge(oct_process_start_time(), now);
    ck_assert_double_lt(oct_process_start_time(), now + 60);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *metrics = oct_case(suite, "metrics");
    tcase_add_test(metrics, values_are_those_of_this_process);
    tcase_add_test(metrics, the_start_time_is_now_when_asked);
}

OCT_CHECK_MAIN("server/metrics/process", add_tests)
