#include "server/cli/config_flags.h"

#include "tests/server/cli/capture.h"
#include "tests/server/cli/folder.h"

/// The index of a flag by its name.
static size_t flag_index(const struct oct_cli_config *parsed, const char *name)
{
    for (size_t i = 0; i < parsed->n_flags; ++i) {
        if (strcmp(parsed->flags[i].name, name) == 0) {
            return i;
        }
    }
    ck_abort_msg("no flag --%s", name);
    return 0;
}

static struct oct_cli_config parsed;

START_TEST(every_option_has_its_flags)
{
    oct_cli_config_init(&parsed);
    for (size_t i = 0; i < OCT_CONFIG_OPTION_COUNT; ++i) {
        char name[OCT_CONFIG_NAME_BYTES];
        oct_config_flag_name(oct_config_option(i), name);
        ck_assert_uint_eq(parsed.options[flag_index(&parsed, name)], i);
        if (oct_config_option(i)->short_flag[0] != 0) {
            ck_assert_uint_eq(parsed.options[flag_index(&parsed, oct_config_option(i)->short_flag)], i);
        }
    }
    ck_assert_uint_le(parsed.n_flags + 8, OCT_CLI_CONFIG_MAX_FLAGS);
}
END_TEST

START_TEST(flags_win_over_environment_over_file)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];
    static const char text[] = "{\"server\": {\"port\": 1, \"io_threads\": 2, \"max_connections\": 3}}";
    struct oct_config config;
    struct oct_error error = OCT_ERROR_INIT;
    folder_make(folder);
    folder_write(folder_join(folder, "octet.json", path), text, strlen(text));
    oct_cli_config_init(&parsed);
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "config"), path));
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "port"), "7"));
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "server-port"), "8")); // the last one wins
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "open-management"), NULL));
    ck_assert_int_eq(setenv("OCTET_SERVER_PORT", "5", 1), 0);
    ck_assert_int_eq(setenv("OCTET_SERVER_IO_THREADS", "6", 1), 0);
    ck_assert_ok(oct_cli_config_load(&parsed, &config, &error), &error);
    ck_assert_uint_eq(config.server_port, 8);
    ck_assert_uint_eq(config.server_io_threads, 6);
    ck_assert_uint_eq(config.server_max_connections, 3);
    ck_assert(config.management_open);
    folder_remove(folder);
}
END_TEST

START_TEST(the_variable_names_the_file_unless_a_flag_does)
{
    ck_assert_int_eq(setenv("OCTET_CONFIG", "/from/environment", 1), 0);
    oct_cli_config_init(&parsed);
    ck_assert_str_eq(parsed.path, "/from/environment");
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "config"), "/from/flag"));
    ck_assert_str_eq(parsed.path, "/from/flag");
}
END_TEST

START_TEST(a_flag_of_the_command_is_not_an_option)
{
    oct_cli_config_init(&parsed);
    size_t own = oct_cli_config_add(&parsed, &(struct oct_cli_flag){"own", NULL, "mine"});
    ck_assert(!oct_cli_config_set(&parsed, own, NULL));
}
END_TEST

START_TEST(a_bad_value_is_named_by_the_flag_that_was_used)
{
    struct oct_config config;
    struct oct_error error = OCT_ERROR_INIT;
    oct_cli_config_init(&parsed);
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "port"), "http"));
    ck_assert_status(OCT_ERR_INVALID, oct_cli_config_load(&parsed, &config, &error));
    ck_assert_error_says(&error, "--port");
    oct_cli_config_init(&parsed);
    oct_error_clear(&error);
    ck_assert(oct_cli_config_set(&parsed, flag_index(&parsed, "address"), "localhost"));
    ck_assert_status(OCT_ERR_INVALID, oct_cli_config_load(&parsed, &config, &error));
    ck_assert_error_says(&error, "server.address");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *flags = oct_case(suite, "flags");
    tcase_add_test(flags, every_option_has_its_flags);
    tcase_add_test(flags, flags_win_over_environment_over_file);
    tcase_add_test(flags, the_variable_names_the_file_unless_a_flag_does);
    tcase_add_test(flags, a_flag_of_the_command_is_not_an_option);
    tcase_add_test(flags, a_bad_value_is_named_by_the_flag_that_was_used);
}

OCT_CHECK_MAIN("server/cli/config_flags", add_tests)
