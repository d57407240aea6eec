#include "proto/binary/binary.h"

#include "tests/support/oct_check.h"

static const uint8_t body[10] = "{}ABCDEFGH";

START_TEST(tensors_are_cut_in_order_to_the_last_byte)
{
    struct octi_binary_splitter splitter;
    const uint8_t *data;
    ck_assert_status_ok(octi_binary_begin(&splitter, body, sizeof body, 2, NULL));
    ck_assert_status_ok(octi_binary_take(&splitter, 3, &data, NULL));
    ck_assert_mem_eq(data, "ABC", 3);
    ck_assert_status_ok(octi_binary_take(&splitter, 0, &data, NULL));
    ck_assert_status_ok(octi_binary_take(&splitter, 5, &data, NULL));
    ck_assert_mem_eq(data, "DEFGH", 5);
    ck_assert_status_ok(octi_binary_end(&splitter, NULL));
}
END_TEST

START_TEST(missing_and_left_over_bytes_are_refused)
{
    struct octi_binary_splitter splitter;
    struct oct_error error = OCT_ERROR_INIT;
    const uint8_t *data;
    ck_assert_status(OCT_ERR_INVALID, octi_binary_begin(&splitter, body, sizeof body, 11, &error));
    ck_assert_error_says(&error, "inference header size should be in range");
    oct_error_clear(&error);
    ck_assert_status_ok(octi_binary_begin(&splitter, body, sizeof body, 2, &error));
    ck_assert_status(OCT_ERR_INVALID, octi_binary_take(&splitter, 9, &data, &error));
    ck_assert_error_says(&error, "unexpected size for input");
    ck_assert_int_eq(error.position, 2);
    ck_assert_status(OCT_ERR_INVALID, octi_binary_take(&splitter, SIZE_MAX, &data, NULL));
    oct_error_clear(&error);
    ck_assert_status_ok(octi_binary_take(&splitter, 7, &data, &error));
    ck_assert_status(OCT_ERR_INVALID, octi_binary_end(&splitter, &error));
    ck_assert_error_says(&error, "unexpected additional input data");
    ck_assert_int_eq(error.position, 9);
}
END_TEST

static void add(Suite *suite)
{
    TCase *cutting = oct_case(suite, "cutting");
    tcase_add_test(cutting, tensors_are_cut_in_order_to_the_last_byte);
    tcase_add_test(cutting, missing_and_left_over_bytes_are_refused);
}

OCT_CHECK_MAIN("proto/binary/binary", add)
