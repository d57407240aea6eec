#include "octet/proto/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "proto/json/scan.h"
#include "tests/support/oct_check.h"
#include "tests/support/rng.h"

#define MAX_BYTES ((size_t)1 << 20)

static enum oct_status parse(const char *text, size_t n_bytes, struct oct_error *error)
{
    struct oct_json_document *document;
    enum oct_status status = oct_json_parse(text, n_bytes, MAX_BYTES, &document, error);
    if (status == OCT_OK) {
        oct_json_destroy(document);
    } else {
        ck_assert_ptr_null(document);
    }
    return status;
}

static const char *const accepted[] = {
    "{}",
    "[]",
    " [ ] ",
    "0",
    "-0",
    "1e5",
    "-1.5E-3",
    "9223372036854775807",
    "-9223372036854775808",
    "true",
    "false",
    "null",
    "\"\"",
    "\"\\u00e9\\ud83d\\ude00\\n\\/\"",
    "\"\xC3\xA9\xF0\x9F\x98\x80\"",
    "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
    "\t\r\n[1 , 2\n]\n",
    "{\"\":1}",
    "[\"\x7f\"]",
};

START_TEST(legal_text_is_accepted)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(parse(accepted[_i], strlen(accepted[_i]), &error), &error);
}
END_TEST

static const struct {
    const char *text;
    int64_t position;
} refused[] = {
    {"", 0},
    {"   ", 3},
    {"[1,]", 3},
    {"[,1]", 1},
    {"[1 2]", 3},
    {"{\"a\"}", 4},
    {"{\"a\":}", 5},
    {"{\"a\":1,}", 7},
    {"{a:1}", 1},
    {"[1", 2},
    {"{\"a\":1", 6},
    {"\"abc", 4},
    {"\"a\nb\"", 2},
    {"\"\\x\"", 1},
    {"\"\\u12g4\"", 1},
    {"\"\\u0000\"", 1},
    {"\"\\ud800\"", 1},
    {"\"\\ud800\\u0041\"", 1},
    {"\"\\udc00\"", 1},
    {"\"\xff\"", 1},
    {"\"\xc0\x80\"", 1},
    {"\"\xed\xa0\x80\"", 1},
    {"\"\xf4\x90\x80\x80\"", 1},
    {"\"\xe2\x82\"", 1},
    {"\xef\xbb\xbf{}", 0},
    {"01", 1},
    {"1.", 2},
    {".5", 0},
    {"+1", 0},
    {"1e", 2},
    {"1e+", 3},
    {"-", 1},
    {"--1", 1},
    {"NaN", 0},
    {"Infinity", 0},
    {"-Infinity", 1},
    {"nul", 0},
    {"tru", 0},
    {"True", 0},
    {"[1] x", 4},
    {"{} {}", 3},
    {"// no\n1", 0},
    {"[1]]", 3},
    {"]", 0},
    {"'a'", 0},
};

START_TEST(illegal_text_is_refused_where_it_goes_wrong)
{
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_CORRUPT, parse(refused[_i].text, strlen(refused[_i].text), &error));
    ck_assert_msg(error.position == refused[_i].position, "'%s': position %lld, expected %lld (%s)", refused[_i].text,
                  (long long)error.position, (long long)refused[_i].position, error.message);
}
END_TEST

START_TEST(duplicate_keys_and_numbers_out_of_range_are_refused)
{
    static const char *const texts[] = {"{\"a\":1,\"b\":2,\"a\":3}", "[{\"x\":0,\"\\u0078\":1}]", "9223372036854775808",
                                        "1e999", "[-99999999999999999999]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_CORRUPT, parse(texts[i], strlen(texts[i]), &error));
        ck_assert_int_ge(error.position, 0);
    }
}
END_TEST

START_TEST(a_nul_byte_is_refused_wherever_it_stands)
{
    static const char in_string[] = "\"a\0b\"", in_key[] = "{\"a\0\":1}", outside[] = "1\0";
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_CORRUPT, parse(in_string, sizeof in_string - 1, &error));
    ck_assert_int_eq(error.position, 2);
    ck_assert_status(OCT_ERR_CORRUPT, parse(in_key, sizeof in_key - 1, NULL));
    ck_assert_status(OCT_ERR_CORRUPT, parse(outside, sizeof outside - 1, NULL));
}
END_TEST

