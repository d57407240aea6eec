#include "proto/model/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/oct_check.h"

static const char content[] = "0123456789";

/// A file with the content above; its name replaces the X's.
static void make_file(char *path)
{
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, sizeof content), (ssize_t)sizeof content);
    ck_assert_int_eq(close(fd), 0);
}

static enum oct_status
read_at(const struct octi_file *file, uint64_t offset, char *bytes, size_t n_bytes, struct oct_error *error)
{
    return file->source.read(file->source.context, offset, bytes, n_bytes, error);
}

START_TEST(a_file_is_read_where_it_is_asked_for)
{
    char path[] = "/tmp/octet-check-file-XXXXXX", bytes[sizeof content];
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_file file;
    make_file(path);
    ck_assert_status_ok(octi_file_open(&file, path, sizeof content, NULL));
    ck_assert_uint_eq(file.n_bytes, sizeof content);
    ck_assert_status_ok(read_at(&file, 0, bytes, sizeof content, NULL));
    ck_assert_mem_eq(bytes, content, sizeof content);
    ck_assert_status_ok(read_at(&file, 7, bytes, 3, NULL));
    ck_assert_mem_eq(bytes, "789", 3);
    ck_assert_int_eq(truncate(path, 8), 0);
    ck_assert_status(OCT_ERR_IO, read_at(&file, 7, bytes, 3, &error));
    ck_assert_int_eq(error.position, 8);
    octi_file_close(&file);
    octi_file_close(&file);
    ck_assert_status(OCT_ERR_LIMIT, octi_file_open(&file, path, 7, NULL));
    ck_assert_int_eq(file.fd, -1);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_is_no_readable_file_is_named)
{
    char path[] = "/tmp/octet-check-file-XXXXXX", below[64];
    struct oct_error error = OCT_ERROR_INIT;
    struct octi_file file;
    make_file(path);
    snprintf(below, sizeof below, "%s/below", path);
    ck_assert_status(OCT_ERR_NOT_FOUND, octi_file_open(&file, below, 100, NULL));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_status(OCT_ERR_NOT_FOUND, octi_file_open(&file, path, 100, &error));
    ck_assert_error_says(&error, path);
    ck_assert_status(OCT_ERR_INVALID, octi_file_open(&file, "/tmp", 100, NULL));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_status(OCT_ERR_INVALID, octi_file_open(&file, path, 100, NULL)); // and waits for nobody
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *reading = oct_case(suite, "reading");
    tcase_add_test(reading, a_file_is_read_where_it_is_asked_for);
    tcase_add_test(reading, what_is_no_readable_file_is_named);
}

OCT_CHECK_MAIN("proto/model/file", add)
