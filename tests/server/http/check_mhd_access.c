// What clients see who ask for too much.
#include "server/http/limits.h"
#include "tests/server/http/fixture.h"

static void open_and_send(struct fixture *fixture, struct oct_loopback *client, const char *text)
{
    open_client(fixture, client);
    ck_assert(oct_loopback_send_text(client, text));
}

static void hello_works(struct fixture *fixture)
{
    expect(fixture, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
}

static char block[1024 * 1024];

START_TEST(too_large_with_expect_is_refused_before_a_byte_is_sent)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    expect_on(&client, "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n",
              413, NULL);
    ck_assert(oct_loopback_closes(&client, 5000));
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(too_large_without_expect_is_answered_after_the_body)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 33554432\r\n\r\n");
    for (int i = 0; i < 32; i++) {
        ck_assert_msg(oct_loopback_send(&client, block, sizeof block), "the server closed after %d MiB", i);
    }
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 413);
    ck_assert_ptr_nonnull(strstr(reply.body, "1048576"));
    oct_loopback_reply_deinit(&reply);
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello"); // all was read: the connection is good
    oct_loopback_close(&client);

    open_client(&fixture, &client);
    expect_on(&client, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999\r\n\r\n", 413, NULL);
    ck_assert(oct_loopback_closes(&client, 5000)); // nobody reads that much to be polite
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(chunks_over_the_limit_are_answered_at_their_end)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        ck_assert(oct_loopback_send_text(&client, "100000\r\n"));
        ck_assert(oct_loopback_send(&client, block, sizeof block));
        ck_assert(oct_loopback_send_text(&client, "\r\n"));
    }
    expect_on(&client, "0\r\n\r\n", 413, NULL);
    expect_on(&client, "POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 17\r\n\r\n12345678901234567", 413, NULL);
    expect_on(&client, "POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 16\r\n\r\n1234567890123456", 200,
              "1234567890123456");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(an_upload_over_the_limit_is_aborted)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /upload HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 9; i++) {
        ck_assert(oct_loopback_send_text(&client, "100000\r\n"));
        ck_assert(oct_loopback_send(&client, block, sizeof block));
        ck_assert(oct_loopback_send_text(&client, "\r\n"));
    }
    expect_on(&client, "0\r\n\r\n", 413, NULL);
    ck_assert_uint_eq(fixture.uploads_aborted, 1);
    ck_assert_uint_eq(fixture.uploads_ended, 0);
    expect_on(&client, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 8388609\r\nExpect: 100-continue\r\n\r\n",
              413, NULL);
    ck_assert_uint_eq(fixture.uploads_begun, 1);
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(bytes_in_flight_are_bounded)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.max_inflight_bytes = 1500000;
    fixture_start(&fixture, options);
    struct oct_loopback holder;
    open_and_send(&fixture, &holder, "POST /hold HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
    ck_assert(oct_loopback_send(&holder, block, 1000000));
    fixture_wait_held(&fixture, 1);
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_INFLIGHT_BYTES), 1000000);

    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 600000\r\n\r\n");
    ck_assert(oct_loopback_send(&client, block, 600000));
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(&client, false, &reply));
    ck_assert_int_eq(reply.status, 503);
    char value[16];
    ck_assert(oct_loopback_header(&reply, "Retry-After", value, sizeof value));
    ck_assert_str_eq(value, "1");
    oct_loopback_reply_deinit(&reply);
    ck_assert(oct_loopback_send_text(&client,
                                     "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n92800\r\n"));
    ck_assert(oct_loopback_send(&client, block, 0x92800));
    expect_on(&client, "\r\n0\r\n\r\n", 503, NULL);
    expect_on(&client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok", 200, "ok");
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_HTTP_BUDGET_REFUSALS), 2);

    reply_bytes(fixture.held[0], "done", 4);
    expect_on(&holder, "", 200, "done");
    ck_assert(oct_loopback_send_text(&client, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n"));
    ck_assert(oct_loopback_send(&client, block, 1000000));
    expect_on(&client, "", 200, NULL);
    oct_loopback_close(&client);
    oct_loopback_close(&holder);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(heads_are_bounded)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    static char text[200000];
    size_t length = (size_t)snprintf(text, sizeof text, "GET /hello?");
    memset(text + length, 'a', OCT_HTTP_MAX_TARGET_BYTES);
    length += OCT_HTTP_MAX_TARGET_BYTES;
    (void)snprintf(text + length, sizeof text - length, " HTTP/1.1\r\nHost: t\r\n\r\n");
    expect(&fixture, text, 414, NULL);

    length = (size_t)snprintf(text, sizeof text, "GET /hello HTTP/1.1\r\nHost: t\r\n");
    for (int i = 0; i < OCT_HTTP_MAX_HEADERS; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "X-%d: 1\r\n", i);
    }
    (void)snprintf(text + length, sizeof text - length, "\r\n");
    expect(&fixture, text, 431, NULL);

    length = (size_t)snprintf(text, sizeof text, "GET /hello HTTP/1.1\r\nHost: t\r\nX: ");
    memset(text + length, 'a', 100000);
    length += 100000;
    (void)snprintf(text + length, sizeof text - length, "\r\n\r\n");
    struct oct_loopback client;
    open_client(&fixture, &client);
    (void)oct_loopback_send_text(&client, text); // may be cut off in the middle
    ck_assert(oct_loopback_closes(&client, 5000));
    oct_loopback_close(&client);
    hello_works(&fixture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(connections_over_the_limit_wait_for_their_turn)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.max_connections = 3;
    fixture_start(&fixture, options);
    struct oct_loopback clients[4];
    for (size_t i = 0; i < 3; i++) {
        open_client(&fixture, &clients[i]);
        expect_on(&clients[i], "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    }
    open_and_send(&fixture, &clients[3], "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
    ck_assert(!oct_loopback_has_data(&clients[3], 200));
    oct_loopback_close(&clients[0]);
    expect_on(&clients[3], "", 200, "hello");
    for (size_t i = 1; i < 4; i++) {
        oct_loopback_close(&clients[i]);
    }
    fixture_stop(&fixture);
}
END_TEST

static void add(Suite *suite)
{
    TCase *size = oct_case(suite, "size");
    tcase_add_test(size, too_large_with_expect_is_refused_before_a_byte_is_sent);
    tcase_add_test(size, too_large_without_expect_is_answered_after_the_body);
    tcase_add_test(size, chunks_over_the_limit_are_answered_at_their_end);
    tcase_add_test(size, an_upload_over_the_limit_is_aborted);
    tcase_add_test(size, bytes_in_flight_are_bounded);
    tcase_add_test(size, heads_are_bounded);
    tcase_add_test(size, connections_over_the_limit_wait_for_their_turn);
}

OCT_CHECK_MAIN("server/http/mhd_access", add)
