#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "tests/server/cli/capture.h"

/// A server of one answer.
struct one_answer {
    int listener;
    char port[8];
    const char *answer; ///< "": closes without a word
    char request[512];
    pthread_t thread;
};

static void *serve_once(void *argument)
{
    struct one_answer *server = argument;
    int peer = accept(server->listener, NULL, NULL);
    ssize_t n_read = recv(peer, server->request, sizeof(server->request) - 1, 0);
    server->request[n_read > 0 ? n_read : 0] = 0;
    (void)send(peer, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    close(peer);
    return NULL;
}

static void start(struct one_answer *server, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);
    memset(server, 0, sizeof(*server));
    server->answer = answer;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(server->listener, 1), 0);
    ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(server->port, sizeof(server->port), "%u", ntohs(address.sin_port));
    ck_assert_int_eq(pthread_create(&server->thread, NULL, serve_once, server), 0);
}

static void stop(struct one_answer *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
}

static struct capture run;

START_TEST(only_an_answer_of_200_is_healthy)
{
    static const struct {
        const char *answer;
        int exit_code;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
        {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 1},
        {"HTTP/1.1 2000 Odd\r\n\r\n", 1},
        {"SSH-2.0-OpenSSH\r\n", 1},
        {"HTTP/1.1", 1},
        {"", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        struct one_answer server;
        start(&server, cases[i].answer);
        CAPTURE(&run, "healthcheck", "--port", server.port);
        stop(&server);
        ck_assert_int_eq(run.exit_code, cases[i].exit_code);
        ck_assert_holds(server.request, "GET /readyz HTTP/1.1\r\n");
    }
}
END_TEST

START_TEST(nobody_listening_is_unhealthy)
{
    struct one_answer server;
    start(&server, "HTTP/1.1 200 OK\r\n\r\n");
    CAPTURE(&run, "healthcheck", "--port", server.port, "--path", "/livez");
    stop(&server);
    ck_assert_int_eq(run.exit_code, 0);
    ck_assert_holds(server.request, "GET /livez HTTP/1.1\r\n");
    CAPTURE(&run, "healthcheck", "--port", server.port); // closed by now
    ck_assert_int_eq(run.exit_code, 1);
    ck_assert_holds(run.err, "cannot connect");
}
END_TEST

START_TEST(the_environment_of_the_container_tells_where)
{
    struct one_answer server;
    start(&server, "HTTP/1.1 200 OK\r\n\r\n");
    ck_assert_int_eq(setenv("OCTET_SERVER_ADDRESS", "0.0.0.0", 1), 0);
    ck_assert_int_eq(setenv("OCTET_SERVER_PORT", server.port, 1), 0);
    CAPTURE(&run, "healthcheck");
    stop(&server);
    ck_assert_msg(run.exit_code == 0, "%s", run.err);
}
END_TEST

START_TEST(mistakes_in_the_flags_are_told)
{
    CAPTURE(&run, "healthcheck", "--port", "0");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "healthcheck", "--path", "no slash");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "healthcheck", "--path", "/a b");
    ck_assert_int_eq(run.exit_code, 2);
    CAPTURE(&run, "healthcheck", "--address", "localhost");
    ck_assert_int_eq(run.exit_code, 1);
    ck_assert_holds(run.err, "numeric");
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *health = oct_case(suite, "health");
    tcase_add_test(health, only_an_answer_of_200_is_healthy);
    tcase_add_test(health, nobody_listening_is_unhealthy);
    tcase_add_test(health, the_environment_of_the_container_tells_where);
    tcase_add_test(health, mistakes_in_the_flags_are_told);
}

OCT_CHECK_MAIN("server/cli/cmd_healthcheck", add_tests)
