#include <string.h>

#include "server/http/request.h"
#include "tests/support/oct_check.h"

static void expect_body(const struct oct_buffer *body, const char *text)
{
    ck_assert_uint_eq(body->length, strlen(text));
    ck_assert(memcmp(body->data, text, body->length) == 0);
}

START_TEST(an_error_becomes_json_with_place_and_position)
{
    struct oct_error error = OCT_ERROR_INIT;
    (void)oct_error_set(&error, OCT_ERR_INVALID, "inputs[0].shape", 12, "expected \"[1, 3]\"\n");
    struct oct_http_reply reply;
    char retry[OCT_HTTP_RETRY_TEXT_BYTES];
    oct_http_error_reply(&reply, NULL, &error, 0, retry);
    ck_assert_int_eq(reply.status, 400);
    ck_assert_str_eq(reply.content_type, "application/json");
    ck_assert_uint_eq(reply.n_headers, 0);
    expect_body(&reply.body, "{\"error\":\"inputs[0].shape: expected \\\"[1, 3]\\\"\\n (at byte 12)\"}");
    oct_buffer_deinit(&reply.body);
}
END_TEST

START_TEST(faults_of_ours_are_not_told)
{
    static const enum oct_status statuses[] = {OCT_ERR_IO, OCT_ERR_INTERNAL};
    for (size_t i = 0; i < 2; i++) {
        struct oct_error error = OCT_ERROR_INIT;
        (void)oct_error_set(&error, statuses[i], "/var/lib/octet/blobs", OCT_POSITION_NONE, "at 0x7ffe");
        struct oct_http_reply reply;
        char retry[OCT_HTTP_RETRY_TEXT_BYTES];
        oct_http_error_reply(&reply, NULL, &error, 0, retry);
        ck_assert_int_eq(reply.status, 500);
        expect_body(&reply.body, "{\"error\":\"the server failed; its log says why\"}");
        oct_buffer_deinit(&reply.body);
    }
}
END_TEST

START_TEST(codes_bring_their_headers)
{
    struct oct_error error = OCT_ERROR_INIT;
    (void)oct_error_set(&error, OCT_ERR_BUSY, "m", OCT_POSITION_NONE, "queue is full");
    struct oct_http_reply reply;
    char retry[OCT_HTTP_RETRY_TEXT_BYTES];
    oct_http_error_reply(&reply, NULL, &error, 17, retry);
    ck_assert_int_eq(reply.status, 429);
    ck_assert_uint_eq(reply.n_headers, 1);
    ck_assert_str_eq(reply.headers[0].name, "Retry-After");
    ck_assert_str_eq(reply.headers[0].value, "17");
    oct_buffer_deinit(&reply.body);
    oct_error_clear(&error);
    (void)oct_error_set(&error, OCT_ERR_UNAUTHORIZED, "", OCT_POSITION_NONE, "no");
    oct_http_error_reply(&reply, NULL, &error, 0, retry);
    ck_assert_str_eq(reply.headers[0].name, "WWW-Authenticate");
    oct_buffer_deinit(&reply.body);
}
END_TEST

START_TEST(an_answer_takes_the_body_and_copies_the_rest)
{
    struct oct_http_answer answer = {0};
    oct_buffer_init(&answer.body, NULL, SIZE_MAX);
    char name[] = "X-Name";
    char value[] = "value";
    struct oct_http_reply reply = {
        .status = 200, .content_type = "text/plain", .n_headers = 1, .headers = {{name, value}}};
    oct_buffer_init(&reply.body, NULL, 16);
    ck_assert_status_ok(oct_buffer_append(&reply.body, "body", 4));
    oct_http_answer_set(&answer, &reply);
    ck_assert_ptr_null(reply.body.data);
    name[0] = value[0] = '?';
    ck_assert_str_eq(answer.headers[0].name, "X-Name");
    ck_assert_str_eq(answer.headers[0].value, "value");
    ck_assert_str_eq(answer.content_type, "text/plain");
    expect_body(&answer.body, "body");
    static char huge[OCT_HTTP_REPLY_TEXT_BYTES + 1];
    memset(huge, 'x', sizeof huge - 1);
    struct oct_http_reply too_long = {.status = 200, .n_headers = 1, .headers = {{"X", huge}}};
    oct_buffer_init(&too_long.body, NULL, 16);
    oct_http_answer_set(&answer, &too_long);
    ck_assert_int_eq(answer.status, 500);
    ck_assert_uint_eq(answer.n_headers, 0);
    oct_http_answer_deinit(&answer);
}
END_TEST

static void add(Suite *suite)
{
    TCase *reply = oct_case(suite, "reply");
    tcase_add_test(reply, an_error_becomes_json_with_place_and_position);
    tcase_add_test(reply, faults_of_ours_are_not_told);
    tcase_add_test(reply, codes_bring_their_headers);
    tcase_add_test(reply, an_answer_takes_the_body_and_copies_the_rest);
}

OCT_CHECK_MAIN("server/http/reply", add)
