#include "server/cli/file.h"

#include <string.h>

#include "tests/server/cli/folder.h"

START_TEST(what_is_written_is_read_back_whole)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer in;
    static uint8_t body[200000];
    memset(body, 7, sizeof(body));
    folder_make(folder);
    folder_join(folder, "file", path);
    ck_assert_ok(oct_cli_file_write(path, "head", 4, body, sizeof(body), &error), &error);
    oct_buffer_init(&in, NULL, sizeof(body) + 4); // exactly as large as the file
    ck_assert_ok(oct_cli_file_read(path, &in, &error), &error);
    ck_assert_uint_eq(in.length, sizeof(body) + 4);
    ck_assert_mem_eq(in.data, "head", 4);
    ck_assert_mem_eq(in.data + 4, body, sizeof(body));
    oct_buffer_deinit(&in);
    folder_remove(folder);
}
END_TEST

START_TEST(a_file_over_the_limit_is_refused)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer in;
    folder_make(folder);
    folder_write(folder_join(folder, "file", path), "12345", 5);
    oct_buffer_init(&in, NULL, 4);
    ck_assert_status(OCT_ERR_LIMIT, oct_cli_file_read(path, &in, &error));
    ck_assert_error_says(&error, "larger than 4 bytes");
    oct_buffer_deinit(&in);
    folder_remove(folder);
}
END_TEST

START_TEST(an_empty_file_is_read_as_nothing)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64];
    struct oct_buffer in;
    folder_make(folder);
    folder_write(folder_join(folder, "file", path), "", 0);
    oct_buffer_init(&in, NULL, 100);
    ck_assert_status_ok(oct_cli_file_read(path, &in, NULL));
    ck_assert_uint_eq(in.length, 0);
    oct_buffer_deinit(&in);
    folder_remove(folder);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_named)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_buffer in;
    oct_buffer_init(&in, NULL, 100);
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_cli_file_read("/no/such/file", &in, &error));
    ck_assert_error_says(&error, "/no/such/file");
    ck_assert_status(OCT_ERR_IO, oct_cli_file_read("/", &in, NULL));
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_IO, oct_cli_file_write("/no/such/file", "x", 1, NULL, 0, &error));
    ck_assert_error_says(&error, "/no/such/file");
    oct_buffer_deinit(&in);
}
END_TEST

START_TEST(a_failed_write_leaves_neither_file_nor_remains)
{
    char folder[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES + 64], below[FOLDER_PATH_BYTES + 64];
    folder_make(folder);
    folder_join(folder, "taken", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    folder_join(folder, "taken/inside", below);
    folder_write(below, "x", 1); // a folder that is not empty cannot be replaced
    ck_assert_status(OCT_ERR_IO, oct_cli_file_write(path, "x", 1, NULL, 0, NULL));
    ck_assert(folder_has(below));
    ck_assert_int_eq(remove(below), 0);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(remove(folder), 0); // nothing else was left in it
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *files = oct_case(suite, "files");
    tcase_add_test(files, what_is_written_is_read_back_whole);
    tcase_add_test(files, a_file_over_the_limit_is_refused);
    tcase_add_test(files, an_empty_file_is_read_as_nothing);
    tcase_add_test(files, a_path_that_leads_nowhere_is_named);
    tcase_add_test(files, a_failed_write_leaves_neither_file_nor_remains);
}

OCT_CHECK_MAIN("server/cli/file", add_tests)
