#include "server/app/token.h"

#include <string.h>

#include "octet/proto/sha256.h"
#include "tests/server/cli/folder.h"

static char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];

static enum oct_status read_token(const char *text, mode_t mode, uint8_t *digest, struct oct_error *error)
{
    (void)remove(path);
    folder_write(path, text, strlen(text));
    ck_assert_int_eq(chmod(path, mode), 0);
    return oct_token_read(path, digest, error);
}

static void set_up(void)
{
    folder_make(folder);
    folder_join(folder, "token", path);
}

static void tear_down(void)
{
    folder_remove(folder);
}

START_TEST(a_token_is_kept_as_its_digest_without_blanks_around)
{
    uint8_t expected[OCT_SHA256_BYTES], digest[OCT_SHA256_BYTES];
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_sha256("0123456789abcdef", 16, expected));
    ck_assert_ok(read_token("0123456789abcdef", 0600, digest, &error), &error);
    ck_assert_mem_eq(digest, expected, sizeof(digest));
    ck_assert_ok(read_token(" \t0123456789abcdef\r\n", 0640, digest, &error), &error);
    ck_assert_mem_eq(digest, expected, sizeof(digest));
}
END_TEST

START_TEST(a_file_that_others_may_read_is_refused)
{
    static const mode_t modes[] = {0604, 0602, 0601, 0644, 0666};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); ++i) {
        uint8_t digest[OCT_SHA256_BYTES];
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_FORBIDDEN, read_token("0123456789abcdef", modes[i], digest, &error));
        ck_assert_error_says(&error, "chmod");
    }
}
END_TEST

START_TEST(what_is_no_token_is_refused_without_showing_it)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        "short-secret",
                                        "two secret-words-in-a-row",
                                        "secret-line-one\nsecret-line-two",
                                        "secret-\x01-control-char",
                                        "secret-\xC3\xA9-not-ascii-text"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); ++i) {
        uint8_t digest[OCT_SHA256_BYTES];
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, read_token(texts[i], 0600, digest, &error));
        ck_assert_ptr_null(strstr(error.message, "secret"));
    }
    char longest[OCT_TOKEN_MAX_BYTES + 2];
    uint8_t digest[OCT_SHA256_BYTES];
    memset(longest, 'x', sizeof(longest));
    longest[OCT_TOKEN_MAX_BYTES] = 0;
    ck_assert_status_ok(read_token(longest, 0600, digest, NULL));
    longest[OCT_TOKEN_MAX_BYTES] = 'x';
    longest[OCT_TOKEN_MAX_BYTES + 1] = 0;
    ck_assert_status(OCT_ERR_INVALID, read_token(longest, 0600, digest, NULL));
}
END_TEST

START_TEST(a_path_that_is_no_file_is_refused)
{
    uint8_t digest[OCT_SHA256_BYTES];
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_token_read("/no/such/token", digest, &error));
    ck_assert_error_says(&error, "/no/such/token");
    ck_assert_status(OCT_ERR_IO, oct_token_read("/", digest, NULL));
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *token = oct_case(suite, "token");
    tcase_add_checked_fixture(token, set_up, tear_down);
    tcase_add_test(token, a_token_is_kept_as_its_digest_without_blanks_around);
    tcase_add_test(token, a_file_that_others_may_read_is_refused);
    tcase_add_test(token, what_is_no_token_is_refused_without_showing_it);
    tcase_add_test(token, a_path_that_is_no_file_is_refused);
}

OCT_CHECK_MAIN("server/app/token", add_tests)
