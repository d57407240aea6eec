#include "proto/model/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/chaos.h"
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

START_TEST(a_file_is_read_to_its_last_byte)
{
    char path[] = "/tmp/octet-check-file-XXXXXX";
    const struct oct_allocator *allocator = oct_allocator_default();
    uint8_t *bytes;
    size_t n_bytes;
    make_file(path);
    ck_assert_status_ok(octi_file_read(path, sizeof content, allocator, &bytes, &n_bytes, NULL));
    ck_assert_uint_eq(n_bytes, sizeof content);
    ck_assert_mem_eq(bytes, content, n_bytes);
    for (size_t i = 0; i < OCTI_FILE_TAIL_BYTES; i++) {
        ck_assert_uint_eq(bytes[n_bytes + i], 0);
    }
    allocator->release(allocator->context, bytes, n_bytes + OCTI_FILE_TAIL_BYTES);
    ck_assert_status(OCT_ERR_LIMIT, octi_file_read(path, sizeof content - 1, allocator, &bytes, &n_bytes, NULL));
    ck_assert_ptr_null(bytes);
    struct oct_chaos chaos;
    oct_chaos_init(&chaos, 0);
    ck_assert_status(OCT_ERR_NOMEM, octi_file_read(path, 100, &chaos.allocator, &bytes, &n_bytes, NULL));
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(what_is_no_readable_file_is_named)
{
    char path[] = "/tmp/octet-check-file-XXXXXX", below[64];
    const struct oct_allocator *allocator = oct_allocator_default();
    struct oct_error error = OCT_ERROR_INIT;
    uint8_t *bytes;
    size_t n_bytes;
    make_file(path);
    snprintf(below, sizeof below, "%s/below", path);
    ck_assert_status(OCT_ERR_NOT_FOUND, octi_file_read(below, 100, allocator, &bytes, &n_bytes, NULL));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_status(OCT_ERR_NOT_FOUND, octi_file_read(path, 100, allocator, &bytes, &n_bytes, &error));
    ck_assert_error_says(&error, path);
    ck_assert_status(OCT_ERR_INVALID, octi_file_read("/tmp", 100, allocator, &bytes, &n_bytes, NULL));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_status(OCT_ERR_INVALID,
                     octi_file_read(path, 100, allocator, &bytes, &n_bytes, NULL)); // and waits for nobody
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static void add(Suite *suite)
{
    TCase *reading = oct_case(suite, "reading");
    tcase_add_test(reading, a_file_is_read_to_its_last_byte);
    tcase_add_test(reading, what_is_no_readable_file_is_named);
}

OCT_CHECK_MAIN("proto/model/file", add)
