#include "server/config/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/oct_check.h"

static enum oct_status load(struct oct_config *config, const char *text, struct oct_error *error)
{
    oct_config_init(config);
    return oct_config_load_text(config, text, strlen(text), "test.json", error);
}

START_TEST(a_file_overrides_what_it_names_and_nothing_else)
{
    struct oct_config config, defaults;
    struct oct_error error = OCT_ERROR_INIT;
    oct_config_init(&defaults);
    ck_assert_ok(load(&config,
                      "{\"$schema\": \"x\", \"server\": {\"port\": 9000, \"max_infer_body_bytes\": \"1MiB\"},"
                      " \"log\": {\"format\": \"text\"}, \"management\": {\"open\": true}}",
                      &error),
                 &error);
    ck_assert_uint_eq(config.server_port, 9000);
    ck_assert_uint_eq(config.server_max_infer_body_bytes, (uint64_t)1 << 20);
    ck_assert_str_eq(config.log_format, "text");
    ck_assert(config.management_open);
    ck_assert_str_eq(config.server_address, defaults.server_address);
    ck_assert_uint_eq(config.batch_max_batch_size, defaults.batch_max_batch_size);
}
END_TEST

START_TEST(every_mistake_is_named_with_its_place)
{
    static const struct {
        const char *text;
        enum oct_status status;
        const char *says;
    } cases[] = {
        {"", OCT_ERR_CORRUPT, "test.json"},
        {"{", OCT_ERR_CORRUPT, "test.json"},
        {"[]", OCT_ERR_INVALID, "expected an object"},
        {"{\"server\": 1}", OCT_ERR_INVALID, "expected an object"},
        {"{\"server\": {\"prot\": 1}}", OCT_ERR_INVALID, "server.prot"},
        {"{\"sever\": {\"port\": 1}}", OCT_ERR_INVALID, "sever.port"},
        {"{\"server\": {\"port\": \"8080\"}}", OCT_ERR_INVALID, "server.port"},
        {"{\"server\": {\"port\": 65536}}", OCT_ERR_INVALID, "expected 0 to 65535"},
        {"{\"server\": {\"port\": -1}}", OCT_ERR_INVALID, "not negative"},
        {"{\"server\": {\"port\": 1.5}}", OCT_ERR_INVALID, "a whole number"},
        {"{\"server\": {\"address\": 5}}", OCT_ERR_INVALID, "expected a string"},
        {"{\"management\": {\"open\": \"true\"}}", OCT_ERR_INVALID, "expected true or false"},
        {"{\"log\": {\"level\": \"loud\"}}", OCT_ERR_INVALID, "'loud'"},
        {"{\"server\": {\"max_infer_body_bytes\": \"1MB\"}}", OCT_ERR_INVALID, "'1MB'"},
        {"{\"server\": {\"port\": 1, \"port\": 2}}", OCT_ERR_CORRUPT, "test.json"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct oct_config config;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(cases[i].status, load(&config, cases[i].text, &error));
        ck_assert_error_says(&error, cases[i].says);
        ck_assert_error_says(&error, "test.json");
    }
}
END_TEST

START_TEST(the_environment_overrides_the_file)
{
    struct oct_config config;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(load(&config, "{\"server\": {\"port\": 9000, \"io_threads\": 2}}", &error), &error);
    ck_assert_int_eq(setenv("OCTET_SERVER_PORT", "9001", 1), 0);
    ck_assert_int_eq(setenv("OCTET_LOG_LEVEL", "", 1), 0); // empty: as if it were not there
    ck_assert_int_eq(setenv("OCTET_SERVER_NONSENSE", "1", 1), 0);
    ck_assert_ok(oct_config_load_environment(&config, &error), &error);
    ck_assert_uint_eq(config.server_port, 9001);
    ck_assert_uint_eq(config.server_io_threads, 2);
    ck_assert_str_eq(config.log_level, "info");
    ck_assert_int_eq(setenv("OCTET_SERVER_PORT", "tcp://10.0.0.1:8080", 1), 0);
    ck_assert_status(OCT_ERR_INVALID, oct_config_load_environment(&config, &error));
    ck_assert_error_says(&error, "OCTET_SERVER_PORT");
}
END_TEST

START_TEST(a_file_that_is_absent_a_folder_or_too_long_is_refused)
{
    struct oct_config config;
    oct_config_init(&config);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_config_load_file(&config, "build/no such file.json", &error));
    ck_assert_error_says(&error, "no such file.json");
    ck_assert_status(OCT_ERR_IO, oct_config_load_file(&config, "/", NULL));

    char path[] = "/tmp/octet-config-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *file = fdopen(fd, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "{%*s}", (int)OCT_CONFIG_MAX_FILE_BYTES - 2, "");
    fflush(file);
    ck_assert_status_ok(oct_config_load_file(&config, path, NULL)); // as long as may be
    fprintf(file, " ");
    fclose(file);
    ck_assert_status(OCT_ERR_LIMIT, oct_config_load_file(&config, path, NULL));
    unlink(path);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *sources = oct_case(suite, "sources");
    tcase_add_test(sources, a_file_overrides_what_it_names_and_nothing_else);
    tcase_add_test(sources, every_mistake_is_named_with_its_place);
    tcase_add_test(sources, the_environment_overrides_the_file);
    tcase_add_test(sources, a_file_that_is_absent_a_folder_or_too_long_is_refused);
}

OCT_CHECK_MAIN("server/config/config_load", add_tests)
