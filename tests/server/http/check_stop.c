// Draining and stopping: nothing that was taken in is lost, nobody waits for ever, and late handlers hurt nobody.
#include "tests/server/http/fixture.h"

#define HOLD  "POST /hold HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc"
#define HELLO "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"

static void expect_close_header(struct oct_loopback *client, int status)
{
    struct oct_loopback_reply reply;
    ck_assert(oct_loopback_read(client, false, &reply));
    ck_assert_int_eq(reply.status, status);
    char value[32];
    ck_assert(oct_loopback_header(&reply, "Connection", value, sizeof value));
    ck_assert_str_eq(value, "close");
    oct_loopback_reply_deinit(&reply);
}

START_TEST(a_draining_server_serves_and_says_goodbye)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback kept;
    struct oct_loopback fresh;
    open_client(&fixture, &kept);
    expect_on(&kept, HELLO, 200, "hello");
    oct_http_server_drain(fixture.server);
    open_client(&fixture, &fresh);
    ck_assert(oct_loopback_send_text(&kept, HELLO));
    expect_close_header(&kept, 200);
    ck_assert(oct_loopback_closes(&kept, 5000));
    ck_assert(oct_loopback_send_text(&fresh, "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"));
    expect_close_header(&fresh, 200);
    ck_assert(oct_loopback_closes(&fresh, 5000));
    oct_loopback_close(&kept);
    oct_loopback_close(&fresh);
    fixture_stop(&fixture);
}
END_TEST

struct stopper {
    struct oct_http_server *server;
    uint64_t patience_us;
    uint64_t took_us;
    pthread_t thread;
};

static void *stop_main(void *arg)
{
    struct stopper *stopper = arg;
    uint64_t began = oct_clock_us();
    oct_http_server_stop(stopper->server, began + stopper->patience_us);
    stopper->took_us = oct_clock_us() - began;
    return NULL;
}

static void begin_stop(struct stopper *stopper, struct fixture *fixture, uint64_t patience_us)
{
    *stopper = (struct stopper){.server = fixture->server, .patience_us = patience_us};
    ck_assert_int_eq(pthread_create(&stopper->thread, NULL, stop_main, stopper), 0);
}

START_TEST(a_stop_waits_for_what_is_in_flight)
{
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.io_threads = 2;
    fixture_start(&fixture, options);
    struct oct_loopback clients[6];
    for (size_t i = 0; i < 6; i++) {
        open_client(&fixture, &clients[i]);
        ck_assert(oct_loopback_send_text(&clients[i], HOLD));
    }
    fixture_wait_held(&fixture, 6);
    struct stopper stopper;
    begin_stop(&stopper, &fixture, 20000000);
    (void)poll(NULL, 0, 300);
    for (size_t i = 0; i < 6; i++) {
        reply_bytes(fixture.held[i], "done", 4);
    }
    for (size_t i = 0; i < 6; i++) {
        expect_close_header(&clients[i], 200);
        oct_loopback_close(&clients[i]);
    }
    pthread_join(stopper.thread, NULL);
    ck_assert_uint_lt(stopper.took_us, 10000000);
    struct oct_loopback late;
    ck_assert(!oct_loopback_open(&late, fixture.port));
    fixture_stop(&fixture);
}
END_TEST

START_TEST(what_is_not_answered_in_time_gets_503)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback clients[3];
    for (size_t i = 0; i < 3; i++) {
        open_client(&fixture, &clients[i]);
        ck_assert(oct_loopback_send_text(&clients[i], HOLD));
    }
    fixture_wait_held(&fixture, 3);
    struct stopper stopper;
    begin_stop(&stopper, &fixture, 200000);
    for (size_t i = 0; i < 3; i++) {
        expect_close_header(&clients[i], 503);
        oct_loopback_close(&clients[i]);
    }
    pthread_join(stopper.thread, NULL);
    ck_assert_uint_ge(stopper.took_us, 200000);
    // The handlers are late, one of them later than the server's end. Their requests are still theirs to read.
    size_t n_bytes;
    const uint8_t *body = oct_http_body(fixture.held[0], &n_bytes);
    ck_assert(n_bytes == 3 && memcmp(body, "abc", 3) == 0);
    ck_assert(oct_http_is_gone(fixture.held[0]));
    reply_bytes(fixture.held[0], "late", 4);
    reply_bytes(fixture.held[1], "late", 4);
    oct_http_server_destroy(fixture.server);
    ck_assert_str_eq(oct_http_header(fixture.held[2], "host"), "t");
    reply_bytes(fixture.held[2], "very late", 9);
    fixture_stop_worker(&fixture);
    ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_INFLIGHT_BYTES), 0);
    oct_metrics_destroy(fixture.metrics);
}
END_TEST

