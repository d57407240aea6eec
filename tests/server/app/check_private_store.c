#include "server/app/private_store.h"

#include <string.h>
#include <unistd.h>

#include "tests/server/cli/folder.h"

START_TEST(a_store_is_ours_alone_and_goes_with_all_that_is_in_it)
{
    char path[OCT_PRIVATE_STORE_PATH_BYTES], inside[FOLDER_PATH_BYTES + 64], outside[FOLDER_PATH_BYTES + 64];
    char elsewhere[OCT_PRIVATE_STORE_PATH_BYTES];
    struct stat info;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_private_store_create(path, &error), &error);
    ck_assert_ok(oct_private_store_create(elsewhere, &error), &error);
    ck_assert_str_ne(path, elsewhere);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0700);
    ck_assert_int_eq(mkdir(folder_join(path, "blobs", inside), 0700), 0);
    folder_write(folder_join(path, "blobs/file", inside), "x", 1);
    folder_write(folder_join(elsewhere, "kept", outside), "x", 1);
    ck_assert_int_eq(symlink(elsewhere, folder_join(path, "link", inside)), 0);
    oct_private_store_remove(path);
    ck_assert(!folder_has(path));
    ck_assert(folder_has(outside)); // links are removed, not followed
    oct_private_store_remove(elsewhere);
    ck_assert(!folder_has(elsewhere));
}
END_TEST

START_TEST(a_place_that_cannot_be_written_is_an_error_and_leaves_no_path)
{
    char path[OCT_PRIVATE_STORE_PATH_BYTES] = "former";
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_int_eq(setenv("TMPDIR", "/no/such/folder", 1), 0);
    ck_assert_status(OCT_ERR_IO, oct_private_store_create(path, &error));
    ck_assert_error_says(&error, "/no/such/folder");
    ck_assert_str_eq(path, "");
    oct_private_store_remove(path); // nothing
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *store = oct_case(suite, "store");
    tcase_add_test(store, a_store_is_ours_alone_and_goes_with_all_that_is_in_it);
    tcase_add_test(store, a_place_that_cannot_be_written_is_an_error_and_leaves_no_path);
}

OCT_CHECK_MAIN("server/app/private_store", add_tests)
