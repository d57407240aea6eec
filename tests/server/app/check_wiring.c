#include "server/app/wiring.h"

#include <string.h>

#include "octet/cpu.h"
#include "tests/support/oct_check.h"

START_TEST(units_become_those_of_the_parts)
{
    struct oct_config config;
    oct_config_init(&config);
    config.server_header_timeout_ms = 3;
    config.batch_default_timeout_ms = 7;
    config.server_max_inflight_bytes = 11;
    struct oct_http_options http = oct_app_http_of(&config, NULL, NULL, NULL);
    struct oct_services_options services = oct_app_services_of(&config, 0, NULL, NULL, NULL);
    ck_assert_uint_eq(http.header_timeout_us, 3000);
    ck_assert_uint_eq(http.max_inflight_bytes, 11);
    ck_assert_uint_eq(services.default_timeout_us, 7000);
    ck_assert_uint_gt(http.n_routes, 10);
    ck_assert_ptr_null(http.admin_token_sha256);
}
END_TEST

START_TEST(empty_paths_mean_none)
{
    struct oct_config config;
    oct_config_init(&config);
    ck_assert_ptr_null(oct_app_services_of(&config, 0, NULL, NULL, NULL).shipped_dir);
    ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_models_directory, "m", "t", NULL));
    ck_assert_str_eq(oct_app_services_of(&config, 0, NULL, NULL, NULL).shipped_dir, "m");
}
END_TEST

START_TEST(a_mask_of_no_features_is_not_read_as_all_features)
{
    struct oct_config config;
    oct_config_init(&config);
    uint64_t features = oct_app_services_of(&config, 0, NULL, NULL, NULL).cpu_features;
    ck_assert_uint_ne(features, 0);
    ck_assert_str_eq(oct_cpu_isa_name(features), "scalar");
    features = oct_app_services_of(&config, oct_cpu_detect(), NULL, NULL, NULL).cpu_features;
    ck_assert_str_eq(oct_cpu_isa_name(features), oct_cpu_isa_name(oct_cpu_detect()));
}
END_TEST

START_TEST(every_choice_of_the_log_is_understood)
{
    static const char *const levels[] = {"debug", "info", "warning", "error", "off"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); ++i) {
        struct oct_config config;
        oct_config_init(&config);
        ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_log_level, levels[i], "t", NULL));
        ck_assert_uint_eq(oct_app_log_of(&config, 2).level, (enum oct_log_level)i);
        ck_assert_int_eq(oct_app_log_of(&config, 2).format, OCT_LOG_JSON);
        ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_log_format, "text", "t", NULL));
        ck_assert_int_eq(oct_app_log_of(&config, 2).format, OCT_LOG_TEXT);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *wiring = oct_case(suite, "wiring");
    tcase_add_test(wiring, units_become_those_of_the_parts);
    tcase_add_test(wiring, empty_paths_mean_none);
    tcase_add_test(wiring, a_mask_of_no_features_is_not_read_as_all_features);
    tcase_add_test(wiring, every_choice_of_the_log_is_understood);
}

OCT_CHECK_MAIN("server/app/wiring", add_tests)
