#include "octet/cpu.h"
#include "octet/proto/json.h"
#include "tests/server/cli/capture.h"

static struct capture run;

static const char *isa_of(const char *json, double *gops)
{
    static char isa[64];
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    const char *text = NULL;
    ck_assert_ok(oct_json_parse(json, strlen(json), CAPTURE_BYTES, &document, &error), &error);
    ck_assert(oct_json_is_string(oct_json_get(oct_json_root(document), "isa"), &text, NULL));
    ck_assert(oct_json_is_number(oct_json_get(oct_json_root(document), "peak_gops"), gops));
    snprintf(isa, sizeof(isa), "%s", text);
    oct_json_destroy(document);
    return isa;
}

START_TEST(the_chosen_level_is_the_highest_of_the_machine)
{
    double gops = 0;
    unsetenv("OCT_CPU_MASK");
    CAPTURE(&run, "cpu", "--json");
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
    ck_assert_str_eq(isa_of(run.out, &gops), oct_cpu_isa_name(oct_cpu_detect()));
    ck_assert_double_gt(gops, 0.01);
    ck_assert_holds(run.out, "\"dot_gops\"");
    ck_assert_holds(run.out, "\"ghz\"");
}
END_TEST

START_TEST(a_lower_level_may_be_forced_by_flag_or_variable)
{
    double gops = 0;
    CAPTURE(&run, "cpu", "--json", "--isa", "scalar");
    ck_assert_str_eq(isa_of(run.out, &gops), "scalar");
    ck_assert_int_eq(setenv("OCT_CPU_MASK", "scalar", 1), 0);
    CAPTURE(&run, "cpu", "--json");
    ck_assert_str_eq(isa_of(run.out, &gops), "scalar");
    CAPTURE(&run, "cpu", "--kernels");
    ck_assert_holds(run.out, "kernel   qgemm");
    ck_assert_holds(run.out, "used     scalar");
    ck_assert_holds(run.out, "cores    ");
    CAPTURE(&run, "cpu", "--isa", "mmx");
    ck_assert_int_eq(run.exit_code, 2);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *cpu = oct_case(suite, "cpu");
    tcase_add_test(cpu, the_chosen_level_is_the_highest_of_the_machine);
    tcase_add_test(cpu, a_lower_level_may_be_forced_by_flag_or_variable);
}

OCT_CHECK_MAIN("server/cli/cmd_cpu", add_tests)
