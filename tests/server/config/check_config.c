#include "server/config/config.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(every_default_is_accepted_and_set)
{
    struct oct_config config;
    oct_config_init(&config);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const struct oct_config_option *option = oct_config_option(i);
        struct oct_error error = OCT_ERROR_INIT;
        struct oct_config again = config;
        ck_assert_ok(oct_config_set(&again, i, option->default_text, option->name, &error), &error);
        ck_assert_mem_eq(&again, &config, sizeof(config));
    }
    ck_assert_str_eq(config.server_address, "127.0.0.1");
    ck_assert_uint_eq(config.server_port, 8080);
    ck_assert_uint_eq(config.server_max_infer_body_bytes, (uint64_t)64 << 20);
    ck_assert_uint_eq(config.batch_max_queue_delay_us, 0);
    ck_assert(!config.management_open);
}
END_TEST

START_TEST(every_row_has_a_name_of_two_parts_and_a_doc)
{
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        const struct oct_config_option *option = oct_config_option(i);
        const char *dot = strchr(option->name, '.');
        ck_assert_msg(dot != NULL && strchr(dot + 1, '.') == NULL, "%s", option->name);
        ck_assert_uint_lt(strlen("OCTET_") + strlen(option->name), OCT_CONFIG_NAME_BYTES);
        size_t doc_length = strlen(option->doc);
        ck_assert_msg(doc_length > 10 && option->doc[doc_length - 1] == '.', "%s: the doc is no sentence",
                      option->name);
        for (size_t j = 0; j < i; ++j) {
            const struct oct_config_option *other = oct_config_option(j);
            ck_assert_str_ne(option->name, other->name);
            ck_assert_msg(option->short_flag[0] == 0 || strcmp(option->short_flag, other->short_flag) != 0,
                          "two options called --%s", option->short_flag);
        }
    }
}
END_TEST

START_TEST(names_of_variables_and_flags_follow_from_the_option)
{
    char name[OCT_CONFIG_NAME_BYTES];
    const struct oct_config_option *option = oct_config_option(OCT_CONFIG_INDEX_server_max_infer_body_bytes);
    oct_config_variable_name(option, name);
    ck_assert_str_eq(name, "OCTET_SERVER_MAX_INFER_BODY_BYTES");
    oct_config_flag_name(option, name);
    ck_assert_str_eq(name, "server-max-infer-body-bytes");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *table = oct_case(suite, "table");
    tcase_add_test(table, every_default_is_accepted_and_set);
    tcase_add_test(table, every_row_has_a_name_of_two_parts_and_a_doc);
    tcase_add_test(table, names_of_variables_and_flags_follow_from_the_option);
}

OCT_CHECK_MAIN("server/config/config", add_tests)
