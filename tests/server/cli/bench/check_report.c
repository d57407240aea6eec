#include "server/cli/bench/report.h"

#include <string.h>

#include "tests/server/cli/bench/shapes.h"

#define LINE_BYTES 4096

/// Half of a peak of 400 GOPS: 100 multiply-accumulates in each nanosecond.
static struct oct_bench_result result_of(const struct oct_bench_shapes *shapes)
{
    return (struct oct_bench_result){
        .set = shapes->name,
        .shape = &shapes->cases[0],
        .isa = "avx2",
        .kernel = "k",
        .n_steps = 1,
        .threads = 1,
        .timing =
            {.median_ns = 1000, .min_ns = 900, .p10_ns = 950, .p90_ns = 1150, .n_samples = 11, .runs_per_sample = 4},
        .macs = 100000,
        .bytes = 20000,
        .outputs = 6400,
        .peak = {.gops = 400, .ghz = 2, .macs_per_cycle = 64},
        .limit_gbps = 40};
}

static struct oct_json_document *document_of(const struct oct_bench_result *result)
{
    struct oct_buffer out;
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    oct_buffer_init(&out, NULL, LINE_BYTES);
    ck_assert_status_ok(oct_bench_report_json(result, &out));
    ck_assert_uint_gt(out.length, 0);
    ck_assert_int_eq(out.data[out.length - 1], '\n');
    ck_assert_ok(oct_json_parse((const char *)out.data, out.length, LINE_BYTES, &document, &error), &error);
    oct_buffer_deinit(&out);
    return document;
}

static double number(const struct oct_json_document *document, const char *key)
{
    double value = -1;
    ck_assert_msg(oct_json_is_number(oct_json_get(oct_json_root(document), key), &value), "no number %s", key);
    return value;
}

static const char *text(const struct oct_json_document *document, const char *key)
{
    const char *value = NULL;
    ck_assert_msg(oct_json_is_string(oct_json_get(oct_json_root(document), key), &value, NULL), "no text %s", key);
    return value;
}

static bool is_absent(const struct oct_json_document *document, const char *key)
{
    return oct_json_get(oct_json_root(document), key) == NULL;
}

START_TEST(a_line_has_every_figure)
{
    struct oct_bench_shapes shapes =
        shapes_of("\"op\": \"linear\", \"rows\": 1, \"in_features\": 8, \"out_features\": 8");
    struct oct_bench_result result = result_of(&shapes);
    struct oct_json_document *document = document_of(&result);
    ck_assert_str_eq(text(document, "bench"), "kernels");
    ck_assert_str_eq(text(document, "shape"), "set/a");
    ck_assert_str_eq(text(document, "row"), "r");
    ck_assert_str_eq(text(document, "op"), "linear");
    ck_assert_str_eq(text(document, "isa"), "avx2");
    ck_assert_str_eq(text(document, "kernel"), "k");
    ck_assert_str_eq(text(document, "cache"), "hot");
    ck_assert_double_eq(number(document, "threads"), 1);
    ck_assert_double_eq(number(document, "median_ns"), 1000);
    ck_assert_double_eq(number(document, "min_ns"), 900);
    ck_assert_double_eq_tol(number(document, "spread"), 0.2, 1e-12);
    ck_assert_double_eq(number(document, "gops"), 200);
    ck_assert_double_eq(number(document, "peak_fraction"), 0.5);
    ck_assert_double_eq(number(document, "bytes"), 20000);
    ck_assert_double_eq(number(document, "gbps"), 20);
    ck_assert_double_eq(number(document, "bandwidth_fraction"), 0.5);
    ck_assert(is_absent(document, "cycles_per_64"));
    oct_json_destroy(document);
    result.cold = true;
    document = document_of(&result);
    ck_assert_str_eq(text(document, "cache"), "cold");
    oct_json_destroy(document);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(rows_of_a_batch_are_not_held_against_bandwidth)
{
    struct oct_bench_shapes shapes =
        shapes_of("\"op\": \"linear\", \"rows\": 2, \"in_features\": 8, \"out_features\": 8");
    struct oct_bench_result result = result_of(&shapes);
    struct oct_json_document *document = document_of(&result);
    ck_assert(is_absent(document, "bandwidth_fraction"));
    oct_json_destroy(document);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(element_wise_work_has_bandwidth_and_cycles_and_no_peak)
{
    struct oct_bench_shapes shapes = shapes_of("\"op\": \"mul\", \"elements\": 6400");
    struct oct_bench_result result = result_of(&shapes);
    result.macs = 0;
    struct oct_json_document *document = document_of(&result);
    ck_assert_int_eq((int)oct_json_type(oct_json_get(oct_json_root(document), "gops")), OCT_JSON_NULL);
    ck_assert_int_eq((int)oct_json_type(oct_json_get(oct_json_root(document), "peak_fraction")), OCT_JSON_NULL);
    ck_assert(!is_absent(document, "peak_fraction"));
    ck_assert_double_eq(number(document, "cycles_per_64"), 20); // 1000 ns at 2 GHz over 100 times 64 outputs
    ck_assert_double_eq(number(document, "bandwidth_fraction"), 0.5);
    oct_json_destroy(document);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(depthwise_layers_tell_their_cycles)
{
    struct oct_bench_shapes shapes = shapes_of(
        "\"op\": \"conv2d\", \"batch\": 1, \"in\": [8, 8], \"channels\": 4, \"out_channels\": 4, \"kernel\": [3, 3], "
        "\"stride\": [1, 1], \"padding\": [1, 1], \"dilation\": [1, 1], \"groups\": 4");
    struct oct_bench_result result = result_of(&shapes);
    ck_assert_double_eq(oct_bench_cycles_per_64(&result), 20);
    shapes.cases[0].groups = 2;
    ck_assert_double_eq(oct_bench_cycles_per_64(&result), 0);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

START_TEST(the_table_for_people_has_the_same_figures)
{
    struct oct_bench_shapes shapes =
        shapes_of("\"op\": \"linear\", \"rows\": 1, \"in_features\": 8, \"out_features\": 8");
    struct oct_bench_result result = result_of(&shapes);
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, LINE_BYTES);
    ck_assert_status_ok(oct_bench_report_text(&result, &out));
    ck_assert_status_ok(oct_bench_report_skipped("set", &shapes.cases[0], "no such thing", false, &out));
    ck_assert_status_ok(oct_buffer_append(&out, "", 1));
    const char *lines = (const char *)out.data;
    ck_assert_ptr_nonnull(strstr(lines, "set/a"));
    ck_assert_ptr_nonnull(strstr(lines, "200.0 GOPS"));
    ck_assert_ptr_nonnull(strstr(lines, "50.0 % of peak"));
    ck_assert_ptr_nonnull(strstr(lines, "skipped: no such thing"));
    oct_buffer_deinit(&out);
    oct_bench_shapes_deinit(&shapes);
}
END_TEST

static void add(Suite *suite)
{
    TCase *report = oct_case(suite, "report");
    tcase_add_test(report, a_line_has_every_figure);
    tcase_add_test(report, rows_of_a_batch_are_not_held_against_bandwidth);
    tcase_add_test(report, element_wise_work_has_bandwidth_and_cycles_and_no_peak);
    tcase_add_test(report, depthwise_layers_tell_their_cycles);
    tcase_add_test(report, the_table_for_people_has_the_same_figures);
}

OCT_CHECK_MAIN("server/cli/bench/report", add)
