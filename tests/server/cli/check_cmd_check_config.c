#include "server/config/config.h"

#include "tests/server/cli/capture.h"

static struct capture run;

START_TEST(the_effective_configuration_is_printed_as_a_configuration)
{
    struct oct_config config;
    struct oct_error error = OCT_ERROR_INIT;
    CAPTURE(&run, "check-config", "--config", "configs/examples/low-latency.json", "--port", "9");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    oct_config_init(&config);
    ck_assert_ok(oct_config_load_text(&config, run.out, strlen(run.out), "printed", &error), &error);
    ck_assert_uint_eq(config.server_port, 9);
    ck_assert_uint_eq(config.batch_max_batch_size, 8);
}
END_TEST

START_TEST(a_bad_configuration_is_refused_with_its_place)
{
    CAPTURE(&run, "check-config", "--port", "70000");
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_holds(run.err, "--port: expected 0 to 65535");
    CAPTURE(&run, "check-config", "--config", "README.md");
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_CORRUPT));
    ck_assert_holds(run.err, "README.md");
    CAPTURE(&run, "check-config", "--config", "no/such/file");
    ck_assert_int_eq(run.exit_code, oct_status_exit_code(OCT_ERR_NOT_FOUND));
    CAPTURE(&run, "check-config", "stray");
    ck_assert_int_eq(run.exit_code, 2);
    ck_assert_str_eq(run.out, "");
}
END_TEST

START_TEST(reference_and_schema_are_those_in_the_tree)
{
    CAPTURE(&run, "check-config", "--reference");
    ck_assert_int_eq(run.exit_code, 0);
    ck_assert_holds(run.out, "\"OCTET_BATCH_MAX_BATCH_SIZE\"");
    CAPTURE(&run, "check-config", "--schema");
    ck_assert_int_eq(run.exit_code, 0);
    ck_assert_holds(run.out, "json-schema.org");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *check = oct_case(suite, "check");
    tcase_add_test(check, the_effective_configuration_is_printed_as_a_configuration);
    tcase_add_test(check, a_bad_configuration_is_refused_with_its_place);
    tcase_add_test(check, reference_and_schema_are_those_in_the_tree);
}

OCT_CHECK_MAIN("server/cli/cmd_check_config", add_tests)