START_TEST(a_stop_ends_idle_and_half_sent_connections)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback idle;
    struct oct_loopback silent;
    struct oct_loopback half;
    struct oct_loopback upload;
    open_client(&fixture, &idle);
    expect_on(&idle, HELLO, 200, "hello");
    open_client(&fixture, &silent);
    open_client(&fixture, &half);
    ck_assert(oct_loopback_send_text(&half, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab"));
    open_client(&fixture, &upload);
    ck_assert(oct_loopback_send_text(&upload, "POST /upload HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab"));
    fixture_wait_count(&fixture, &fixture.uploads_begun, 1);
    oct_http_server_stop(fixture.server, oct_clock_us() + 300000);
    ck_assert_uint_eq(fixture.uploads_aborted, 1);
    ck_assert(oct_loopback_closes(&idle, 5000));
    ck_assert(oct_loopback_closes(&silent, 5000));
    ck_assert(oct_loopback_closes(&half, 5000));
    ck_assert(oct_loopback_closes(&upload, 5000));
    oct_loopback_close(&idle);
    oct_loopback_close(&silent);
    oct_loopback_close(&half);
    oct_loopback_close(&upload);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_reader_that_never_reads_does_not_hold_a_stop)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback client;
    open_client(&fixture, &client);
    ck_assert(oct_loopback_send_text(&client, "GET /big HTTP/1.1\r\nHost: t\r\n\r\n"));
    ck_assert(oct_loopback_has_data(&client, OCT_LOOPBACK_PATIENCE_MS));
    struct stopper stopper;
    begin_stop(&stopper, &fixture, 100000);
    pthread_join(stopper.thread, NULL);
    ck_assert_uint_lt(stopper.took_us, 10000000);
    oct_loopback_close(&client);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(requests_in_the_backlog_are_answered)
{
    struct fixture fixture;
    fixture_start(&fixture, fixture_options());
    struct oct_loopback clients[64];
    for (size_t i = 0; i < 64; i++) {
        open_client(&fixture, &clients[i]);
        ck_assert(oct_loopback_send_text(&clients[i], HELLO));
    }
    struct stopper stopper;
    begin_stop(&stopper, &fixture, 10000000);
    for (size_t i = 0; i < 64; i++) {
        expect_on(&clients[i], "", 200, "hello");
        oct_loopback_close(&clients[i]);
    }
    pthread_join(stopper.thread, NULL);
    fixture_stop(&fixture);
}
END_TEST

START_TEST(a_stop_under_load_neither_aborts_nor_hangs)
{
    for (int round = 0; round < 10; round++) {
        struct fixture fixture;
        struct oct_http_options options = fixture_options();
        options.io_threads = 2;
        fixture_start(&fixture, options);
        struct oct_loopback clients[32];
        for (size_t i = 0; i < 32; i++) {
            open_client(&fixture, &clients[i]);
            ck_assert(oct_loopback_send_text(&clients[i],
                                             "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"
                                             "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nho"));
        }
        struct stopper stopper;
        begin_stop(&stopper, &fixture, (uint64_t)round * 1000);
        pthread_join(stopper.thread, NULL);
        for (size_t i = 0; i < 32; i++) {
            oct_loopback_close(&clients[i]);
        }
        fixture_stop_worker(&fixture); // answers what it still holds
        oct_http_server_destroy(fixture.server);
        ck_assert_int_eq(oct_metrics_value(fixture.metrics, OCT_METRIC_INFLIGHT_BYTES), 0);
        oct_metrics_destroy(fixture.metrics);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *stop = oct_case(suite, "stop");
    tcase_add_test(stop, a_draining_server_serves_and_says_goodbye);
    tcase_add_test(stop, a_stop_waits_for_what_is_in_flight);
    tcase_add_test(stop, what_is_not_answered_in_time_gets_503);
    tcase_add_test(stop, a_stop_ends_idle_and_half_sent_connections);
    tcase_add_test(stop, a_reader_that_never_reads_does_not_hold_a_stop);
    tcase_add_test(stop, requests_in_the_backlog_are_answered);
    tcase_add_test(stop, a_stop_under_load_neither_aborts_nor_hangs);
}

OCT_CHECK_MAIN("server/http/stop", add)
