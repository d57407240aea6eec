#include <stdio.h>
#include <string.h>

#include "server/http/target.h"
#include "tests/support/oct_check.h"

static void refused(const char *text, enum oct_status expected)
{
    struct oct_http_target target;
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_http_target_parse(text, &target, &error);
    ck_assert_msg(status == expected, "%s: %s", text, oct_status_name(status));
    ck_assert_int_eq(error.status, expected);
    ck_assert_ptr_null(target.storage);
}

START_TEST(parts_are_decoded_once)
{
    struct oct_http_target target;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_http_target_parse("/models/a%2520b/x+y?name=n%3D1&flag&empty=&sum=1+2", &target, &error), &error);
    ck_assert_str_eq(target.path, "/models/a%2520b/x+y");
    ck_assert_uint_eq(target.n_segments, 3);
    ck_assert_str_eq(target.segments[0], "models");
    ck_assert_str_eq(target.segments[1], "a%20b");
    ck_assert_str_eq(target.segments[2], "x+y");
    ck_assert_uint_eq(target.n_queries, 4);
    ck_assert_str_eq(oct_http_target_query(&target, "name"), "n=1");
    ck_assert_str_eq(oct_http_target_query(&target, "flag"), "");
    ck_assert_str_eq(oct_http_target_query(&target, "empty"), "");
    ck_assert_str_eq(oct_http_target_query(&target, "sum"), "1 2");
    ck_assert_ptr_null(oct_http_target_query(&target, "none"));
    oct_http_target_deinit(&target);
}
END_TEST

START_TEST(the_root_and_a_last_slash_make_no_part)
{
    struct oct_http_target target;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_http_target_parse("/", &target, &error), &error);
    ck_assert_uint_eq(target.n_segments, 0);
    oct_http_target_deinit(&target);
    ck_assert_ok(oct_http_target_parse("/v2/?", &target, &error), &error);
    ck_assert_uint_eq(target.n_segments, 1);
    ck_assert_uint_eq(target.n_queries, 0);
    oct_http_target_deinit(&target);
    ck_assert_ok(oct_http_target_parse("HTTP://host:1/v2?a=b", &target, &error), &error);
    ck_assert_str_eq(target.path, "/v2");
    ck_assert_str_eq(oct_http_target_query(&target, "a"), "b");
    oct_http_target_deinit(&target);
}
END_TEST

START_TEST(what_is_ambiguous_is_refused)
{
    static const char *const texts[] = {
        "",      "*",       "a",          "http://",       "http:///a", "ftp://a/b", "/a#b",       "/a%",     "/a%4",
        "/a%4g", "/a%g4",   "/%00",       "/a%2Fb",        "/a%2fb",    "//",        "/a//b",      "/%0A",    "/%7F",
        "/%C3",  "/%C0%80", "/%ED%A0%80", "/%F4%90%80%80", "/\xFF",     "/a?b=%00",  "/a?b=1&b=2", "/a?b&%62"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refused(texts[i], OCT_ERR_INVALID);
    }
}
END_TEST

START_TEST(counts_are_limited)
{
    char text[256] = "";
    for (int i = 0; i <= OCT_HTTP_MAX_SEGMENTS; i++) {
        (void)strcat(text, "/a");
    }
    refused(text, OCT_ERR_LIMIT);
    size_t length = (size_t)snprintf(text, sizeof text, "/?");
    for (int i = 0; i <= OCT_HTTP_MAX_QUERY_KEYS; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "k%d&", i);
    }
    refused(text, OCT_ERR_LIMIT);
}
END_TEST

START_TEST(the_storage_holds_the_longest_decoding)
{
    // Empty keys and values cost a terminator each for one byte of text; a sanitizer watches the storage.
    struct oct_http_target target;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(
        oct_http_target_parse("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p", &target, &error),
        &error);
    ck_assert_uint_eq(target.n_segments, OCT_HTTP_MAX_SEGMENTS);
    ck_assert_uint_eq(target.n_queries, OCT_HTTP_MAX_QUERY_KEYS);
    ck_assert_str_eq(target.segments[15], "p");
    ck_assert_str_eq(target.queries[15].key, "p");
    oct_http_target_deinit(&target);
    refused("/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", OCT_ERR_LIMIT);
}
END_TEST

static void add(Suite *suite)
{
    TCase *target = oct_case(suite, "target");
    tcase_add_test(target, parts_are_decoded_once);
    tcase_add_test(target, the_root_and_a_last_slash_make_no_part);
    tcase_add_test(target, what_is_ambiguous_is_refused);
    tcase_add_test(target, counts_are_limited);
    tcase_add_test(target, the_storage_holds_the_longest_decoding);
}

OCT_CHECK_MAIN("server/http/target", add)
