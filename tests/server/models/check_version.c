#include "tests/support/oct_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/models/version.h"
#include "tests/server/models/tiny_model.h"

static char path[64];

static void put_bytes(const void *bytes, size_t n_bytes)
{
    snprintf(path, sizeof path, "/tmp/octet-version-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, n_bytes), (ssize_t)n_bytes);
    ck_assert_int_eq(close(fd), 0);
}

static void put_model(void)
{
    struct oct_buffer bytes;
    tiny_model_write(TINY_RELU, "a", &bytes);
    put_bytes(bytes.data, bytes.length);
    oct_buffer_deinit(&bytes);
}

struct hook {
    int attached, detached;
    enum oct_status refuse;
};

static enum oct_status
attach(void *context, const struct oct_model_version *version, void **attachment, struct oct_error *error)
{
    struct hook *hook = context;
    ck_assert_ptr_nonnull(version->plan);
    ck_assert_uint_gt(version->row_ns, 0);
    if (hook->refuse != OCT_OK) {
        return oct_error_set(error, hook->refuse, "hook", OCT_POSITION_NONE, "refused");
    }
    hook->attached++;
    *attachment = hook;
    return OCT_OK;
}

static void detach(void *context, void *attachment)
{
    struct hook *hook = context;
    ck_assert_ptr_eq(attachment, hook);
    hook->detached++;
}

static struct oct_model_load_options options_with(struct hook *hook)
{
    return (struct oct_model_load_options){
        .model = oct_model_options_default(),
        .hooks = {.context = hook, .attach = attach, .detach = detach},
    };
}

START_TEST(a_loaded_version_is_warm_and_attached_until_its_last_lease)
{
    struct hook hook = {0};
    struct oct_model_version *version = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_model_load_options options = options_with(&hook);
    put_model();
    ck_assert_ok(oct_model_version_load(&options, path, "m", 12, &version, &error), &error);
    ck_assert_int_eq(unlink(path), 0); // the file is not needed any more
    ck_assert_str_eq(version->name, "m");
    ck_assert_str_eq(version->text, "12");
    ck_assert_uint_eq(strlen(version->sha256), 64);
    ck_assert_int_eq(hook.attached, 1);
    struct oct_model_version *lease = oct_model_version_retain(version);
    oct_model_version_release(version);
    ck_assert_int_eq(hook.detached, 0);
    ck_assert_uint_eq(oct_plan_input_count(lease->plan), 1);
    oct_model_version_release(lease);
    ck_assert_int_eq(hook.detached, 1);
    oct_model_version_release(NULL);
}
END_TEST

START_TEST(a_refused_attachment_fails_the_load)
{
    struct hook hook = {.refuse = OCT_ERR_NOMEM};
    struct oct_model_version *version = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_model_load_options options = options_with(&hook);
    put_model();
    ck_assert_status(OCT_ERR_NOMEM, oct_model_version_load(&options, path, "m", 1, &version, &error));
    ck_assert_ptr_null(version);
    ck_assert_int_eq(hook.detached, 0);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_is_wrong_is_told_without_the_path)
{
    struct oct_model_version *version = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_model_load_options options = {.model = oct_model_options_default()};
    put_bytes("not a model", 11);
    ck_assert_int_ne(oct_model_version_load(&options, path, "m", 1, &version, &error), OCT_OK);
    ck_assert_ptr_null(version);
    ck_assert_ptr_null(strstr(error.where, "/tmp"));
    ck_assert_int_gt((int)strlen(error.message), 0);
    ck_assert_int_eq(unlink(path), 0);
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_model_version_load(&options, path, "m", 1, &version, &error));
}
END_TEST

START_TEST(numbers_are_shown_in_full)
{
    char text[OCT_MODEL_VERSION_TEXT_BYTES];
    oct_model_version_format(1, text);
    ck_assert_str_eq(text, "1");
    oct_model_version_format(OCT_MODEL_VERSION_MAX, text);
    ck_assert_str_eq(text, "999999999999999");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *version = oct_case(suite, "version");
    tcase_add_test(version, a_loaded_version_is_warm_and_attached_until_its_last_lease);
    tcase_add_test(version, a_refused_attachment_fails_the_load);
    tcase_add_test(version, what_is_wrong_is_told_without_the_path);
    tcase_add_test(version, numbers_are_shown_in_full);
}

OCT_CHECK_MAIN("server/models/version", add_tests)
