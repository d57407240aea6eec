// All clients send, all wait, again: the pattern that stops libmicrohttpd's own epoll thread for good when there are
// 128 of them. A round that takes long is a stall even if it ends.
#include "tests/server/http/fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS           40
#define LONGEST_ROUND_US ((uint64_t)5000000) // instrumented, on a busy machine
#else
#define ROUNDS           200
#define LONGEST_ROUND_US ((uint64_t)1000000)
#endif
#define MAX_CLIENTS 300

static void run(size_t n_clients, unsigned io_threads, const char *request, const char *body)
{
    static struct oct_loopback clients[MAX_CLIENTS];
    struct fixture fixture;
    struct oct_http_options options = fixture_options();
    options.io_threads = io_threads;
    fixture_start(&fixture, options);
    for (size_t i = 0; i < n_clients; i++) {
        open_client(&fixture, &clients[i]);
        expect_on(&clients[i], "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n", 200, "hello");
    }
    uint64_t longest = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t began = oct_clock_us();
        for (size_t i = 0; i < n_clients; i++) {
            ck_assert(oct_loopback_send_text(&clients[i], request));
        }
        for (size_t i = 0; i < n_clients; i++) {
            expect_on(&clients[i], "", 200, body);
        }
        uint64_t took = oct_clock_us() - began;
        longest = took > longest ? took : longest;
    }
    ck_assert_msg(longest < LONGEST_ROUND_US, "%zu clients: a round took %llu us", n_clients,
                  (unsigned long long)longest);
    for (size_t i = 0; i < n_clients; i++) {
        oct_loopback_close(&clients[i]);
    }
    fixture_stop(&fixture);
}

#define LATER "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nlock"
#define HELLO "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"

START_TEST(clients_in_lock_step_are_all_answered_by_another_thread)
{
    static const size_t counts[] = {1, 127, 128, 129, 256};
    run(counts[_i], 1, LATER, "lock");
}
END_TEST

START_TEST(clients_in_lock_step_are_all_answered_at_once)
{
    static const size_t counts[] = {128, 256};
    run(counts[_i], 1, HELLO, "hello");
}
END_TEST

START_TEST(clients_in_lock_step_are_all_answered_by_two_loops)
{
    run(256, 2, LATER, "lock");
}
END_TEST

static void add(Suite *suite)
{
    TCase *lockstep = oct_case(suite, "lockstep");
    tcase_add_loop_test(lockstep, clients_in_lock_step_are_all_answered_by_another_thread, 0, 5);
    tcase_add_loop_test(lockstep, clients_in_lock_step_are_all_answered_at_once, 0, 2);
    tcase_add_test(lockstep, clients_in_lock_step_are_all_answered_by_two_loops);
}

OCT_CHECK_MAIN("server/http/mhd_io", add)
