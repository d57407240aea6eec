#include "proto/json/scan.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

static struct octi_json_scanner scanner_of(const char *text, struct oct_error *error)
{
    struct octi_json_scanner scanner;
    octi_json_scan_init(&scanner, text, strlen(text), 100, error);
    return scanner;
}

START_TEST(members_and_elements_come_one_by_one)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_json_scanner scanner =
        scanner_of(" {\"a\" : [1, -2,\n3], \"b\":true, \"c\":\"x\\\"y\", \"d\":{}} ", &error);
    struct octi_json_text key, text;
    int64_t sum = 0, value;
    bool flag = false;
    char out[8];
    ck_assert(octi_json_object_open(&scanner));
    ck_assert(octi_json_object_next(&scanner, &key) && octi_json_text_is(&key, "a"));
    ck_assert(octi_json_array_open(&scanner));
    while (octi_json_array_next(&scanner)) {
        ck_assert(octi_json_scan_int64(&scanner, &value));
        sum += value;
    }
    ck_assert_int_eq(sum, 2);
    ck_assert(octi_json_object_next(&scanner, &key) && octi_json_text_is(&key, "b"));
    ck_assert(octi_json_scan_bool(&scanner, &flag) && flag);
    ck_assert(octi_json_object_next(&scanner, &key) && octi_json_text_is(&key, "c"));
    ck_assert(octi_json_scan_text(&scanner, &text));
    ck_assert_uint_eq(text.n_bytes, 3);
    octi_json_unescape(&text, out);
    ck_assert_mem_eq(out, "x\"y", 3);
    ck_assert(octi_json_object_next(&scanner, &key) && octi_json_text_is(&key, "d"));
    ck_assert(octi_json_object_open(&scanner));
    ck_assert(!octi_json_object_next(&scanner, &key));
    ck_assert(!octi_json_object_next(&scanner, &key));
    ck_assert(octi_json_scan_end(&scanner));
    ck_assert_ok(scanner.status, &error);
    ck_assert_uint_eq(scanner.n_values, 8);
}
END_TEST

START_TEST(a_failure_sticks)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_json_scanner scanner = scanner_of("[x, 1]", &error);
    int64_t value;
    struct octi_json_text text;
    struct octi_json_numbers numbers;
    bool flag;
    ck_assert(octi_json_array_open(&scanner));
    ck_assert(octi_json_array_next(&scanner));
    ck_assert(!octi_json_scan_int64(&scanner, &value));
    ck_assert_int_eq(error.position, 101);
    scanner.at = scanner.end - 2; // at "1]"
    ck_assert(!octi_json_scan_int64(&scanner, &value));
    ck_assert(!octi_json_array_next(&scanner));
    ck_assert(!octi_json_array_open(&scanner));
    ck_assert(!octi_json_object_open(&scanner));
    ck_assert(!octi_json_object_next(&scanner, &text));
    ck_assert(!octi_json_scan_text(&scanner, &text));
    ck_assert(!octi_json_scan_bool(&scanner, &flag));
    ck_assert(!octi_json_scan_numbers(&scanner, &numbers));
    ck_assert(!octi_json_skip(&scanner));
    ck_assert(!octi_json_scan_end(&scanner));
    ck_assert_status(OCT_ERR_CORRUPT, scanner.status);
}
END_TEST

START_TEST(a_legal_value_of_another_kind_is_no_fault_of_syntax)
{
    static const struct {
        const char *text;
        enum oct_status status;
        const char *says;
    } cases[] = {
        {"\"5\"", OCT_ERR_INVALID, "expected an integer, found a string"},
        {"null", OCT_ERR_INVALID, "expected an integer, found null"},
        {"{}", OCT_ERR_INVALID, "expected an integer, found an object"},
        {"true", OCT_ERR_INVALID, "expected an integer, found a boolean"},
        {"1.5", OCT_ERR_INVALID, "found a fraction"},
        {"99999999999999999999", OCT_ERR_INVALID, "64 bits"},
        {"nul", OCT_ERR_CORRUPT, "found 'n'"},
        {"", OCT_ERR_CORRUPT, "found the end of the text"},
        {"\x01", OCT_ERR_CORRUPT, "found byte 0x01"},
        {"-", OCT_ERR_CORRUPT, "expected a digit"},
        {"1.", OCT_ERR_CORRUPT, "expected a digit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oct_error error = OCT_ERROR_INIT;
        struct octi_json_scanner scanner = scanner_of(cases[i].text, &error);
        int64_t value;
        ck_assert(!octi_json_scan_int64(&scanner, &value));
        ck_assert_status(cases[i].status, scanner.status);
        ck_assert_error_says(&error, cases[i].says);
    }
    struct octi_json_scanner scanner = scanner_of("\"5\"", NULL);
    int64_t value;
    scanner.wrong_type = OCT_ERR_CORRUPT;
    ck_assert(!octi_json_scan_int64(&scanner, &value));
    ck_assert_status(OCT_ERR_CORRUPT, scanner.status);
}
END_TEST

static void add(Suite *suite)
{
    TCase *reading = oct_case(suite, "reading");
    tcase_add_test(reading, members_and_elements_come_one_by_one);
    TCase *failing = oct_case(suite, "failing");
    tcase_add_test(failing, a_failure_sticks);
    tcase_add_test(failing, a_legal_value_of_another_kind_is_no_fault_of_syntax);
}

OCT_CHECK_MAIN("proto/json/scan", add)
