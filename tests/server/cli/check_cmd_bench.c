#include "octet/proto/json.h"
#include "tests/server/cli/capture.h"

static struct capture run;

START_TEST(each_line_is_a_json_object_with_its_figures)
{
    CAPTURE(&run, "bench", "model", SHIPPED, "--rows", "1,3", "--seconds", "1", "--json", "--isa", "scalar");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    int64_t expected_rows[] = {1, 3};
    char *line = run.out;
    for (size_t i = 0; i < 2; ++i) {
        struct oct_json_document *document = NULL;
        struct oct_error error = OCT_ERROR_INIT;
        size_t length = strcspn(line, "\n");
        ck_assert_ok(oct_json_parse(line, length, CAPTURE_BYTES, &document, &error), &error);
        const struct oct_json *root = oct_json_root(document);
        int64_t rows = 0, median = 0, least = 0, p99 = 0;
        const char *isa = NULL;
        ck_assert(oct_json_is_integer(oct_json_get(root, "rows"), &rows));
        ck_assert(oct_json_is_integer(oct_json_get(root, "median_ns"), &median));
        ck_assert(oct_json_is_integer(oct_json_get(root, "min_ns"), &least));
        ck_assert(oct_json_is_integer(oct_json_get(root, "p99_ns"), &p99));
        ck_assert(oct_json_is_string(oct_json_get(root, "isa"), &isa, NULL));
        ck_assert_int_eq(rows, expected_rows[i]);
        ck_assert_int_gt(least, 0);
        ck_assert_int_le(least, median);
        ck_assert_int_le(median, p99);
        ck_assert_str_eq(isa, "scalar");
        double gops = 0, peak = 0, share = 0;
        bool disturbed;
        ck_assert(oct_json_is_number(oct_json_get(root, "gops"), &gops));
        ck_assert(oct_json_is_number(oct_json_get(root, "peak_gops"), &peak));
        ck_assert(oct_json_is_number(oct_json_get(root, "peak_fraction"), &share));
        ck_assert(oct_json_is_bool(oct_json_get(root, "disturbed"), &disturbed));
        ck_assert_double_gt(gops, 0);
        ck_assert_double_eq_tol(share, gops / peak, 1e-9);
        oct_json_destroy(document);
        line += length + 1;
    }
    ck_assert_int_eq(*line, 0);
}
END_TEST

START_TEST(steps_are_measured_when_asked_for)
{
    CAPTURE(&run, "bench", "model", SHIPPED, "--rows", "2", "--seconds", "1", "--steps");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_holds(run.out, "2 rows");
    ck_assert_holds(run.out, "quantized::add_relu");
    CAPTURE(&run, "bench", "model", SHIPPED, "--rows", "2", "--seconds", "1", "--steps", "--json");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_holds(run.out, "\"bench\":\"step\"");
    ck_assert_holds(run.out, "\"kernel\":\"qgemm_");
}
END_TEST

START_TEST(mistakes_are_told)
{
    CAPTURE(&run, "bench", "kernel", SHIPPED);
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "no such bench");
    CAPTURE(&run, "bench", "model", SHIPPED, "--rows", "1,x");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "model", SHIPPED, "--rows", "0");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "bench", "model", SHIPPED, "--seconds", "0");
    ck_assert_int_eq(run.exit_code, 2);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *bench = oct_case(suite, "bench");
    tcase_add_test(bench, each_line_is_a_json_object_with_its_figures);
    tcase_add_test(bench, steps_are_measured_when_asked_for);
    tcase_add_test(bench, mistakes_are_told);
}

OCT_CHECK_MAIN("server/cli/cmd_bench", add_tests)
