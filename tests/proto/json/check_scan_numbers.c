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

static const struct {
    const char *text;
    size_t n_elements;
    int rank;
    int64_t dims[4];
} arrays[] = {
    {"[]", 0, 1, {0}},
    {"[1]", 1, 1, {1}},
    {"[1,2 , 3 ]", 3, 1, {3}},
    {"[[1,2],[3,4],[5,6]]", 6, 2, {3, 2}},
    {"[[],[]]", 0, 2, {2, 0}},
    {"[ [ [1.5e3] , [NaN] ] ]", 2, 3, {1, 2, 1}},
    {"[[[[true,false]],[[-Infinity,Infinity]]]]", 4, 4, {1, 2, 1, 2}},
    {"[-0,0.0,1E+2,12345678901234567890123]", 4, 1, {4}},
};

START_TEST(arrays_of_numbers_are_counted_and_measured)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_json_scanner scanner = scanner_of(arrays[_i].text, &error);
    struct octi_json_numbers numbers;
    ck_assert_msg(octi_json_scan_numbers(&scanner, &numbers), "%s: %s", arrays[_i].text, error.message);
    ck_assert_uint_eq(numbers.n_elements, arrays[_i].n_elements);
    ck_assert_int_eq(numbers.shape.rank, arrays[_i].rank);
    for (int d = 0; d < arrays[_i].rank; d++) {
        ck_assert_int_eq(numbers.shape.dims[d], arrays[_i].dims[d]);
    }
    ck_assert_uint_eq(numbers.n_bytes, strlen(arrays[_i].text));
    ck_assert_uint_eq(numbers.position, 100);
    ck_assert(octi_json_scan_end(&scanner));
}
END_TEST

static const struct {
    const char *text;
    enum oct_status status;
    int64_t position;
} bad_arrays[] = {
    {"5", OCT_ERR_INVALID, 0},
    {"{}", OCT_ERR_INVALID, 0},
    {"[1,2", OCT_ERR_CORRUPT, 4},
    {"[1,]", OCT_ERR_CORRUPT, 3},
    {"[1 2]", OCT_ERR_CORRUPT, 3},
    {"[,]", OCT_ERR_CORRUPT, 1},
    {"[[1],[1,2]]", OCT_ERR_INVALID, 9},
    {"[[1],2]", OCT_ERR_INVALID, 5},
    {"[1,[2]]", OCT_ERR_INVALID, 3},
    {"[[1],[]]", OCT_ERR_INVALID, 6},
    {"[[],[[]]]", OCT_ERR_INVALID, 5},
    {"[[[1]],[]]", OCT_ERR_INVALID, 8},
    {"[null]", OCT_ERR_INVALID, 1},
    {"[{}]", OCT_ERR_INVALID, 1},
    {"[\"a\"]", OCT_ERR_UNSUPPORTED, 1},
    {"[nan]", OCT_ERR_CORRUPT, 1},
    {"[Inf]", OCT_ERR_CORRUPT, 1},
    {"[01]", OCT_ERR_CORRUPT, 2},
    {"[.5]", OCT_ERR_CORRUPT, 1},
    {"[1.e5]", OCT_ERR_CORRUPT, 3},
    {"[-]", OCT_ERR_CORRUPT, 2},
    {"[+1]", OCT_ERR_CORRUPT, 1},
    {"[0x10]", OCT_ERR_CORRUPT, 2},
    {"[truefalse]", OCT_ERR_CORRUPT, 5},
    {"[[[[[[[[[1]]]]]]]]]", OCT_ERR_LIMIT, 8},
};

START_TEST(arrays_that_are_ragged_or_no_numbers_are_refused_at_their_place)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_json_scanner scanner = scanner_of(bad_arrays[_i].text, &error);
    struct octi_json_numbers numbers;
    ck_assert(!octi_json_scan_numbers(&scanner, &numbers));
    ck_assert_status(bad_arrays[_i].status, scanner.status);
    ck_assert_msg(error.position == 100 + bad_arrays[_i].position, "%s: position %lld: %s", bad_arrays[_i].text,
                  (long long)error.position, error.message);
}
END_TEST

static void add(Suite *suite)
{
    TCase *numbers = oct_case(suite, "tensor data");
    tcase_add_loop_test(numbers, arrays_of_numbers_are_counted_and_measured, 0,
                        (int)(sizeof arrays / sizeof arrays[0]));
    tcase_add_loop_test(numbers, arrays_that_are_ragged_or_no_numbers_are_refused_at_their_place, 0,
                        (int)(sizeof bad_arrays / sizeof bad_arrays[0]));
}

OCT_CHECK_MAIN("proto/json/scan_numbers", add)
