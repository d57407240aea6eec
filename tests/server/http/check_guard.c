#include <string.h>

#include "server/http/guard.h"
#include "server/http/limits.h"
#include "tests/support/oct_check.h"

#define MAX_FIELDS 4

/// A header line in full: the value may hold any byte, so its length is given where it is not the text's.
struct guard_case {
    const char *name;
    const char *method;
    const char *version;
    const char *fields[MAX_FIELDS]; ///< "Name: value"; cut at the first colon and space
    int http_status;                ///< 200: accepted
};

static const struct guard_case cases[] = {
    {"plain get", "GET", "HTTP/1.1", {"Host: a"}, 200},
    {"host with port", "GET", "HTTP/1.1", {"Host: [::1]:8080"}, 200},
    {"length", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3"}, 200},
    {"names without case", "POST", "HTTP/1.1", {"hOsT: a", "cOnTeNt-LeNgTh: 3"}, 200},
    {"chunked", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: chunked"}, 200},
    {"chunked in capitals", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: Chunked"}, 200},
    {"1.0 without host", "GET", "HTTP/1.0", {NULL}, 200},
    {"expect continue", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3", "Expect: 100-Continue"}, 200},
    {"tab in a value", "GET", "HTTP/1.1", {"Host: a", "X: a\tb"}, 200},
    {"latin in a value", "GET", "HTTP/1.1", {"Host: a", "X: caf\xE9"}, 200},
    {"length and chunks", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3", "Transfer-Encoding: chunked"}, 400},
    {"two lengths that differ", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3", "Content-Length: 4"}, 400},
    {"two lengths that agree", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3", "Content-Length: 3"}, 400},
    {"list of lengths", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3, 3"}, 400},
    {"negative length", "POST", "HTTP/1.1", {"Host: a", "Content-Length: -3"}, 400},
    {"signed length", "POST", "HTTP/1.1", {"Host: a", "Content-Length: +3"}, 400},
    {"hex length", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 0x3"}, 400},
    {"empty length", "POST", "HTTP/1.1", {"Host: a", "Content-Length: "}, 400},
    {"length with a space", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 3 "}, 400},
    {"length past 64 bits", "POST", "HTTP/1.1", {"Host: a", "Content-Length: 18446744073709551616"}, 400},
    {"two codings", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"}, 400},
    {"coding on 1.0", "POST", "HTTP/1.0", {"Host: a", "Transfer-Encoding: chunked"}, 400},
    {"xchunked", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: xchunked"}, 501},
    {"gzip, chunked", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: gzip, chunked"}, 501},
    {"chunked with a space", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: chunked "}, 501},
    {"empty coding", "POST", "HTTP/1.1", {"Host: a", "Transfer-Encoding: "}, 501},
    {"space before the colon", "POST", "HTTP/1.1", {"Host: a", "Content-Length : 3"}, 400},
    {"tab before the colon", "POST", "HTTP/1.1", {"Host: a", "Content-Length\t: 3"}, 400},
    {"empty name", "GET", "HTTP/1.1", {"Host: a", ": 3"}, 400},
    {"space first", "GET", "HTTP/1.1", {"Host: a", " X: 3"}, 400},
    {"latin in a name", "GET", "HTTP/1.1", {"Host: a", "X\xE9: 3"}, 400},
    {"control byte in a value", "GET", "HTTP/1.1", {"Host: a", "X: a\x01"}, 400},
    {"delete byte in a value", "GET", "HTTP/1.1", {"Host: a", "X: a\x7F"}, 400},
    {"carriage return in a value", "GET", "HTTP/1.1", {"Host: a", "X: a\rb"}, 400},
    {"no host", "GET", "HTTP/1.1", {NULL}, 400},
    {"two hosts", "GET", "HTTP/1.1", {"Host: a", "Host: a"}, 400},
    {"host with a path", "GET", "HTTP/1.1", {"Host: a/b"}, 400},
    {"host with a user", "GET", "HTTP/1.1", {"Host: u@a"}, 400},
    {"method that is no token", "GE(T", "HTTP/1.1", {"Host: a"}, 400},
    {"empty method", "", "HTTP/1.1", {"Host: a"}, 400},
    {"connect", "CONNECT", "HTTP/1.1", {"Host: a"}, 405},
    {"trace", "TRACE", "HTTP/1.1", {"Host: a"}, 405},
    {"method in small letters", "get", "HTTP/1.1", {"Host: a"}, 405},
    {"unknown expectation", "POST", "HTTP/1.1", {"Host: a", "Expect: 200-maybe"}, 417},
    {"two expectations, one unknown", "POST", "HTTP/1.1", {"Host: a", "Expect: 100-continue", "Expect: x"}, 417},
    {"version 1.2", "GET", "HTTP/1.2", {"Host: a"}, 505},
    {"version 2", "GET", "HTTP/2.0", {"Host: a"}, 505},
    {"no version", "GET", "", {"Host: a"}, 505},
};

static size_t split(const char *const *lines, struct oct_http_field *fields)
{
    size_t n = 0;
    while (n < MAX_FIELDS && lines[n] != NULL) {
        const char *colon = strstr(lines[n], ": ");
        fields[n].name = lines[n];
        fields[n].name_length = (size_t)(colon - lines[n]);
        fields[n].value = colon + 2;
        fields[n].value_length = strlen(colon + 2);
        n++;
    }
    return n;
}

START_TEST(every_case_of_the_table_is_judged)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct oct_http_field fields[MAX_FIELDS];
        size_t n = split(cases[i].fields, fields);
        struct oct_guard_facts facts;
        struct oct_guard_refusal refusal = {200, ""};
        bool accepted = oct_http_guard(cases[i].method, "/", cases[i].version, fields, n, &facts, &refusal);
        ck_assert_msg(refusal.http_status == cases[i].http_status && accepted == (cases[i].http_status == 200),
                      "%s: %d (%s) instead of %d", cases[i].name, refusal.http_status, refusal.message,
                      cases[i].http_status);
    }
}
END_TEST

START_TEST(facts_tell_the_framing)
{
    struct oct_guard_facts facts;
    struct oct_guard_refusal refusal;
    static const char *const lines[MAX_FIELDS] = {"Host: a", "Content-Length: 18446744073709551615",
                                                  "Expect: 100-continue"};
    struct oct_http_field fields[MAX_FIELDS];
    ck_assert(oct_http_guard("POST", "/", "HTTP/1.1", fields, split(lines, fields), &facts, &refusal));
    ck_assert(facts.has_length && !facts.chunked && facts.expects_continue);
    ck_assert_uint_eq(facts.content_length, UINT64_MAX);
    static const char *const chunked[MAX_FIELDS] = {"Host: a", "Transfer-Encoding: chunked"};
    ck_assert(oct_http_guard("POST", "/", "HTTP/1.1", fields, split(chunked, fields), &facts, &refusal));
    ck_assert(!facts.has_length && facts.chunked && !facts.expects_continue);
    static const char *const old[MAX_FIELDS] = {"Expect: 100-continue"};
    ck_assert(oct_http_guard("POST", "/", "HTTP/1.0", fields, split(old, fields), &facts, &refusal));
    ck_assert(!facts.expects_continue);
}
END_TEST

START_TEST(a_zero_byte_in_a_value_is_refused)
{
    const struct oct_http_field fields[] = {{"Host", 4, "a", 1},
                                            {"Content-Length", 14,
                                             "3\0"
                                             "0",
                                             3}};
    struct oct_guard_facts facts;
    struct oct_guard_refusal refusal;
    ck_assert(!oct_http_guard("POST", "/", "HTTP/1.1", fields, 2, &facts, &refusal));
    ck_assert_int_eq(refusal.http_status, 400);
}
END_TEST

START_TEST(a_target_with_spaces_or_control_bytes_is_refused)
{
    static const char *const targets[] = {"/a b", " /", "/ ", "/a\tb", "/a\x01", "/\x7F"};
    const struct oct_http_field host = {"Host", 4, "a", 1};
    struct oct_guard_facts facts;
    struct oct_guard_refusal refusal;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        ck_assert(!oct_http_guard("GET", targets[i], "HTTP/1.1", &host, 1, &facts, &refusal));
        ck_assert_int_eq(refusal.http_status, 400);
    }
    ck_assert(oct_http_guard("GET", "/a?b=%20", "HTTP/1.1", &host, 1, &facts, &refusal));
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
    static struct oct_http_field fields[OCT_HTTP_MAX_HEADERS + 1];
    for (size_t i = 0; i <= OCT_HTTP_MAX_HEADERS; i++) {
        fields[i] = (struct oct_http_field){"X", 1, "y", 1};
    }
    fields[0] = (struct oct_http_field){"Host", 4, "a", 1};
    struct oct_guard_facts facts;
    struct oct_guard_refusal refusal;
    ck_assert(oct_http_guard("GET", "/", "HTTP/1.1", fields, OCT_HTTP_MAX_HEADERS, &facts, &refusal));
    ck_assert(!oct_http_guard("GET", "/", "HTTP/1.1", fields, OCT_HTTP_MAX_HEADERS + 1, &facts, &refusal));
    ck_assert_int_eq(refusal.http_status, 431);
}
END_TEST

static void add(Suite *suite)
{
    TCase *guard = oct_case(suite, "guard");
    tcase_add_test(guard, every_case_of_the_table_is_judged);
    tcase_add_test(guard, facts_tell_the_framing);
    tcase_add_test(guard, a_zero_byte_in_a_value_is_refused);
    tcase_add_test(guard, a_target_with_spaces_or_control_bytes_is_refused);
    tcase_add_test(guard, too_many_headers_are_refused);
}

OCT_CHECK_MAIN("server/http/guard", add)
