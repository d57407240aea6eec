/// What the Check programs share: assertions on statuses and errors, and the main function of a program with one suite.
#ifndef OCTET_TESTS_SUPPORT_OCT_CHECK_H
#define OCTET_TESTS_SUPPORT_OCT_CHECK_H

#include <check.h>
#include <stdlib.h>

#include "octet/status.h"

// Check tells its runner the line of every assertion that holds, which takes most of the time of a test that looks at
// every byte. Here one that holds costs a comparison; a crash is placed by the name of its test.
#ifdef CHECK_MAJOR_VERSION
#undef ck_assert_msg
#define ck_assert_msg(expression, ...)                                                                                 \
    ((expression) ? (void)0 : _ck_assert_failed(__FILE__, __LINE__, "Assertion '" #expression "' failed", __VA_ARGS__))
#endif

#define ck_assert_status(expected, expression)                                                                         \
    do {                                                                                                               \
        enum oct_status ck_got = (expression);                                                                         \
        enum oct_status ck_expected = (expected);                                                                      \
        ck_assert_msg(ck_got == ck_expected, "%s: got %s, expected %s", #expression, oct_status_name(ck_got),          \
                      oct_status_name(ck_expected));                                                                   \
    } while (0)
#define ck_assert_status_ok(expression) ck_assert_status(OCT_OK, expression)

/// As above, showing what the error says when the expression fails.
#define ck_assert_ok(expression, error)                                                                                \
    do {                                                                                                               \
        enum oct_status ck_got = (expression);                                                                         \
        ck_assert_msg(ck_got == OCT_OK, "%s: %s: %s: %s", #expression, oct_status_name(ck_got), (error)->where,        \
                      (error)->message);                                                                               \
    } while (0)

/// The error's place and sentence together hold `text`.
#define ck_assert_error_says(error, text)                                                                              \
    ck_assert_msg(strstr((error)->message, (text)) != NULL || strstr((error)->where, (text)) != NULL,                  \
                  "'%s: %s' does not say '%s'", (error)->where, (error)->message, (text))

/// Runs a program's test cases. `add` registers them: void add(Suite *suite).
#define OCT_CHECK_MAIN(suite_name, add)                                                                                \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        Suite *suite = suite_create(suite_name);                                                                       \
        add(suite);                                                                                                    \
        SRunner *runner = srunner_create(suite);                                                                       \
        srunner_run_all(runner, CK_NORMAL);                                                                            \
        int failed = srunner_ntests_failed(runner);                                                                    \
        int ran = srunner_ntests_run(runner);                                                                          \
        srunner_free(runner);                                                                                          \
        return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                   \
    }

/// One test case named after a behaviour.
static inline TCase *oct_case(Suite *suite, const char *name)
{
    TCase *test_case = tcase_create(name);
    tcase_set_timeout(test_case, 120);
    suite_add_tcase(suite, test_case);
    return test_case;
}

#endif
