#include <string.h>

#include "server/http/router.h"
#include "tests/support/oct_check.h"

static void handle(void *context, struct oct_http_request *request)
{
    (void)context;
    (void)request;
}

static const struct oct_http_sink sink = {0};

#define ROUTE(method, pattern)                                                                                         \
    {                                                                                                                  \
        method, pattern, handle, NULL, 0, OCT_HTTP_SCOPE_OPEN, ""                                                      \
    }

static const struct oct_http_route routes[] = {
    ROUTE("GET", "/"),
    ROUTE("GET", "/v2"),
    ROUTE("GET", "/v2/models/{model}"),
    ROUTE("GET", "/v2/models/stats"),
    ROUTE("POST", "/v2/models/{model}/infer"),
    ROUTE("POST", "/v2/models/{model}/versions/{version}/infer"),
    ROUTE("GET", "/models"),
    {"POST", "/models", NULL, &sink, 0, OCT_HTTP_SCOPE_ADMIN, ""},
    ROUTE("GET", "/{first}/x"),
    ROUTE("GET", "/a/{second}"),
};
#define N_ROUTES (sizeof routes / sizeof routes[0])

static struct oct_http_target target; // a match borrows its texts

static enum oct_route_result look(const char *method, const char *text, struct oct_route_match *match)
{
    oct_http_target_deinit(&target);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_http_target_parse(text, &target, &error), &error);
    return oct_router_match(routes, N_ROUTES, method, &target, match);
}

static void found(const char *method, const char *text, const char *pattern)
{
    struct oct_route_match match;
    ck_assert_msg(look(method, text, &match) == OCT_ROUTE_FOUND, "%s %s: not found", method, text);
    ck_assert_str_eq(match.route->pattern, pattern);
}

START_TEST(a_path_finds_its_route)
{
    found("GET", "/", "/");
    found("GET", "/v2", "/v2");
    found("GET", "/v2/", "/v2");
    found("GET", "/v2?x=1", "/v2");
    found("POST", "/models", "/models");
    found("GET", "/v2/models/resnet", "/v2/models/{model}");
    found("POST", "/v2/models/resnet/infer/", "/v2/models/{model}/infer");
    found("GET", "/%762", "/v2"); // an escape that needs none
}
END_TEST

START_TEST(parameters_are_named)
{
    struct oct_route_match match;
    ck_assert_int_eq(look("POST", "/v2/models/m%20x/versions/12/infer", &match), OCT_ROUTE_FOUND);
    ck_assert_uint_eq(match.n_parameters, 2);
    ck_assert_uint_eq(match.parameters[0].name_length, 5);
    ck_assert(memcmp(match.parameters[0].name, "model", 5) == 0);
    ck_assert_str_eq(match.parameters[0].value, "m x");
    ck_assert(memcmp(match.parameters[1].name, "version", 7) == 0);
    ck_assert_str_eq(match.parameters[1].value, "12");
}
END_TEST

START_TEST(a_literal_beats_a_parameter_from_the_left)
{
    found("GET", "/v2/models/stats", "/v2/models/stats");
    found("GET", "/a/x", "/a/{second}");
    found("GET", "/b/x", "/{first}/x");
}
END_TEST

START_TEST(an_unknown_path_and_a_wrong_method_differ)
{
    struct oct_route_match match;
    ck_assert_int_eq(look("GET", "/v3", &match), OCT_ROUTE_UNKNOWN_PATH);
    ck_assert_int_eq(look("GET", "/v2/models/m/infer/more", &match), OCT_ROUTE_UNKNOWN_PATH);
    ck_assert_int_eq(look("GET", "/V2", &match), OCT_ROUTE_UNKNOWN_PATH);
    ck_assert_int_eq(look("DELETE", "/models", &match), OCT_ROUTE_WRONG_METHOD);
    ck_assert_str_eq(match.allow, "GET, HEAD, POST");
    ck_assert_int_eq(look("GET", "/v2/models/m/infer", &match), OCT_ROUTE_WRONG_METHOD);
    ck_assert_str_eq(match.allow, "POST");
    ck_assert_int_eq(look("HEAD", "/v2/models/m/infer", &match), OCT_ROUTE_WRONG_METHOD);
}
END_TEST

START_TEST(head_is_answered_by_get)
{
    found("HEAD", "/v2", "/v2");
    struct oct_route_match match;
    ck_assert_int_eq(look("HEAD", "/models", &match), OCT_ROUTE_FOUND);
    ck_assert_str_eq(match.route->method, "GET");
}
END_TEST

START_TEST(a_faulty_table_is_refused)
{
    static const struct oct_http_route faulty[][2] = {
        {ROUTE("GET", "v2"), ROUTE("GET", "/a")},
        {ROUTE("GET", "/a"), ROUTE("GET", "/a")},
        {ROUTE("GET", "/{a"), ROUTE("GET", "/b")},
        {ROUTE("GET", "/x{a}"), ROUTE("GET", "/b")},
        {ROUTE("GET", "/{}"), ROUTE("GET", "/b")},
        {ROUTE("GET", "/{a}/{b}/{c}/{d}/{e}"), ROUTE("GET", "/b")},
        {ROUTE(NULL, "/a"), ROUTE("GET", "/b")},
        {{"GET", "/a", NULL, NULL, 0, OCT_HTTP_SCOPE_OPEN, ""}, ROUTE("GET", "/b")},
        {{"GET", "/a", handle, &sink, 0, OCT_HTTP_SCOPE_OPEN, ""}, ROUTE("GET", "/b")},
    };
    for (size_t i = 0; i < sizeof faulty / sizeof faulty[0]; i++) {
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, oct_router_check(faulty[i], 2, &error));
        ck_assert_error_says(&error, "row");
    }
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_router_check(routes, N_ROUTES, &error), &error);
}
END_TEST

static void free_target(void)
{
    oct_http_target_deinit(&target);
}

static void add(Suite *suite)
{
    TCase *router = oct_case(suite, "router");
    tcase_add_checked_fixture(router, NULL, free_target);
    tcase_add_test(router, a_path_finds_its_route);
    tcase_add_test(router, parameters_are_named);
    tcase_add_test(router, a_literal_beats_a_parameter_from_the_left);
    tcase_add_test(router, an_unknown_path_and_a_wrong_method_differ);
    tcase_add_test(router, head_is_answered_by_get);
    tcase_add_test(router, a_faulty_table_is_refused);
}

OCT_CHECK_MAIN("server/http/router", add)
