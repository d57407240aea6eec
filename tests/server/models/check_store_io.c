#include "tests/support/oct_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/models/store_io.h"

static char root[64];

static void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/octet-io-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    ck_assert_int_eq(system(command), 0);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    const struct oct_store_io *io = oct_store_io_system();
    int fd = io->open(NULL, path_of(name), O_WRONLY | O_CREAT | O_TRUNC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io->write(NULL, fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(io->fsync(NULL, fd), 0);
    ck_assert_int_eq(io->close(NULL, fd), 0);
}

START_TEST(descriptors_do_not_survive_exec)
{
    const struct oct_store_io *io = oct_store_io_system();
    int fd = io->open(NULL, path_of("file"), O_RDWR | O_CREAT);
    ck_assert_int_ge(fd, 0);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(io->close(NULL, fd), 0);
}
END_TEST

START_TEST(a_lock_is_held_until_close)
{
    const struct oct_store_io *io = oct_store_io_system();
    put("file", "");
    int first = io->open(NULL, path_of("file"), O_RDWR);
    int second = io->open(NULL, path_of("file"), O_RDWR);
    ck_assert_int_eq(io->lock(NULL, first, OCT_STORE_LOCK_SHARED), 0);
    ck_assert_int_eq(io->lock(NULL, second, OCT_STORE_LOCK_TRY_EXCLUSIVE), -1);
    ck_assert_int_eq(errno, EWOULDBLOCK);
    ck_assert_int_eq(io->lock(NULL, second, OCT_STORE_LOCK_SHARED), 0);
    ck_assert_int_eq(io->close(NULL, first), 0);
    ck_assert_int_eq(io->lock(NULL, second, OCT_STORE_LOCK_TRY_EXCLUSIVE), 0);
    ck_assert_int_eq(io->close(NULL, second), 0);
}
END_TEST

START_TEST(a_stamp_changes_when_a_file_is_replaced)
{
    const struct oct_store_io *io = oct_store_io_system();
    char to[128];
    uint64_t before = 0;
    uint64_t again = 0;
    uint64_t after = 0;
    put("file", "same");
    put("other", "same");
    snprintf(to, sizeof to, "%s", path_of("file"));
    ck_assert_int_eq(io->stamp(NULL, to, &before), 0);
    ck_assert_int_eq(io->stamp(NULL, to, &again), 0);
    ck_assert_uint_eq(before, again);
    ck_assert_int_eq(io->rename(NULL, path_of("other"), to), 0);
    ck_assert_int_eq(io->stamp(NULL, to, &after), 0);
    ck_assert_uint_ne(before, after);
    ck_assert_int_eq(io->stamp(NULL, path_of("absent"), &after), -1);
}
END_TEST

START_TEST(a_link_never_replaces)
{
    const struct oct_store_io *io = oct_store_io_system();
    char to[128];
    put("a", "1");
    put("b", "2");
    snprintf(to, sizeof to, "%s", path_of("b"));
    ck_assert_int_eq(io->link(NULL, path_of("a"), to), -1);
    ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(io->unlink(NULL, to), 0);
    ck_assert_int_eq(io->link(NULL, path_of("a"), to), 0);
}
END_TEST

static void append_name(void *argument, const char *name)
{
    char *names = argument;
    size_t length = strlen(names);
    snprintf(names + length, 64 - length, "%s", name);
}

START_TEST(hidden_entries_are_not_listed)
{
    const struct oct_store_io *io = oct_store_io_system();
    char names[64] = "";
    put("a", "");
    put(".hidden", "");
    ck_assert_int_eq(io->list(NULL, root, append_name, names), 0);
    ck_assert_str_eq(names, "a");
    ck_assert_int_eq(io->list(NULL, path_of("absent"), append_name, names), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *io = oct_case(suite, "store_io");
    tcase_add_checked_fixture(io, make_root, remove_root);
    tcase_add_test(io, descriptors_do_not_survive_exec);
    tcase_add_test(io, a_lock_is_held_until_close);
    tcase_add_test(io, a_stamp_changes_when_a_file_is_replaced);
    tcase_add_test(io, a_link_never_replaces);
    tcase_add_test(io, hidden_entries_are_not_listed);
}

OCT_CHECK_MAIN("server/models/store_io", add_tests)
