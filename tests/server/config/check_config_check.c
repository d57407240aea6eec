#include "server/config/config.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

static struct oct_config defaults(void)
{
    struct oct_config config;
    oct_config_init(&config);
    return config;
}

START_TEST(the_defaults_are_consistent)
{
    struct oct_config config = defaults();
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_config_check(&config, &error), &error);
}
END_TEST

START_TEST(an_address_is_numeric)
{
    static const char *const good[] = {"0.0.0.0", "::", "::1", "10.1.2.3"};
    static const char *const bad[] = {"", "localhost", "1.2.3", "1.2.3.4:80", "[::1]"};
    struct oct_config config = defaults();
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
        snprintf(config.server_address, sizeof(config.server_address), "%s", good[i]);
        ck_assert_status_ok(oct_config_check(&config, NULL));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
        struct oct_error error = OCT_ERROR_INIT;
        snprintf(config.server_address, sizeof(config.server_address), "%s", bad[i]);
        ck_assert_status(OCT_ERR_INVALID, oct_config_check(&config, &error));
        ck_assert_error_says(&error, "server.address");
    }
}
END_TEST

START_TEST(options_that_contradict_one_another_are_refused)
{
    struct oct_config config = defaults();
    struct oct_error error = OCT_ERROR_INIT;
    config.server_max_inflight_bytes = config.server_max_infer_body_bytes - 1;
    ck_assert_status(OCT_ERR_INVALID, oct_config_check(&config, &error));
    ck_assert_error_says(&error, "server.max_inflight_bytes");

    config = defaults();
    oct_error_clear(&error);
    config.management_open = true;
    snprintf(config.management_token_file, sizeof(config.management_token_file), "/run/token");
    ck_assert_status(OCT_ERR_INVALID, oct_config_check(&config, &error));
    ck_assert_error_says(&error, "management.open");

    config = defaults();
    oct_error_clear(&error);
    config.batch_default_timeout_ms = config.batch_max_timeout_ms + 1;
    ck_assert_status(OCT_ERR_INVALID, oct_config_check(&config, &error));
    ck_assert_error_says(&error, "batch.max_timeout_ms");

    config = defaults();
    oct_error_clear(&error);
    snprintf(config.cpu_isa, sizeof(config.cpu_isa), "mmx");
    ck_assert_status(OCT_ERR_INVALID, oct_config_check(&config, &error));
    ck_assert_error_says(&error, "cpu.isa");
}
END_TEST

START_TEST(loopback_is_told_from_the_rest)
{
    ck_assert(oct_config_is_loopback("127.0.0.1"));
    ck_assert(oct_config_is_loopback("127.9.9.9"));
    ck_assert(oct_config_is_loopback("::1"));
    ck_assert(!oct_config_is_loopback("0.0.0.0"));
    ck_assert(!oct_config_is_loopback("::"));
    ck_assert(!oct_config_is_loopback("128.0.0.1"));
    ck_assert(!oct_config_is_loopback("::ffff:10.0.0.1"));
    ck_assert(!oct_config_is_loopback("nonsense"));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rules = oct_case(suite, "rules");
    tcase_add_test(rules, the_defaults_are_consistent);
    tcase_add_test(rules, an_address_is_numeric);
    tcase_add_test(rules, options_that_contradict_one_another_are_refused);
    tcase_add_test(rules, loopback_is_told_from_the_rest);
}

OCT_CHECK_MAIN("server/config/config_check", add_tests)
