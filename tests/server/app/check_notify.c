#include "server/app/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/server/cli/folder.h"

/// A manager's socket at `path`, '@' for the abstract name space, named in the environment.
static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    ck_assert_uint_lt(length, sizeof(address.sun_path));
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = 0;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    ck_assert_int_ge(fd, 0);
    socklen_t address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, address_bytes), 0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
    return fd;
}

START_TEST(the_manager_gets_one_datagram_with_the_state)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64], text[64];
    folder_make(folder);
    int fd = listen_at(folder_join(folder, "notify", path));
    oct_notify("READY=1");
    ssize_t n_read = recv(fd, text, sizeof(text), MSG_DONTWAIT);
    ck_assert_int_eq(n_read, 7);
    ck_assert_mem_eq(text, "READY=1", 7);
    ck_assert_int_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
    close(fd);
    folder_remove(folder);
}
END_TEST

START_TEST(the_abstract_name_space_is_reached)
{
    char text[64], path[64];
    snprintf(path, sizeof(path), "@octet-notify-%ld", (long)getpid());
    int fd = listen_at(path);
    oct_notify("STOPPING=1");
    ck_assert_int_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), 10);
    close(fd);
}
END_TEST

START_TEST(without_a_manager_nothing_happens)
{
    int before = dup(STDERR_FILENO); // the lowest free descriptor
    close(before);
    unsetenv("NOTIFY_SOCKET");
    oct_notify("READY=1");
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
    oct_notify("READY=1");
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    oct_notify("READY=1");
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "/no/such/socket", 1), 0);
    oct_notify("READY=1");
    char longest[300];
    memset(longest, '/', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", longest, 1), 0);
    oct_notify("READY=1");
    int after = dup(STDERR_FILENO);
    ck_assert_int_eq(after, before); // none was lost
    close(after);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *notify = oct_case(suite, "notify");
    tcase_add_test(notify, the_manager_gets_one_datagram_with_the_state);
    tcase_add_test(notify, the_abstract_name_space_is_reached);
    tcase_add_test(notify, without_a_manager_nothing_happens);
}

OCT_CHECK_MAIN("server/app/notify", add_tests)
