// What clients see of a server that is well treated: calls, keep-alive, pipelining, chunks, 100-continue, uploads,
// errors.
#include "server/log/log.h"
#include "tests/server/http/fixture.h"

static void raw_post(char *out, size_t out_bytes, const char *path, const char *headers, const char *body)
{
    (void)snprintf(out, out_bytes, "POST %s HTTP/1.1\r\nHost: t\r\n%sContent-Length: %zu\r\n\r\n%s", path, headers,
                   strlen(body), body);
}

START_TEST(a_handler_answers_at_once_or_later)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    expect(&fixture, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    char text[256];
    raw_post(text, sizeof text, "/echo", "", "abc");
    expect(&fixture, text, 200, "abc");
    raw_post(text, sizeof text, "/later", "", "from another thread");
    expect(&fixture, text, 200, "from another thread");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_connection_is_kept_for_the_next_request)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    char text[256];
    for (int i = 0; i < 200; i++) {
        char body[32];
        (void)snprintf(body, sizeof body, "body %d", i);
        raw_post(text, sizeof text, i % 2 == 0 ? "/echo" : "/later", "", body);
        expect_on(&client, text, 200, body);
    }
    expect_on(&client, "GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n", 404, NULL);
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_HTTP_CONNECTIONS), 1);
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_HTTP_REQUESTS), 202);
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_HTTP_ERRORS_CLIENT), 1);
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none"
                                              "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"
                                              "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nthree"));
    static const char *const expected[] = {"one", "hello", "three"};
    for (int i = 0; i < 3; i++) {
        struct oct_loopback_reply reply;
        ck_assert(oct_loopback_read(&client, false, &reply));
        ck_assert_int_eq(reply.status, 200);
        ck_assert_str_eq(reply.body, expected[i]);
        oct_loopback_reply_deinit(&reply);
    }
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(ten_thousand_tiny_chunks_are_one_body)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "POST /later HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"));
    static char chunks[10000 * 6 + 1];
    for (size_t i = 0; i < 10000; i++) {
        (void)snprintf(chunks + i * 6, 7, "1\r\n%c\r\n", (char)('a' + i % 26));
    }
    ck_assert(oct_loopback_send_text(&client, chunks));
    ck_assert(oct_loopback_send_text(&client, "0\r\n\r\n"));
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(reply.n_body, 10000);
    for (size_t i = 0; i < 10000; i++) {
        ck_assert_int_eq(reply.body[i], 'a' + (int)(i % 26));
    }
    oct_loopback_reply_deinit(&reply);
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_client_that_waits_for_100_gets_it)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(
        &client, "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    char head[64];
    long n = oct_loopback_read_raw(&client, head, sizeof head - 1);
    ck_assert_int_gt(n, 0);
    head[n] = '\0';
    ck_assert_str_eq(head, "HTTP/1.1 100 Continue\r\n\r\n");
    expect_on(&client, "wait", 200, "wait");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(paths_and_queries_arrive_decoded)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    expect(&fixture, "GET /items/a%20b?q=1%262+3 HTTP/1.1\r\nHost: t\r\n\r\n", 200, "name=a b q=1&2 3");
    expect(&fixture, "GET /items/caf%C3%A9/ HTTP/1.1\r\nHost: t\r\n\r\n", 200, "name=caf\xC3\xA9 q=(none)");
    expect(&fixture, "GET http://t/items/x HTTP/1.1\r\nHost: t\r\n\r\n", 200, "name=x q=(none)");
    expect(&fixture, "GET /items/a%00b HTTP/1.1\r\nHost: t\r\n\r\n", 400, NULL);
    expect(&fixture, "GET /items/a%2Fb HTTP/1.1\r\nHost: t\r\n\r\n", 400, NULL);
    expect(&fixture, "GET /items/a%zz HTTP/1.1\r\nHost: t\r\n\r\n", 400, NULL);
    expect(&fixture, "GET /items/%FF HTTP/1.1\r\nHost: t\r\n\r\n", 400, NULL);
    expect(&fixture, "GET /items/x?q=1&q=2 HTTP/1.1\r\nHost: t\r\n\r\n", 400, NULL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(errors_are_json_and_say_what_was_wrong)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    struct oct_loopback_reply reply;
    char value[128];

    ck_assert(oct_loopback_send_text(&client, "GET /nowhere HTTP/1.1\r\nHost: t\r\n\r\n"));
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 404);
    ck_assert(oct_loopback_header(&reply, "Content-Type", value, sizeof value));
    ck_assert_str_eq(value, "application/json");
    ck_assert(strncmp(reply.body, "{\"error\":", 9) == 0);
    oct_loopback_reply_deinit(&reply);

    ck_assert(oct_loopback_send_text(&client, "DELETE /hello HTTP/1.1\r\nHost: t\r\n\r\n"));
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 405);
    ck_assert(oct_loopback_header(&reply, "Allow", value, sizeof value));
    ck_assert_str_eq(value, "GET, HEAD");
    oct_loopback_reply_deinit(&reply);

    ck_assert(oct_loopback_send_text(
        &client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"));
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 415);
    ck_assert_ptr_nonnull(strstr(reply.body, "gzip"));
    oct_loopback_reply_deinit(&reply);

    expect_on(&client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
              200, "abc");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(head_has_the_headers_of_get_and_no_body)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n"));
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, true, &reply));
    ck_assert_int_eq(reply.status, 200);
    char value[32];
    ck_assert(oct_loopback_header(&reply, "Content-Length", value, sizeof value));
    ck_assert_str_eq(value, "5");
    oct_loopback_reply_deinit(&reply);
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(an_upload_streams_through_its_sink)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 3000000\r\n\r\n"));
    static char block[100000];
    for (int i = 0; i < 30; i++) {
        ck_assert(oct_loopback_send(&client, block, sizeof block));
    }
    expect_on(&client, "", 200, "3000000");
    ck_assert_uint_eq(fixture.uploads_ended, 1);
    ck_assert_uint_eq(fixture.uploads_aborted, 0);

    fixture.refuse_uploads = true; // ordered before by the reply, after by the socket
    expect_on(&client, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 429, NULL);
    fixture.refuse_uploads = false;
    fixture.fail_upload_at = 2;
    expect_on(&client, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 400,
              "{\"error\":\"upload: not a model file (at byte 7)\"}");
    ck_assert_uint_eq(fixture.uploads_begun, 2);
    ck_assert_uint_eq(fixture.uploads_aborted, 1);
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_large_answer_arrives_whole_at_a_slow_reader)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "GET /big HTTP/1.1\r\nHost: t\r\n\r\n"));
    (void)poll(NULL, 0, 100); // until the socket's buffers are full
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 200);
    ck_assert_uint_eq(reply.n_body, BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        ck_assert_int_eq(reply.body[i], 'a' + (int)(i % 26));
    }
    oct_loopback_reply_deinit(&reply);
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(management_needs_the_token_once_there_is_one)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    fixture_start(&fixture, options);
    expect(&fixture, "POST /admin HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok", 200, "ok");
    expect(&fixture, "POST /admin HTTP/1.1\r\nHost: t\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\nok",
           403, NULL);
    // SHA-256 of "secret"
    static const uint8_t digest[32] = {0x2b, 0xb8, 0x0d, 0x53, 0x7b, 0x1d, 0xa3, 0xe3, 0x8b, 0xd3, 0x03,
                                       0x61, 0xaa, 0x85, 0x56, 0x86, 0xbd, 0xe0, 0xea, 0xcd, 0x71, 0x62,
                                       0xfe, 0xf6, 0xa2, 0x5f, 0xe9, 0x7b, 0xf5, 0x27, 0xa2, 0x5b};
    oct_http_server_set_token(fixture.server, digest);
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "POST /admin HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok"));
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 401);
    char value[32];
    ck_assert(oct_loopback_header(&reply, "WWW-Authenticate", value, sizeof value));
    ck_assert_str_eq(value, "Bearer");
    oct_loopback_reply_deinit(&reply);
    expect_on(&client,
              "POST /admin HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer secrets\r\nContent-Length: 2\r\n\r\nok", 401,
              NULL);
    expect_on(&client, "POST /admin HTTP/1.1\r\nHost: t\r\nAuthorization: bearer secret\r\nContent-Length: 2\r\n\r\nok",
              200, "ok");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(several_loops_share_the_work)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.io_threads = 3;
    fixture_start(&fixture, options);
    struct oct_loopback clients[24];
    for (size_t i = 0; i < 24; i++) {
        open_client(&fixture, &clients[i]);
    }
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < 24; i++) {
            ck_assert(
                oct_loopback_send_text(&clients[i], "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"));
        }
        for (size_t i = 0; i < 24; i++) {
            expect_on(&clients[i], "", 200, "hi");
        }
    }
    for (size_t i = 0; i < 24; i++) {
        oct_loopback_close(&clients[i]);
    }
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_bad_address_or_a_taken_port_is_reported)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_http_options options = fixture_options();
    struct oct_http_server *second = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    options.port = fixture.port;
    ck_assert_status(OCT_ERR_IO, oct_http_server_start(&options, &second, &error));
    ck_assert_error_says(&error, "cannot listen on port");
    oct_error_clear(&error);
    options.address = "localhost";
    ck_assert_status(OCT_ERR_INVALID, oct_http_server_start(&options, &second, &error));
    ck_assert_error_says(&error, "numeric");
    fixture_stop(&fixture);
}
END_TEST

