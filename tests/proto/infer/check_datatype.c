#include "proto/infer/datatype.h"

#include <string.h>

#include "tests/support/oct_check.h"

START_TEST(datatypes_have_names_sizes_and_dtypes)
{
    ck_assert_str_eq(oct_datatype_name(OCT_DATATYPE_FP32), "FP32");
    ck_assert_uint_eq(oct_datatype_bytes(OCT_DATATYPE_INT16), 2);
    ck_assert_uint_eq(oct_datatype_bytes(OCT_DATATYPE_BYTES), 0);
    for (int dtype = 0; dtype < OCT_DTYPE_COUNT; dtype++) {
        enum oct_datatype shown = oct_datatype_of((enum oct_dtype)dtype);
        ck_assert_uint_eq(oct_datatype_bytes(shown), oct_dtype_bytes((enum oct_dtype)dtype));
    }
}
END_TEST

START_TEST(names_are_read_and_what_has_no_json_is_refused)
{
    static const struct {
        const char *text;
        enum oct_status status;
        enum oct_datatype datatype;
    } cases[] = {
        {"\"BOOL\"", OCT_OK, OCT_DATATYPE_BOOL},
        {"\"UINT64\"", OCT_OK, OCT_DATATYPE_UINT64},
        {"\"FP\\u00333\\u0032\"", OCT_ERR_INVALID, 0},
        {"\"FP\\u00332\"", OCT_OK, OCT_DATATYPE_FP32},
        {"\"fp32\"", OCT_ERR_INVALID, 0},
        {"\"\"", OCT_ERR_INVALID, 0},
        {"\"FP16\"", OCT_ERR_UNSUPPORTED, 0},
        {"\"BF16\"", OCT_ERR_UNSUPPORTED, 0},
        {"\"BYTES\"", OCT_ERR_UNSUPPORTED, 0},
        {"32", OCT_ERR_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct octi_json_scanner scanner;
        enum oct_datatype datatype = OCT_DATATYPE_COUNT;
        octi_json_scan_init(&scanner, cases[i].text, strlen(cases[i].text), 0, NULL);
        ck_assert_int_eq(octi_datatype_scan(&scanner, &datatype), cases[i].status == OCT_OK);
        ck_assert_status(cases[i].status, scanner.status);
        if (cases[i].status == OCT_OK) {
            ck_assert_int_eq(datatype, cases[i].datatype);
        }
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *datatypes = oct_case(suite, "datatypes");
    tcase_add_test(datatypes, datatypes_have_names_sizes_and_dtypes);
    tcase_add_test(datatypes, names_are_read_and_what_has_no_json_is_refused);
}

OCT_CHECK_MAIN("proto/infer/datatype", add)
