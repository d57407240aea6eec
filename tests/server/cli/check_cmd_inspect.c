#include "octet/proto/json.h"
#include "tests/server/cli/capture.h"

static struct capture run;

START_TEST(the_text_shows_what_people_ask_for)
{
    CAPTURE(&run, "inspect", SHIPPED);
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    static const char *const parts[] = {
        "sha256     ",      "rows       independent", "the same bytes on every CPU", "graph as the file has it",
        "graph as it runs", "quantized::conv2d_relu", "quint8 [N, 16, 28, 28]",      "arena per worker"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); ++i) {
        ck_assert_holds(run.out, parts[i]);
    }
    ck_assert_ptr_null(strstr(run.out, "class F]"));
}
END_TEST

START_TEST(the_json_is_one_object_with_a_step_per_node)
{
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    CAPTURE(&run, "inspect", SHIPPED, "--json");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_ok(oct_json_parse(run.out, strlen(run.out), CAPTURE_BYTES, &document, &error), &error);
    const struct oct_json *root = oct_json_root(document);
    const char *text = NULL;
    ck_assert(oct_json_is_string(oct_json_get(root, "sha256"), &text, NULL));
    ck_assert_uint_eq(strlen(text), 64);
    ck_assert_uint_eq(oct_json_count(oct_json_get(root, "labels")), 10);
    ck_assert_uint_ge(oct_json_count(oct_json_get(root, "steps")), 10);
    const struct oct_json *input = oct_json_at(oct_json_get(root, "inputs"), 0);
    ck_assert(oct_json_is_string(oct_json_at(oct_json_get(input, "shape"), 0), &text, NULL));
    ck_assert_str_eq(text, "N");
    for (size_t i = 0; i < oct_json_count(oct_json_get(root, "steps")); ++i) {
        const struct oct_json *step = oct_json_at(oct_json_get(root, "steps"), i);
        ck_assert(oct_json_is_string(oct_json_get(step, "kernel"), &text, NULL));
        ck_assert_uint_gt(strlen(text), 0);
    }
    oct_json_destroy(document);
}
END_TEST

START_TEST(a_lower_instruction_set_is_shown_with_its_kernels)
{
    CAPTURE(&run, "inspect", SHIPPED, "--isa", "scalar");
    ck_assert_holds(run.out, "isa        scalar");
    ck_assert_ptr_null(strstr(run.out, "__avx"));
    CAPTURE(&run, "inspect", SHIPPED, "--reference");
    ck_assert_holds(run.out, "reference");
}
END_TEST

START_TEST(what_is_no_model_is_an_error)
{
    CAPTURE(&run, "inspect", "CMakeLists.txt");
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_CORRUPT));
    ck_assert_holds(run.err, "CMakeLists.txt");
    ck_assert_str_eq(run.out, "");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *inspect = oct_case(suite, "inspect");
    tcase_add_test(inspect, the_text_shows_what_people_ask_for);
    tcase_add_test(inspect, the_json_is_one_object_with_a_step_per_node);
    tcase_add_test(inspect, a_lower_instruction_set_is_shown_with_its_kernels);
    tcase_add_test(inspect, what_is_no_model_is_an_error);
}

OCT_CHECK_MAIN("server/cli/cmd_inspect", add_tests)
