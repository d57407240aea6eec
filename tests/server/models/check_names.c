#include "tests/support/oct_check.h"

#include <string.h>

#include "server/models/names.h"

START_TEST(plain_names_pass)
{
    static const char *const names[] = {"m", "fashion-mnist", "A.b_c-9", "0", "-", "_", "a..b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_status_ok(oct_model_name_check(names[i], NULL));
    }
}
END_TEST

START_TEST(names_that_could_leave_the_store_are_refused)
{
    static const char *const names[] = {"",    ".",   "..",   ".hidden",  "a/b", "../x",
                                        "a b", "a\n", "a%2F", "\xc3\xa4", "a\\b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_status(OCT_ERR_INVALID, oct_model_name_check(names[i], NULL));
    }
}
END_TEST

START_TEST(names_are_bounded)
{
    char name[OCT_MODEL_NAME_MAX_BYTES + 2];
    struct oct_error error = OCT_ERROR_INIT;
    memset(name, 'a', sizeof name);
    name[OCT_MODEL_NAME_MAX_BYTES] = '\0';
    ck_assert_status_ok(oct_model_name_check(name, NULL));
    name[OCT_MODEL_NAME_MAX_BYTES] = 'a';
    name[OCT_MODEL_NAME_MAX_BYTES + 1] = '\0';
    ck_assert_status(OCT_ERR_INVALID, oct_model_name_check(name, &error));
    ck_assert_error_says(&error, "1 to 128");
}
END_TEST

START_TEST(versions_are_positive_integers)
{
    static const struct {
        const char *text;
        uint64_t value; ///< 0: refused
    } table[] = {
        {"1", 1},
        {"42", 42},
        {"20260822120000", UINT64_C(20260822120000)},
        {"999999999999999", OCT_MODEL_VERSION_MAX},
        {"", 0},
        {"0", 0},
        {"01", 0},
        {"-1", 0},
        {"+1", 0},
        {"1.0", 0},
        {"1 ", 0},
        {" 1", 0},
        {"latest", 0},
        {"1000000000000000", 0},
        {"18446744073709551617", 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t version = 0;
        enum oct_status status = oct_model_version_parse(table[i].text, &version, NULL);
        ck_assert_status(table[i].value != 0 ? OCT_OK : OCT_ERR_INVALID, status);
        ck_assert_uint_eq(version, table[i].value);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *names = oct_case(suite, "names");
    tcase_add_test(names, plain_names_pass);
    tcase_add_test(names, names_that_could_leave_the_store_are_refused);
    tcase_add_test(names, names_are_bounded);
    tcase_add_test(names, versions_are_positive_integers);
}

OCT_CHECK_MAIN("server/models/names", add_tests)
