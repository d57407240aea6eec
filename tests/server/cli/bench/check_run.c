#include "server/cli/bench/run.h"

#include <stdio.h>
#include <string.h>

#include "octet/cpu.h"
#include "octet/proto/json.h"
#include "tests/server/cli/bench/shapes.h"

#define LINE_BYTES 4096

static struct oct_json_document *run_one(const char *members, bool cold)
{
    struct oct_bench_shapes shapes = shapes_of(members);
    struct oct_bench_run_options options = {.cpu_features = oct_cpu_detect(),
                                            .threads = 1,
                                            .cold = cold,
                                            .min_ns = 1,
                                            .allow_disturbed = true,
                                            .json = true};
    struct oct_bench_run *run = NULL;
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, LINE_BYTES);
    ck_assert_ok(oct_bench_run_open(&options, &run, &error), &error);
    ck_assert_ok(oct_bench_run_case(run, shapes.name, &shapes.cases[0], &out, &error), &error);
    ck_assert_ok(oct_json_parse((const char *)out.data, out.length, LINE_BYTES, &document, &error), &error);
    oct_bench_run_close(run);
    oct_buffer_deinit(&out);
    oct_bench_shapes_deinit(&shapes);
    return document;
}

static double number(const struct oct_json_document *document, const char *key)
{
    double value = -1;
    ck_assert_msg(oct_json_is_number(oct_json_get(oct_json_root(document), key), &value), "no number %s", key);
    return value;
}

START_TEST(one_step_is_timed_hot)
{
    struct oct_json_document *document =
        run_one("\"op\": \"linear\", \"rows\": 1, \"in_features\": 256, \"out_features\": 64", false);
    ck_assert_double_eq(number(document, "steps"), 1);
    ck_assert_double_ge(number(document, "samples"), 11);
    ck_assert_double_gt(number(document, "runs_per_sample"), 1); // a run is far shorter than a sample
    ck_assert_double_le(number(document, "min_ns"), number(document, "median_ns"));
    ck_assert_double_le(number(document, "p10_ns"), number(document, "p90_ns"));
    ck_assert_double_gt(number(document, "peak_fraction"), 0);
    ck_assert_double_gt(number(document, "bandwidth_fraction"), 0);
    oct_json_destroy(document);
}
END_TEST

#if defined(__x86_64__)
START_TEST(cold_runs_are_timed_alone)
{
    struct oct_json_document *document = run_one("\"op\": \"lut\", \"elements\": 65536", true);
    ck_assert_double_eq(number(document, "runs_per_sample"), 1);
    ck_assert_double_gt(number(document, "cycles_per_64"), 0);
    oct_json_destroy(document);
}
END_TEST
#endif

START_TEST(a_filter_looks_at_name_row_and_operation)
{
    struct oct_bench_shapes shapes = shapes_of("\"op\": \"lut\", \"elements\": 5");
    const struct oct_bench_case *shape = &shapes.cases[0];
    ck_assert(oct_bench_filter_takes(NULL, "set", shape));
    ck_assert(oct_bench_filter_takes("et/a", "set", shape));
    ck_assert(oct_bench_filter_takes("r", "set", shape));
    ck_assert(oct_bench_filter_takes("lu", "set", shape));
    ck_assert(!oct_bench_filter_takes("conv", "set", shape));
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(more_threads_than_can_be_lent_are_refused)
{
    struct oct_bench_run_options options = {.cpu_features = oct_cpu_detect(), .threads = 100, .min_ns = 1};
    struct oct_bench_run *run = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert(oct_bench_run_open(&options, &run, &error) != OCT_OK);
    ck_assert_error_says(&error, "threads");
    ck_assert_ptr_null(run);
}
END_TEST

static void add(Suite *suite)
{
    TCase *runs = oct_case(suite, "run");
    tcase_add_test(runs, one_step_is_timed_hot);
#if defined(__x86_64__)
    tcase_add_test(runs, cold_runs_are_timed_alone);
#endif
    tcase_add_test(runs, a_filter_looks_at_name_row_and_operation);
    tcase_add_test(runs, more_threads_than_can_be_lent_are_refused);
}

OCT_CHECK_MAIN("server/cli/bench/run", add)
