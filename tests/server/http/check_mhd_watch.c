// What clients see who are too slow, and what the server sees of those who leave.
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

static void wait_ms(int milliseconds)
{
    (void)poll(NULL, 0, milliseconds);
}

static int64_t metric_within(struct fixture *fixture, enum oct_metric metric, int64_t wanted)
{
    for (int i = 0; i < 200 && oct_metrics_value(fixture->metrics, metric) != wanted; i++) {
        wait_ms(20);
    }
    return oct_metrics_value(fixture->metrics, metric);
}

static char block[16384];

/// Sends `piece` every 50 ms until the server closes; returns how long that took, at most 5 s.
static int trickle(struct oct_loopback *client, const char *piece)
{
    uint64_t began = oct_clock_us();
    for (int i = 0; i < 100; i++) {
        if (!oct_loopback_send_text(client, piece) || oct_loopback_closes(client, 50)) {
            break;
        }
    }
    return (int)((oct_clock_us() - began) / 1000);
}

START_TEST(a_trickle_of_headers_or_body_is_cut)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.header_timeout_us = 400000;
    options.body_timeout_us = 400000;
    fixture_start(&fixture, options);
    struct oct_loopback client;
    open_and_send(&fixture, &client, "GET /hello HTTP/1.1\r\nX: ");
    int took = trickle(&client, "a");
    ck_assert_msg(took >= 300 && took < 3000, "headers: %d ms", took);
    oct_loopback_close(&client);
    open_and_send(&fixture, &client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n");
    took = trickle(&client, "b");
    ck_assert_msg(took >= 300 && took < 3000, "body: %d ms", took);
    oct_loopback_close(&client);
    open_and_send(&fixture, &client, "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    took = trickle(&client, "1\r\nx\r\n");
    ck_assert_msg(took >= 300 && took < 3000, "chunks: %d ms", took);
    oct_loopback_close(&client);
    hello_works(&fixture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(half_a_request_and_silence_is_cut)
{
    static const char *const halves[] = {"", "GET", "GET /hello HTTP/1.1\r\n",
                                         "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab"};
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.header_timeout_us = 200000;
    options.body_timeout_us = 200000;
    fixture_start(&fixture, options);
    struct oct_loopback clients[4];
    for (size_t i = 0; i < 4; i++) {
        open_and_send(&fixture, &clients[i], halves[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        ck_assert_msg(oct_loopback_closes(&clients[i], 3000), "half %zu stays", i);
        oct_loopback_close(&clients[i]);
    }
    hello_works(&fixture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(an_idle_connection_is_closed_in_the_end)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.idle_timeout_us = 500000;
    fixture_start(&fixture, options);
    struct oct_loopback client;
    open_client(&fixture, &client);
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    ck_assert(!oct_loopback_closes(&client, 250));
    expect_on(&client, "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    ck_assert(oct_loopback_closes(&client, 5000));
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_steady_body_and_a_long_answer_time_are_no_slowness)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.header_timeout_us = 300000;
    options.body_timeout_us = 300000;
    options.idle_timeout_us = 300000;
    fixture_start(&fixture, options);
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /hold HTTP/1.1\r\nHost: t\r\nContent-Length: 163840\r\n\r\n");
    for (int i = 0; i < 10; i++) {
        ck_assert(oct_loopback_send(&client, block, 16384)); // ten times the least rate
        wait_ms(100);
    }
    fixture_wait_held(&fixture, 1);
    wait_ms(800);
    ck_assert(!oct_http_is_gone(fixture.held[0]));
    reply_bytes(fixture.held[0], "kept", 4);
    expect_on(&client, "", 200, "kept");
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_refused_body_that_keeps_coming_is_waited_for)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.body_timeout_us = 400000;
    fixture_start(&fixture, options);
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /nowhere HTTP/1.1\r\nHost: t\r\nContent-Length: 245760\r\n\r\n");
    for (int i = 0; i < 15; i++) {
        ck_assert(oct_loopback_send(&client, block, 16384));
        wait_ms(100);
    }
    expect_on(&client, "", 404, NULL);
    oct_loopback_close(&client);
    open_and_send(&fixture, &client, "POST /nowhere HTTP/1.1\r\nHost: t\r\nContent-Length: 245760\r\n\r\nab");
    ck_assert(oct_loopback_closes(&client, 3000)); // silence is not
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

/// Several times, because it is a matter of which comes first: the server's read or the client's end.
START_TEST(an_end_that_comes_with_the_last_bytes_aborts_an_upload_at_once)
{
    enum { CLIENTS = 8 };
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    uint64_t began = oct_clock_us();
    for (unsigned i = 1; i <= CLIENTS; i++) {
        static const char head[] = "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n";
        char text[16384];
        memset(text, 'x', sizeof text);
        memcpy(text, head, sizeof head - 1);
        struct oct_loopback client;
        open_client(&fixture, &client);
        ck_assert(oct_loopback_send(&client, text, sizeof text));
        oct_loopback_close(&client);
        fixture_wait_count(&fixture, &fixture.uploads_aborted, i);
    }
    // Well below the time that a body may stand still.
    ck_assert_uint_lt(oct_clock_us() - began, OCT_HTTP_DEFAULT_BODY_TIMEOUT_US);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_client_gone_mid_upload_aborts_it)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc");
    fixture_wait_count(&fixture, &fixture.uploads_begun, 1);
    oct_loopback_close(&client);
    fixture_wait_count(&fixture, &fixture.uploads_aborted, 1);
    open_and_send(&fixture, &client, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nabc");
    ck_assert_int_eq(metric_within(&fixture, OCT_METRIC_INFLIGHT_BYTES, 1000), 1000);
    oct_loopback_close(&client);
    ck_assert_int_eq(metric_within(&fixture, OCT_METRIC_INFLIGHT_BYTES, 0), 0);
    ck_assert_int_eq(metric_within(&fixture, OCT_METRIC_HTTP_DISCONNECTS, 2), 2);
    hello_works(&fixture);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_client_gone_before_or_during_its_answer_is_noticed)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_and_send(&fixture, &client, "POST /hold HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
    fixture_wait_held(&fixture, 1);
    ck_assert(!oct_http_is_gone(fixture.held[0]));
    oct_loopback_close(&client);
    for (int i = 0; i < 200 && !oct_http_is_gone(fixture.held[0]); i++) {
        wait_ms(10);
    }
    ck_assert(oct_http_is_gone(fixture.held[0]));
    reply_bytes(fixture.held[0], "into the void", 13);
    ck_assert_int_eq(metric_within(&fixture, OCT_METRIC_HTTP_CONNECTIONS, 0), 0);

    open_and_send(&fixture, &client, "GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
    char some[1000];
    ck_assert_int_gt(oct_loopback_read_raw(&client, some, sizeof some), 0);
    oct_loopback_close(&client);
    ck_assert_int_eq(metric_within(&fixture, OCT_METRIC_HTTP_DISCONNECTS, 1), 1);
    hello_works(&fixture);
    fixture_stop(&fixture);
}
END_TEST

static void add(Suite *suite)
{
    TCase *slow = oct_case(suite, "slow");
    tcase_add_test(slow, a_trickle_of_headers_or_body_is_cut);
    tcase_add_test(slow, half_a_request_and_silence_is_cut);
    tcase_add_test(slow, an_idle_connection_is_closed_in_the_end);
    tcase_add_test(slow, a_steady_body_and_a_long_answer_time_are_no_slowness);
    tcase_add_test(slow, a_refused_body_that_keeps_coming_is_waited_for);
    TCase *gone = oct_case(suite, "gone");
    tcase_add_test(gone, an_end_that_comes_with_the_last_bytes_aborts_an_upload_at_once);
    tcase_add_test(gone, a_client_gone_mid_upload_aborts_it);
    tcase_add_test(gone, a_client_gone_before_or_during_its_answer_is_noticed);
}

OCT_CHECK_MAIN("server/http/mhd_watch", add)