START_TEST(depth_is_bounded_before_anything_recurses)
{
    char text[200];
    for (int open = 0; open < 2; open++) {
        size_t depth = OCT_JSON_MAX_DEPTH + (size_t)open;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(open ? OCT_ERR_LIMIT : OCT_OK, parse(text, 2 * depth, &error));
        ck_assert_int_eq(error.position, open ? OCT_JSON_MAX_DEPTH : OCT_POSITION_NONE);
    }
    char *deep = malloc(10000);
    ck_assert_ptr_nonnull(deep);
    memset(deep, '[', 10000);
    ck_assert_status(OCT_ERR_LIMIT, parse(deep, 10000, NULL));
    free(deep);
}
END_TEST

START_TEST(bytes_and_values_are_bounded)
{
    struct oct_json_document *document;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_LIMIT, oct_json_parse("[1,2]", 5, 4, &document, &error));
    ck_assert_status(OCT_OK, oct_json_parse("[1,2]", 5, 5, &document, NULL));
    oct_json_destroy(document);

    size_t n = OCT_JSON_MAX_VALUES; // and the array itself: one too many
    char *many = malloc(2 * n + 2);
    ck_assert_ptr_nonnull(many);
    many[0] = '[';
    for (size_t i = 0; i < n; i++) {
        memcpy(many + 1 + 2 * i, "1,", 2);
    }
    many[2 * n] = ']';
    ck_assert_status(OCT_ERR_LIMIT, oct_json_parse(many, 2 * n + 1, SIZE_MAX, &document, NULL));
    many[2 * n - 2] = ']';
    ck_assert_status(OCT_OK, oct_json_parse(many, 2 * n - 1, SIZE_MAX, &document, NULL));
    oct_json_destroy(document);
    free(many);
}
END_TEST

START_TEST(values_are_read_by_type_and_in_order)
{
    static const char text[] =
        "{\"z\":1,\"a\":2.5,\"s\":\"\\u00e9\",\"t\":true,\"n\":null,\"l\":[10,20],\"o\":{\"k\":-3}}";
    struct oct_json_document *document;
    ck_assert_status_ok(oct_json_parse(text, sizeof text - 1, MAX_BYTES, &document, NULL));
    const struct oct_json *root = oct_json_root(document);
    int64_t integer;
    double number;
    bool flag;
    const char *string, *key;
    size_t length;
    ck_assert_int_eq(oct_json_type(root), OCT_JSON_OBJECT);
    ck_assert_uint_eq(oct_json_count(root), 7);
    ck_assert(oct_json_is_integer(oct_json_get(root, "z"), &integer) && integer == 1);
    ck_assert(oct_json_is_number(oct_json_get(root, "z"), &number) && number == 1.0);
    ck_assert(oct_json_is_number(oct_json_get(root, "a"), &number) && number == 2.5);
    ck_assert(!oct_json_is_integer(oct_json_get(root, "a"), &integer));
    ck_assert(oct_json_is_string(oct_json_get(root, "s"), &string, &length));
    ck_assert_str_eq(string, "\xC3\xA9");
    ck_assert_uint_eq(length, 2);
    ck_assert(oct_json_is_bool(oct_json_get(root, "t"), &flag) && flag);
    ck_assert_int_eq(oct_json_type(oct_json_get(root, "n")), OCT_JSON_NULL);
    ck_assert_ptr_nonnull(oct_json_get(root, "n"));
    ck_assert_ptr_null(oct_json_get(root, "absent"));
    ck_assert_ptr_null(oct_json_get(NULL, "z"));
    ck_assert_ptr_null(oct_json_get(oct_json_get(root, "l"), "z"));
    ck_assert(oct_json_is_integer(oct_json_at(oct_json_get(root, "l"), 1), &integer) && integer == 20);
    ck_assert_ptr_null(oct_json_at(oct_json_get(root, "l"), 2));
    ck_assert_ptr_null(oct_json_at(root, 0));
    ck_assert_uint_eq(oct_json_count(NULL), 0);
    ck_assert_uint_eq(oct_json_count(oct_json_get(root, "s")), 0);
    static const char *const keys[] = {"z", "a", "s", "t", "n", "l", "o"};
    for (size_t i = 0; i < 7; i++) {
        const struct oct_json *value = oct_json_member(root, i, &key);
        ck_assert_str_eq(key, keys[i]);
        ck_assert_ptr_eq(value, oct_json_get(root, key));
    }
    ck_assert_ptr_null(oct_json_member(root, 7, &key));
    ck_assert_ptr_null(oct_json_member(NULL, 0, &key));
    ck_assert_str_eq(oct_json_type_name(OCT_JSON_ARRAY), "an array");
    oct_json_destroy(document);
    oct_json_destroy(NULL);
}
END_TEST

