#include "server/config/config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "octet/proto/json.h"
#include "tests/support/oct_check.h"

#define MAX_BYTES ((size_t)1 << 20)

static char *read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char *text = malloc(MAX_BYTES);
    ck_assert_ptr_nonnull(text);
    *n_bytes = fread(text, 1, MAX_BYTES, file);
    fclose(file);
    return text;
}

static void assert_fresh(const char *path, const struct oct_buffer *expected)
{
    size_t n_bytes = 0;
    char *text = read_file(path, &n_bytes);
    ck_assert_msg(n_bytes == expected->length && memcmp(text, expected->data, n_bytes) == 0,
                  "%s is stale: write it anew with `octet check-config --reference` or `--schema`", path);
    free(text);
}

START_TEST(what_is_written_reads_back_the_same)
{
    struct oct_config config, again;
    struct oct_error error = OCT_ERROR_INIT;
    oct_config_init(&config);
    ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_server_port, "1", "t", NULL));
    ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_models_store, "a \"b\" \\ c", "t", NULL));
    ck_assert_status_ok(oct_config_set(&config, OCT_CONFIG_INDEX_management_open, "true", "t", NULL));
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, MAX_BYTES);
    ck_assert_status_ok(oct_config_write(&config, &out));
    oct_config_init(&again);
    ck_assert_ok(oct_config_load_text(&again, (const char *)out.data, out.length, "written", &error), &error);
    ck_assert_mem_eq(&again, &config, sizeof(config));
    oct_buffer_deinit(&out);
}
END_TEST

START_TEST(the_generated_files_are_fresh)
{
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, MAX_BYTES);
    ck_assert_status_ok(oct_config_write_reference(&out));
    assert_fresh("configs/octet.reference.json", &out);
    oct_buffer_deinit(&out);
    ck_assert_status_ok(oct_config_write_schema(&out));
    assert_fresh("configs/schema/octet.schema.json", &out);
    oct_buffer_deinit(&out);
}
END_TEST

START_TEST(the_shipped_configuration_is_the_default)
{
    struct oct_config shipped, defaults;
    struct oct_error error = OCT_ERROR_INIT;
    oct_config_init(&shipped);
    oct_config_init(&defaults);
    ck_assert_ok(oct_config_load_file(&shipped, "configs/octet.json", &error), &error);
    ck_assert_mem_eq(&shipped, &defaults, sizeof(defaults));
}
END_TEST

START_TEST(every_example_is_a_good_configuration)
{
    DIR *folder = opendir("configs/examples");
    ck_assert_ptr_nonnull(folder);
    size_t n_examples = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strstr(entry->d_name, ".json") == NULL) {
            continue;
        }
        char path[512];
        struct oct_config config;
        struct oct_error error = OCT_ERROR_INIT;
        snprintf(path, sizeof(path), "configs/examples/%.200s", entry->d_name);
        oct_config_init(&config);
        ck_assert_ok(oct_config_load_file(&config, path, &error), &error);
        ck_assert_ok(oct_config_check(&config, &error), &error);
        n_examples += 1;
    }
    closedir(folder);
    ck_assert_uint_ge(n_examples, 3);
}
END_TEST

START_TEST(the_schema_names_every_option)
{
    struct oct_buffer out;
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    oct_buffer_init(&out, NULL, MAX_BYTES);
    ck_assert_status_ok(oct_config_write_schema(&out));
    ck_assert_ok(oct_json_parse((const char *)out.data, out.length, MAX_BYTES, &document, &error), &error);
    const struct oct_json *sections = oct_json_get(oct_json_root(document), "properties");
    size_t n_options = 0;
    for (size_t i = 0; i < oct_json_count(sections); ++i) {
        const char *name = NULL;
        const struct oct_json *section = oct_json_member(sections, i, &name);
        n_options += oct_json_count(oct_json_get(section, "properties"));
    }
    ck_assert_uint_eq(n_options, OCT_CONFIG_OPTION_COUNT);
    oct_json_destroy(document);
    oct_buffer_deinit(&out);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *output = oct_case(suite, "output");
    tcase_add_test(output, what_is_written_reads_back_the_same);
    tcase_add_test(output, the_schema_names_every_option);
    TCase *files = oct_case(suite, "files");
    tcase_add_test(files, the_generated_files_are_fresh);
    tcase_add_test(files, the_shipped_configuration_is_the_default);
    tcase_add_test(files, every_example_is_a_good_configuration);
}

OCT_CHECK_MAIN("server/config/config_print", add_tests)
