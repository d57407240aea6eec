#include "server/http/http.h"
#include "tests/support/oct_check.h"

START_TEST(every_status_has_a_code)
{
    ck_assert_int_eq(oct_http_status_of(OCT_OK), 200);
    ck_assert_int_eq(oct_http_status_of(OCT_ERR_BUSY), 429);
    ck_assert_int_eq(oct_http_status_of(OCT_ERR_LIMIT), 413);
    for (int i = 1; i < OCT_STATUS_COUNT; i++) {
        int code = oct_http_status_of((enum oct_status)i);
        ck_assert_msg(code >= 400 && code <= 599, "%s", oct_status_name((enum oct_status)i));
    }
    ck_assert_int_eq(oct_http_status_of(OCT_STATUS_COUNT), 500);
}
END_TEST

static void add(Suite *suite)
{
    TCase *codes = oct_case(suite, "codes");
    tcase_add_test(codes, every_status_has_a_code);
}

OCT_CHECK_MAIN("server/http/status_http", add)
