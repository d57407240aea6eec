#include <string.h>

#include "octet/tensor.h"
#include "tests/support/oct_check.h"

START_TEST(names_are_found_again)
{
    for (int d = 0; d < OCT_DTYPE_COUNT; d++) {
        const char *name = oct_dtype_name((enum oct_dtype)d);
        enum oct_dtype found;
        ck_assert_status_ok(oct_dtype_parse(name, strlen(name), &found));
        ck_assert_int_eq(found, d);
        ck_assert_uint_ge(oct_dtype_bytes((enum oct_dtype)d), 1);
    }
}
END_TEST

START_TEST(an_unknown_name_or_a_part_of_one_is_refused)
{
    enum oct_dtype found;
    ck_assert_status(OCT_ERR_UNSUPPORTED, oct_dtype_parse("float16", 7, &found));
    ck_assert_status(OCT_ERR_UNSUPPORTED, oct_dtype_parse("quint8", 5, &found));
    ck_assert_status(OCT_ERR_UNSUPPORTED, oct_dtype_parse("", 0, &found));
}
END_TEST

START_TEST(quantized_ranges_are_torchs)
{
    ck_assert_int_eq(oct_dtype_qmin(OCT_DTYPE_QUINT8), 0);
    ck_assert_int_eq(oct_dtype_qmax(OCT_DTYPE_QUINT8), 255);
    ck_assert_int_eq(oct_dtype_qmin(OCT_DTYPE_QINT8), -128);
    ck_assert_int_eq(oct_dtype_qmax(OCT_DTYPE_QINT8), 127);
    ck_assert_int_eq(oct_dtype_qmin(OCT_DTYPE_QINT32), INT32_MIN);
    ck_assert_int_eq(oct_dtype_qmax(OCT_DTYPE_QINT32), INT32_MAX);
    ck_assert(oct_dtype_is_quantized(OCT_DTYPE_QINT8));
    ck_assert(!oct_dtype_is_quantized(OCT_DTYPE_INT8));
}
END_TEST

static void add(Suite *suite)
{
    TCase *dtype = oct_case(suite, "dtype");
    tcase_add_test(dtype, names_are_found_again);
    tcase_add_test(dtype, an_unknown_name_or_a_part_of_one_is_refused);
    tcase_add_test(dtype, quantized_ranges_are_torchs);
}

OCT_CHECK_MAIN("engine/tensor/dtype", add)
