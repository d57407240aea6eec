#include <fcntl.h>
#include <unistd.h>

#include "server/http/listen.h"
#include "tests/support/loopback.h"
#include "tests/support/oct_check.h"

START_TEST(a_numeric_address_is_bound)
{
    static const struct {
        const char *address;
        bool is_loopback;
    } cases[] = {{"127.0.0.1", true}, {"127.9.9.9", true}, {"0.0.0.0", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = -1;
        uint16_t port = 0;
        bool is_loopback = !cases[i].is_loopback;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_ok(oct_listen_open(cases[i].address, 0, &fd, &port, &is_loopback, &error), &error);
        ck_assert_uint_gt(port, 0);
        ck_assert_int_eq(is_loopback, cases[i].is_loopback);
        ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        struct oct_loopback client;
        ck_assert(i == 1 || oct_loopback_open(&client, port));
        if (i != 1) {
            oct_loopback_close(&client);
        }
        uint16_t second_port = 0;
        int second = -1;
        ck_assert_status(OCT_ERR_IO,
                         oct_listen_open(cases[i].address, port, &second, &second_port, &is_loopback, NULL));
        ck_assert_int_eq(second, -1);
        close(fd);
    }
}
END_TEST

START_TEST(ipv6_is_an_address_too)
{
    int fd = -1;
    uint16_t port = 0;
    bool is_loopback = false;
    struct oct_error error = OCT_ERROR_INIT;
    enum oct_status status = oct_listen_open("::1", 0, &fd, &port, &is_loopback, &error);
    // A machine without IPv6 says so; the address itself is understood.
    ck_assert(status == OCT_OK || status == OCT_ERR_IO);
    ck_assert(is_loopback);
    if (status == OCT_OK) {
        close(fd);
    }
    status = oct_listen_open("::", 0, &fd, &port, &is_loopback, NULL);
    ck_assert(status == OCT_OK || status == OCT_ERR_IO);
    ck_assert(!is_loopback);
    if (status == OCT_OK) {
        close(fd);
    }
}
END_TEST

START_TEST(what_is_no_address_is_refused)
{
    static const char *const texts[] = {"", "localhost", "127.0.0.1:80", "1.2.3", "[::1]", "example.com", NULL};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int fd = -1;
        uint16_t port = 0;
        bool is_loopback = false;
        struct oct_error error = OCT_ERROR_INIT;
        ck_assert_status(OCT_ERR_INVALID, oct_listen_open(texts[i], 0, &fd, &port, &is_loopback, &error));
        ck_assert_error_says(&error, "numeric");
        ck_assert_int_eq(fd, -1);
    }
}
END_TEST

static void add(Suite *suite)
{
    TCase *sockets = oct_case(suite, "sockets");
    tcase_add_test(sockets, a_numeric_address_is_bound);
    tcase_add_test(sockets, ipv6_is_an_address_too);
    tcase_add_test(sockets, what_is_no_address_is_refused);
}

OCT_CHECK_MAIN("server/http/listen", add)
