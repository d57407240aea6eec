#include "proto/json/path.h"

#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(a_path_grows_from_the_inside_out)
{
    struct oct_error error = OCT_ERROR_INIT;
    octi_path_prefix(&error, "nothing to place yet");
    octi_path_prefix(NULL, "nor here");
    ck_assert_str_eq(error.where, "");
    oct_error_set(&error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "wrong");
    octi_path_prefix(&error, "[%d]", 1);
    ck_assert_str_eq(error.where, "[1]");
    octi_path_prefix(&error, "stride");
    ck_assert_str_eq(error.where, "stride[1]");
    octi_path_prefix(&error, "attributes");
    octi_path_prefix(&error, "nodes[%zu]", (size_t)3);
    ck_assert_str_eq(error.where, "nodes[3].attributes.stride[1]");
}
END_TEST

START_TEST(a_path_too_long_is_cut_at_its_end)
{
    struct oct_error error = OCT_ERROR_INIT;
    char step[OCT_ERROR_WHERE_BYTES];
    memset(step, 's', sizeof step - 1);
    step[sizeof step - 1] = '\0';
    oct_error_set(&error, OCT_ERR_INVALID, "end", OCT_POSITION_NONE, "wrong");
    octi_path_prefix(&error, "%s", step);
    octi_path_prefix(&error, "begin");
    ck_assert_uint_eq(strlen(error.where), OCT_ERROR_WHERE_BYTES - 1);
    ck_assert_int_eq(strncmp(error.where, "begin.sss", 9), 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *paths = oct_case(suite, "paths");
    tcase_add_test(paths, a_path_grows_from_the_inside_out);
    tcase_add_test(paths, a_path_too_long_is_cut_at_its_end);
}

OCT_CHECK_MAIN("proto/json/path", add)
