#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(every_status_has_a_name_a_text_and_an_exit_code)
{
    for (int s = 0; s < OCT_STATUS_COUNT; s++) {
        ck_assert_uint_gt(strlen(oct_status_name((enum oct_status)s)), 0);
        ck_assert_uint_gt(strlen(oct_status_text((enum oct_status)s)), 0);
        ck_assert_int_eq(oct_status_exit_code((enum oct_status)s) == 0, s == OCT_OK);
    }
    ck_assert_str_eq(oct_status_name(OCT_ERR_LIMIT), "ERR_LIMIT");
    ck_assert_str_eq(oct_status_name((enum oct_status)9999), "ERR_INTERNAL");
}
END_TEST

START_TEST(first_cause_wins)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_LIMIT, oct_error_set(&error, OCT_ERR_LIMIT, "shape", 7, "%d is over %d", 9, 8));
    ck_assert_status(OCT_ERR_NOMEM, oct_error_set(&error, OCT_ERR_NOMEM, "other", 8, "hidden"));
    ck_assert_status(OCT_ERR_LIMIT, error.status);
    ck_assert_int_eq(error.position, 7);
    ck_assert_str_eq(error.where, "shape");
    ck_assert_str_eq(error.message, "9 is over 8");
    oct_error_clear(&error);
    ck_assert_status_ok(error.status);
}
END_TEST

START_TEST(a_null_error_is_allowed)
{
    ck_assert_status(OCT_ERR_IO, oct_error_set(NULL, OCT_ERR_IO, NULL, OCT_POSITION_NONE, "x"));
    oct_error_prefix(NULL, "x");
    oct_error_clear(NULL);
}
END_TEST

START_TEST(prefixes_build_a_path)
{
    struct oct_error error = OCT_ERROR_INIT;
    oct_error_prefix(&error, "nothing recorded, nothing prefixed");
    ck_assert_str_eq(error.where, "");
    (void)oct_error_set(&error, OCT_ERR_INVALID, "stride", OCT_POSITION_NONE, "is 0");
    oct_error_prefix(&error, "nodes[%d]", 3);
    ck_assert_str_eq(error.where, "nodes[3]: stride");
    char line[64];
    ck_assert_uint_eq(oct_error_format(&error, line, sizeof line), strlen("nodes[3]: stride: is 0"));
    ck_assert_str_eq(line, "nodes[3]: stride: is 0");
}
END_TEST

START_TEST(formatting_shows_the_position_and_cuts_what_does_not_fit)
{
    struct oct_error error = OCT_ERROR_INIT;
    (void)oct_error_set(&error, OCT_ERR_CORRUPT, NULL, 12, "bad byte");
    char line[64];
    oct_error_format(&error, line, sizeof line);
    ck_assert_str_eq(line, "bad byte (at byte 12)");
    char small[4];
    ck_assert_uint_eq(oct_error_format(&error, small, sizeof small), strlen(line));
    ck_assert_str_eq(small, "bad");
}
END_TEST

START_TEST(a_long_prefix_keeps_its_head)
{
    struct oct_error error = OCT_ERROR_INIT;
    char name[2 * OCT_ERROR_WHERE_BYTES];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)oct_error_set(&error, OCT_ERR_INVALID, name, OCT_POSITION_NONE, "x");
    oct_error_prefix(&error, "head");
    ck_assert_int_eq(strncmp(error.where, "head: nnn", 9), 0);
    ck_assert_uint_eq(strlen(error.where), OCT_ERROR_WHERE_BYTES - 1);
    oct_error_prefix(&error, "%s", name);
    ck_assert_uint_eq(strlen(error.where), OCT_ERROR_WHERE_BYTES - 1);
}
END_TEST

static void add(Suite *suite)
{
    TCase *status = oct_case(suite, "status and error");
    tcase_add_test(status, every_status_has_a_name_a_text_and_an_exit_code);
    tcase_add_test(status, first_cause_wins);
    tcase_add_test(status, a_null_error_is_allowed);
    tcase_add_test(status, prefixes_build_a_path);
    tcase_add_test(status, formatting_shows_the_position_and_cuts_what_does_not_fit);
    tcase_add_test(status, a_long_prefix_keeps_its_head);
}

OCT_CHECK_MAIN("engine/base/status", add)