START_TEST(each_request_is_one_line_of_the_log)
{
    struct fixture fixture;
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    struct oct_log log = {.fd = fileno(file), .level = OCT_LOG_INFO, .format = OCT_LOG_JSON};
    struct oct_http_options options = fixture_options();
    options.log = &log;
    fixture_start(&fixture, options);
    expect(&fixture, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello"); // health: for debugging only
    expect(&fixture, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc", 200, "abc");
    expect(&fixture, "GET /items/secret?q=secret HTTP/1.1\r\nHost: t\r\n\r\n", 200, NULL);
    expect(&fixture, "GET /secret HTTP/1.1\r\nHost: t\r\n\r\n", 404, NULL);
    fixture_stop(&fixture);
    char text[4096];
    rewind(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    static const char *const expected[] = {
        "\"method\":\"POST\",\"route\":\"/later\",\"status\":200,\"bytes_in\":3,\"bytes_out\":3,",
        "\"method\":\"GET\",\"route\":\"/items/{name}\",\"status\":200,\"bytes_in\":0,",
        "\"method\":\"GET\",\"route\":\"\",\"status\":404,",
    };
    for (size_t i = 0; i < 3; i++) {
        ck_assert_msg(strstr(text, expected[i]) != NULL, "%s is not in\n%s", expected[i], text);
    }
    ck_assert_msg(strstr(text, "secret") == NULL && strstr(text, "/hello") == NULL, "%s", text);
    (void)fclose(file);
}
END_TEST

static void add(Suite *suite)
{
    TCase *calls = oct_case(suite, "calls");
    tcase_add_test(calls, a_handler_answers_at_once_or_later);
    tcase_add_test(calls, a_connection_is_kept_for_the_next_request);
    tcase_add_test(calls, pipelined_requests_are_answered_in_order);
    tcase_add_test(calls, ten_thousand_tiny_chunks_are_one_body);
    tcase_add_test(calls, a_client_that_waits_for_100_gets_it);
    tcase_add_test(calls, paths_and_queries_arrive_decoded);
    tcase_add_test(calls, errors_are_json_and_say_what_was_wrong);
    tcase_add_test(calls, head_has_the_headers_of_get_and_no_body);
    tcase_add_test(calls, an_upload_streams_through_its_sink);
    tcase_add_test(calls, a_large_answer_arrives_whole_at_a_slow_reader);
    tcase_add_test(calls, management_needs_the_token_once_there_is_one);
    tcase_add_test(calls, several_loops_share_the_work);
    tcase_add_test(calls, each_request_is_one_line_of_the_log);
    tcase_add_test(calls, a_bad_address_or_a_taken_port_is_reported);
}

OCT_CHECK_MAIN("server/http/mhd_server", add)
