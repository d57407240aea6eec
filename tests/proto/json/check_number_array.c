#include <math.h>
#include <string.h>

#include "proto/json/number.h"
#include "tests/support/oct_check.h"

static enum octi_number_fault
read_array(const char *text, enum octi_number_type type, size_t n, void *out, size_t *stopped_at)
{
    struct octi_number_cursor cursor = {(const uint8_t *)text, (const uint8_t *)text + strlen(text)};
    enum octi_number_fault fault = octi_numbers_read(&cursor, type, n, out);
    *stopped_at = (size_t)(cursor.at - (const uint8_t *)text);
    return fault;
}

START_TEST(arrays_become_typed_memory)
{
    float floats[6];
    double doubles[3];
    uint8_t bytes[4];
    int8_t signed_bytes[3];
    int32_t ints[2];
    int64_t longs[2];
    size_t at;
    ck_assert_int_eq(read_array("[[1, 2.5],[ -3e2 ,NaN],[Infinity,-Infinity]]", OCTI_NUMBER_FLOAT32, 6, floats, &at),
                     OCTI_NUMBER_OK);
    ck_assert(floats[0] == 1 && floats[1] == 2.5f && floats[2] == -300 && isnan(floats[3]) && floats[4] == INFINITY &&
              floats[5] == -INFINITY);
    ck_assert_int_eq(read_array("[0.1,NaN,1e300]", OCTI_NUMBER_FLOAT64, 3, doubles, &at), OCTI_NUMBER_OK);
    ck_assert(doubles[0] == 0.1 && isnan(doubles[1]) && doubles[2] == 1e300);
    ck_assert_int_eq(read_array("[0,255.0,\n1e2,7]", OCTI_NUMBER_UINT8, 4, bytes, &at), OCTI_NUMBER_OK);
    ck_assert_mem_eq(bytes, "\x00\xff\x64\x07", 4);
    ck_assert_int_eq(read_array("[-128,127,-0]", OCTI_NUMBER_INT8, 3, signed_bytes, &at), OCTI_NUMBER_OK);
    ck_assert(signed_bytes[0] == -128 && signed_bytes[1] == 127 && signed_bytes[2] == 0);
    ck_assert_int_eq(read_array("[-2147483648,2147483647]", OCTI_NUMBER_INT32, 2, ints, &at), OCTI_NUMBER_OK);
    ck_assert(ints[0] == INT32_MIN && ints[1] == INT32_MAX);
    ck_assert_int_eq(read_array("[-9223372036854775808,1]", OCTI_NUMBER_INT64, 2, longs, &at), OCTI_NUMBER_OK);
    ck_assert(longs[0] == INT64_MIN && longs[1] == 1);
    ck_assert_int_eq(read_array("[true,false,1,0.0]", OCTI_NUMBER_BOOL, 4, bytes, &at), OCTI_NUMBER_OK);
    ck_assert_mem_eq(bytes, "\1\0\1\0", 4);
}
END_TEST

START_TEST(elements_that_do_not_fit_are_refused_where_they_stand)
{
    static const struct {
        const char *text;
        enum octi_number_type type;
        enum octi_number_fault fault;
        size_t at;
    } cases[] = {
        {"[1,3.5e38]", OCTI_NUMBER_FLOAT32, OCTI_NUMBER_RANGE, 3},
        {"[1,-1e400]", OCTI_NUMBER_FLOAT64, OCTI_NUMBER_RANGE, 3},
        {"[1,true]", OCTI_NUMBER_FLOAT32, OCTI_NUMBER_NOT_A_NUMBER, 3},
        {"[1, NaN]", OCTI_NUMBER_FLOAT32_FINITE, OCTI_NUMBER_NOT_FINITE, 4},
        {"[1,-Infinity]", OCTI_NUMBER_FLOAT32_FINITE, OCTI_NUMBER_NOT_FINITE, 3},
        {"[1,256]", OCTI_NUMBER_UINT8, OCTI_NUMBER_RANGE, 3},
        {"[1,-1]", OCTI_NUMBER_UINT8, OCTI_NUMBER_RANGE, 3},
        {"[1,128]", OCTI_NUMBER_INT8, OCTI_NUMBER_RANGE, 3},
        {"[1,1.5]", OCTI_NUMBER_INT8, OCTI_NUMBER_NOT_AN_INTEGER, 3},
        {"[1,2147483648]", OCTI_NUMBER_INT32, OCTI_NUMBER_RANGE, 3},
        {"[1,1e19]", OCTI_NUMBER_INT64, OCTI_NUMBER_RANGE, 3},
        {"[1,NaN]", OCTI_NUMBER_INT64, OCTI_NUMBER_NOT_FINITE, 3},
        {"[1,true]", OCTI_NUMBER_UINT8, OCTI_NUMBER_NOT_A_NUMBER, 3},
        {"[1,2]", OCTI_NUMBER_BOOL, OCTI_NUMBER_RANGE, 3},
        {"[1]", OCTI_NUMBER_FLOAT32, OCTI_NUMBER_NOT_A_NUMBER, 3},
        {"[1]", OCTI_NUMBER_BOOL, OCTI_NUMBER_NOT_A_NUMBER, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double out[2];
        size_t at;
        ck_assert_msg(read_array(cases[i].text, cases[i].type, 2, out, &at) == cases[i].fault, "%s", cases[i].text);
        ck_assert_msg(at == cases[i].at, "%s: at %zu", cases[i].text, at);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *arrays = oct_case(suite, "arrays");
    tcase_add_test(arrays, arrays_become_typed_memory);
    tcase_add_test(arrays, elements_that_do_not_fit_are_refused_where_they_stand);
}

OCT_CHECK_MAIN("proto/json/number_array", add)
