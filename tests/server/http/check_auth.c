#include <string.h>

#include "octet/proto/sha256.h"
#include "server/http/auth.h"
#include "tests/support/oct_check.h"

static struct oct_auth_policy policy_with(bool is_loopback, const char *token, bool open_management)
{
    struct oct_auth_policy policy = {
        .is_loopback = is_loopback, .has_token = token != NULL, .open_management = open_management};
    if (token != NULL) {
        ck_assert_status_ok(oct_sha256(token, strlen(token), policy.token_digest));
    }
    return policy;
}

/// Header values, NULL: absent.
static enum oct_status ask(const struct oct_auth_policy *policy,
                           enum oct_http_scope scope,
                           const char *authorization,
                           const char *origin,
                           const char *host)
{
    struct oct_http_field fields[3];
    size_t n = 0;
    const char *const given[][2] = {{"authorization", authorization}, {"origin", origin}, {"host", host}};
    for (size_t i = 0; i < 3; i++) {
        if (given[i][1] != NULL) {
            fields[n++] = (struct oct_http_field){given[i][0], strlen(given[i][0]), given[i][1], strlen(given[i][1])};
        }
    }
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_auth_check(policy, scope, fields, n, &error);
    ck_assert_int_eq(status, error.status);
    return status;
}

START_TEST(predictions_and_health_need_nothing)
{
    struct oct_auth_policy policies[] = {policy_with(false, NULL, false), policy_with(false, "t", false)};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_status_ok(ask(&policies[i], OCT_HTTP_SCOPE_OPEN, NULL, "http://x", "y"));
        ck_assert_status_ok(ask(&policies[i], OCT_HTTP_SCOPE_INFER, NULL, "http://x", "y"));
    }
}
END_TEST

START_TEST(management_without_a_token_stays_on_the_machine)
{
    struct oct_auth_policy loopback = policy_with(true, NULL, false);
    struct oct_auth_policy reachable = policy_with(false, NULL, false);
    struct oct_auth_policy opened = policy_with(false, NULL, true);
    ck_assert_status_ok(ask(&loopback, OCT_HTTP_SCOPE_ADMIN, NULL, NULL, "any"));
    ck_assert_status_ok(ask(&opened, OCT_HTTP_SCOPE_ADMIN, NULL, NULL, "any"));
    ck_assert_status(OCT_ERR_FORBIDDEN, ask(&reachable, OCT_HTTP_SCOPE_ADMIN, NULL, NULL, "any"));
    ck_assert_status(OCT_ERR_FORBIDDEN, ask(&reachable, OCT_HTTP_SCOPE_ADMIN, "Bearer t", NULL, "any"));
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_FORBIDDEN, oct_auth_check(&reachable, OCT_HTTP_SCOPE_ADMIN, NULL, 0, &error));
    ck_assert_error_says(&error, "--token-file");
    ck_assert_error_says(&error, "--open-management");
}
END_TEST

START_TEST(a_configured_token_must_be_shown)
{
    struct oct_auth_policy policies[] = {policy_with(true, "s3cret", false), policy_with(false, "s3cret", true)};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_status_ok(ask(&policies[i], OCT_HTTP_SCOPE_ADMIN, "Bearer s3cret", NULL, NULL));
        ck_assert_status_ok(ask(&policies[i], OCT_HTTP_SCOPE_ADMIN, "bearer s3cret", "http://x", NULL));
        static const char *const wrong[] = {
            NULL,           "",       "Bearer",        "Bearer ", "Bearer s3cre", "Bearer s3crets", "Bearer S3cret",
            "Basic s3cret", "s3cret", "Bearer  s3cret"};
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
            ck_assert_status(OCT_ERR_UNAUTHORIZED, ask(&policies[i], OCT_HTTP_SCOPE_ADMIN, wrong[k], NULL, NULL));
        }
    }
}
END_TEST

START_TEST(pages_of_other_origins_change_nothing)
{
    struct oct_auth_policy policy = policy_with(true, NULL, false);
    static const char *const own[][2] = {{"http://localhost:8080", "localhost:8080"},
                                         {"http://127.0.0.1:8080", "127.0.0.1:8080"},
                                         {"http://127.1.2.3", "127.1.2.3"},
                                         {"http://[::1]:80", "[::1]:80"},
                                         {"HTTP://LOCALHOST", "localhost"}};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        ck_assert_status_ok(ask(&policy, OCT_HTTP_SCOPE_ADMIN, NULL, own[i][0], own[i][1]));
    }
    static const char *const other[][2] = {{"http://evil.example", "localhost:8080"},
                                           {"http://localhost:3000", "localhost:8080"},
                                           {"https://localhost:8080", "localhost:8080"},
                                           {"null", "localhost:8080"},
                                           {"http://rebound.example:8080", "rebound.example:8080"},
                                           {"http://127.0.0.1.evil.example", "127.0.0.1.evil.example"},
                                           {"http://localhost.evil.example", "localhost.evil.example"},
                                           {"http://localhost", NULL}};
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        ck_assert_status(OCT_ERR_FORBIDDEN, ask(&policy, OCT_HTTP_SCOPE_ADMIN, NULL, other[i][0], other[i][1]));
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *auth = oct_case(suite, "auth");
    tcase_add_test(auth, predictions_and_health_need_nothing);
    tcase_add_test(auth, management_without_a_token_stays_on_the_machine);
    tcase_add_test(auth, a_configured_token_must_be_shown);
    tcase_add_test(auth, pages_of_other_origins_change_nothing);
}

OCT_CHECK_MAIN("server/http/auth", add)
