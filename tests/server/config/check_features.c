#include "server/config/features.h"

#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(without_a_word_all_features_of_the_machine_are_used)
{
    uint64_t features = 0;
    unsetenv("OCT_CPU_MASK");
    ck_assert_status_ok(oct_config_cpu_features("", &features, NULL));
    ck_assert_uint_eq(features, oct_cpu_detect());
    ck_assert_status_ok(oct_config_cpu_features(NULL, &features, NULL));
    ck_assert_uint_eq(features, oct_cpu_detect());
}
END_TEST

START_TEST(the_option_wins_over_the_variable)
{
    uint64_t features = 0;
    ck_assert_int_eq(setenv("OCT_CPU_MASK", "scalar", 1), 0);
    ck_assert_status_ok(oct_config_cpu_features("", &features, NULL));
    ck_assert_str_eq(oct_cpu_isa_name(features), "scalar");
    ck_assert_status_ok(oct_config_cpu_features("0xffffffff", &features, NULL));
    ck_assert_uint_eq(features, oct_cpu_detect());
}
END_TEST

START_TEST(a_mask_never_adds_what_the_machine_lacks)
{
    uint64_t features = 0;
    ck_assert_status_ok(oct_config_cpu_features("0xffffffffffffffff", &features, NULL));
    ck_assert_uint_eq(features & ~oct_cpu_detect(), 0);
}
END_TEST

START_TEST(an_unknown_level_is_refused_and_its_source_named)
{
    uint64_t features = 0;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_INVALID, oct_config_cpu_features("mmx", &features, &error));
    ck_assert_error_says(&error, "cpu.isa");
    ck_assert_error_says(&error, "avx2");
    oct_error_clear(&error);
    ck_assert_int_eq(setenv("OCT_CPU_MASK", "mmx", 1), 0);
    ck_assert_status(OCT_ERR_INVALID, oct_config_cpu_features(NULL, &features, &error));
    ck_assert_error_says(&error, "OCT_CPU_MASK");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *features = oct_case(suite, "features");
    tcase_add_test(features, without_a_word_all_features_of_the_machine_are_used);
    tcase_add_test(features, the_option_wins_over_the_variable);
    tcase_add_test(features, a_mask_never_adds_what_the_machine_lacks);
    tcase_add_test(features, an_unknown_level_is_refused_and_its_source_named);
}

OCT_CHECK_MAIN("server/config/features", add_tests)