/// A mutation of one of the texts above, or a heap of tokens.
static size_t random_text(struct oct_rng *rng, char *out, size_t max)
{
    static const char *const tokens[] = {"{",    "}",     "[",     "]",           ",",
                                         ":",    "\"a\"", "\"b\"", "1",           "-2.5e3",
                                         "true", "null",  " ",     "\"\\u0041\"", "\"\\ud83d\\ude00\"",
                                         "0",    "\"",    "\\",    "e",           "."};
    size_t length = 0;
    if (oct_rng_between(rng, 0, 1) == 0) {
        const char *text = accepted[oct_rng_between(rng, 0, (int64_t)(sizeof accepted / sizeof accepted[0]) - 1)];
        length = strlen(text);
        memcpy(out, text, length);
        for (int64_t n = oct_rng_between(rng, 1, 2); n > 0 && length > 0; n--) {
            out[oct_rng_between(rng, 0, (int64_t)length - 1)] = (char)oct_rng_between(rng, 1, 255);
        }
        return length;
    }
    for (int64_t n = oct_rng_between(rng, 1, 9); n > 0; n--) {
        const char *token = tokens[oct_rng_between(rng, 0, (int64_t)(sizeof tokens / sizeof tokens[0]) - 1)];
        size_t token_bytes = strlen(token);
        if (length + token_bytes <= max) {
            memcpy(out + length, token, token_bytes);
            length += token_bytes;
        }
    }
    return length;
}

START_TEST(the_scanner_accepts_what_jansson_accepts)
{
    struct oct_rng rng = {1};
    size_t n_accepted = 0;
    for (int i = 0; i < 200000; i++) {
        char text[128];
        size_t length = random_text(&rng, text, sizeof text);
        struct octi_json_scanner scanner;
        octi_json_scan_init(&scanner, text, length, 0, NULL);
        bool ours = octi_json_skip(&scanner) && octi_json_scan_end(&scanner);
        json_error_t fault;
        json_t *root = json_loadb(text, length, JSON_DECODE_ANY, &fault);
        // The scanner knows grammar only: what a number's size is, it leaves to who reads it.
        bool theirs = root != NULL || (json_error_code(&fault) == json_error_numeric_overflow && ours);
        n_accepted += ours;
        json_decref(root);
        ck_assert_msg(ours == theirs, "'%.*s': scanner %d, jansson %d (%s)", (int)length, text, ours, theirs,
                      fault.text);
    }
    ck_assert_uint_gt(n_accepted, 5000);
}
END_TEST

static size_t allocations_left;

static void *failing_malloc(size_t n_bytes)
{
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left--;
    return malloc(n_bytes);
}

START_TEST(running_out_of_memory_anywhere_is_reported_as_such)
{
    static const char text[] =
        "{\"a\":[1,2.5,\"text\",{\"b\":null,\"c\":[true,false]}],\"long key of a member\":[[],[],[]]}";
    json_set_alloc_funcs(failing_malloc, free); // of this process only: Check forked it
    size_t n = 0;
    for (;; n++) {
        struct oct_error error = OCT_ERROR_INIT;
        allocations_left = n;
        enum oct_status status = parse(text, sizeof text - 1, &error);
        if (status == OCT_OK) {
            break;
        }
        ck_assert_status(OCT_ERR_NOMEM, status);
        ck_assert_status(OCT_ERR_NOMEM, error.status);
    }
    json_set_alloc_funcs(malloc, free);
    ck_assert_uint_gt(n, 10);
}
END_TEST

static void add(Suite *suite)
{
    TCase *grammar = oct_case(suite, "grammar");
    tcase_add_loop_test(grammar, legal_text_is_accepted, 0, (int)(sizeof accepted / sizeof accepted[0]));
    tcase_add_loop_test(grammar, illegal_text_is_refused_where_it_goes_wrong, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(grammar, duplicate_keys_and_numbers_out_of_range_are_refused);
    tcase_add_test(grammar, a_nul_byte_is_refused_wherever_it_stands);
    tcase_add_test(grammar, the_scanner_accepts_what_jansson_accepts);
    TCase *limits = oct_case(suite, "limits");
    tcase_add_test(limits, depth_is_bounded_before_anything_recurses);
    tcase_add_test(limits, bytes_and_values_are_bounded);
    tcase_add_test(limits, running_out_of_memory_anywhere_is_reported_as_such);
    TCase *reading = oct_case(suite, "reading");
    tcase_add_test(reading, values_are_read_by_type_and_in_order);
}

OCT_CHECK_MAIN("proto/json/document", add)
