#include "engine/base/checked.h"

#include "tests/support/oct_check.h"

START_TEST(overflow_is_refused_and_leaves_the_result_alone)
{
    size_t size = 3;
    ck_assert(!octi_mul_size(SIZE_MAX / 2, 3, &size));
    ck_assert(!octi_add_size(SIZE_MAX, 1, &size));
    ck_assert(!octi_round_up(SIZE_MAX - 5, 64, &size));
    ck_assert_uint_eq(size, 3);
    int64_t number = 4;
    ck_assert(!octi_mul_int64(INT64_MAX, 2, &number));
    ck_assert(!octi_mul_int64(INT64_MIN, -1, &number));
    ck_assert(!octi_add_int64(INT64_MAX, 1, &number));
    ck_assert_int_eq(number, 4);
}
END_TEST

START_TEST(what_fits_is_computed)
{
    size_t size;
    ck_assert(octi_mul_size(6, 7, &size));
    ck_assert_uint_eq(size, 42);
    ck_assert(octi_add_size(SIZE_MAX - 1, 1, &size));
    ck_assert_uint_eq(size, SIZE_MAX);
    ck_assert(octi_round_up(65, 64, &size));
    ck_assert_uint_eq(size, 128);
    ck_assert(octi_round_up(0, 64, &size));
    ck_assert_uint_eq(size, 0);
    int64_t number;
    ck_assert(octi_mul_int64(-3, 5, &number));
    ck_assert_int_eq(number, -15);
    ck_assert(octi_add_int64(-3, 5, &number));
    ck_assert_int_eq(number, 2);
}
END_TEST

static void add(Suite *suite)
{
    TCase *checked = oct_case(suite, "checked arithmetic");
    tcase_add_test(checked, overflow_is_refused_and_leaves_the_result_alone);
    tcase_add_test(checked, what_fits_is_computed);
}

OCT_CHECK_MAIN("engine/base/checked", add)
