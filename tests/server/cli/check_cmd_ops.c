#include "octet/op.h"
#include "octet/proto/json.h"
#include "tests/server/cli/capture.h"

/// The registry is larger than what a capture holds, so it goes through a file.
static char text[1 << 20];

static const struct oct_json *find(const struct oct_json *array, const char *name)
{
    for (size_t i = 0; i < oct_json_count(array); ++i) {
        const char *found = NULL;
        if (oct_json_is_string(oct_json_get(oct_json_at(array, i), "name"), &found, NULL) && strcmp(found, name) == 0) {
            return oct_json_at(array, i);
        }
    }
    ck_abort_msg("no %s", name);
    return NULL;
}

static void list(const char *flag)
{
    char path[] = "/tmp/octet-ops-XXXXXX";
    char command[] = "octet", ops[] = "ops", flag_text[16];
    char *argv[] = {command, ops, flag_text, NULL};
    snprintf(flag_text, sizeof(flag_text), "%s", flag);
    int fd = mkstemp(path), saved = dup(STDOUT_FILENO);
    ck_assert_int_ge(fd, 0);
    unlink(path);
    fflush(stdout);
    dup2(fd, STDOUT_FILENO);
    int exit_code = oct_cli_main(flag[0] != 0 ? 3 : 2, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    ssize_t n_read = pread(fd, text, sizeof(text) - 1, 0);
    close(fd);
    ck_assert_int_eq(exit_code, 0);
    ck_assert_int_gt(n_read, 0);
    text[n_read] = 0;
}

START_TEST(the_json_has_every_operator_with_its_schema)
{
    struct oct_json_document *document = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_registry *registry = NULL;
    list("--json");
    ck_assert_ok(oct_json_parse(text, strlen(text), sizeof(text), &document, &error), &error);
    const struct oct_json *root = oct_json_root(document);
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    ck_assert_uint_eq(oct_json_count(root), oct_op_registry_count(registry));
    for (size_t i = 0; i < oct_op_registry_count(registry); ++i) {
        const struct oct_json *op = find(root, oct_op_registry_at(registry, i)->name);
        const char *doc = NULL;
        ck_assert(oct_json_is_string(oct_json_get(op, "doc"), &doc, NULL));
        ck_assert_uint_gt(strlen(doc), 10);
    }
    const struct oct_json *attributes = oct_json_get(find(root, "quantized::conv2d"), "attributes");
    const struct oct_json *stride = find(attributes, "stride");
    const char *type = NULL;
    double value = 0;
    bool required = true;
    ck_assert(oct_json_is_string(oct_json_get(stride, "type"), &type, NULL));
    ck_assert_str_eq(type, "ints");
    ck_assert(oct_json_is_number(oct_json_get(stride, "default"), &value));
    ck_assert_double_eq(value, 1);
    ck_assert(oct_json_is_bool(oct_json_get(find(attributes, "output_scale"), "required"), &required));
    ck_assert(required);
    oct_op_registry_destroy(registry);
    oct_json_destroy(document);
}
END_TEST

START_TEST(the_text_has_every_operator)
{
    struct oct_op_registry *registry = NULL;
    list("");
    ck_assert_status_ok(oct_op_registry_create(NULL, &registry, NULL));
    for (size_t i = 0; i < oct_op_registry_count(registry); ++i) {
        ck_assert_holds(text, oct_op_registry_at(registry, i)->name);
    }
    oct_op_registry_destroy(registry);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *ops = oct_case(suite, "ops");
    tcase_add_test(ops, the_json_has_every_operator_with_its_schema);
    tcase_add_test(ops, the_text_has_every_operator);
}

OCT_CHECK_MAIN("server/cli/cmd_ops", add_tests)
