#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/http/request.h"
#include "tests/support/oct_check.h"

START_TEST(headers_are_copies_found_without_case)
{
    char line[] = "/a?b=c";
    char raw[] = "X-NameOne \tHostt";
    struct oct_http_request *request = oct_http_request_create(line);
    ck_assert_ptr_nonnull(request);
    const struct oct_http_field fields[] = {{raw, 6, raw + 6, 5}, {raw + 11, 4, raw + 15, 1}, {"Empty", 5, "", 0}};
    ck_assert_status_ok(oct_http_request_set_fields(request, fields, 3));
    memset(raw, '?', sizeof raw - 1);
    memset(line, '?', sizeof line - 1);
    ck_assert_str_eq(oct_http_header(request, "x-name"), "One"); // what follows a value is not part of it
    ck_assert_str_eq(oct_http_header(request, "HOST"), "t");
    ck_assert_str_eq(oct_http_header(request, "empty"), "");
    ck_assert_ptr_null(oct_http_header(request, "X-Nam"));
    ck_assert_str_eq(request->line, "/a?b=c");
    ck_assert(oct_http_request_release(request));
}
END_TEST

START_TEST(parameters_and_queries_are_found_by_name)
{
    struct oct_http_request *request = oct_http_request_create("/items/one?q=two");
    ck_assert_ptr_nonnull(request);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_http_target_parse(request->line, &request->target, &error), &error);
    request->match.n_parameters = 1;
    request->match.parameters[0].name = "name}/more";
    request->match.parameters[0].name_length = 4;
    request->match.parameters[0].value = request->target.segments[1];
    ck_assert_str_eq(oct_http_path(request), "/items/one");
    ck_assert_str_eq(oct_http_path_parameter(request, "name"), "one");
    ck_assert_ptr_null(oct_http_path_parameter(request, "nam"));
    ck_assert_ptr_null(oct_http_path_parameter(request, "name}"));
    ck_assert_str_eq(oct_http_query(request, "q"), "two");
    ck_assert_ptr_null(oct_http_query(request, "r"));
    ck_assert(oct_http_request_release(request));
}
END_TEST

START_TEST(a_request_lives_as_long_as_someone_holds_it)
{
    struct oct_http_request *request = oct_http_request_create("/");
    ck_assert_ptr_nonnull(request);
    oct_http_request_retain(request);
    ck_assert(!oct_http_request_release(request));
    ck_assert_ptr_null(oct_http_user(request));
    oct_http_set_user(request, &request);
    ck_assert_ptr_eq(oct_http_user(request), &request);
    ck_assert(oct_http_request_release(request));
}
END_TEST

START_TEST(a_peer_that_left_is_gone_and_one_that_waits_is_not)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct oct_http_request *request = oct_http_request_create("/");
    ck_assert_ptr_nonnull(request);
    request->fd = ends[0];
    ck_assert(!oct_http_is_gone(request));
    ck_assert_int_eq(write(ends[1], "next", 4), 4); // a pipelined request is a sign of life
    ck_assert(!oct_http_is_gone(request));
    char bytes[4];
    ck_assert_int_eq(read(ends[0], bytes, 4), 4);
    close(ends[1]);
    ck_assert(oct_http_is_gone(request));
    close(ends[0]);
    ck_assert(oct_http_request_release(request));
}
END_TEST

static void add(Suite *suite)
{
    TCase *request = oct_case(suite, "request");
    tcase_add_test(request, headers_are_copies_found_without_case);
    tcase_add_test(request, parameters_and_queries_are_found_by_name);
    tcase_add_test(request, a_request_lives_as_long_as_someone_holds_it);
    tcase_add_test(request, a_peer_that_left_is_gone_and_one_that_waits_is_not);
}

OCT_CHECK_MAIN("server/http/request", add)
