// Uploads: the rules of versions, what is refused, kills.
#include "tests/server/models/models_site.h"

START_TEST(versions_count_up_and_the_newest_answers)
{
    struct oct_models *models = start();
    ck_assert_uint_eq(answering(models, "m", 0), 0);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "b"), 2);
    ck_assert_published(upload(models, "m", "7", TINY_RELU, "c"), 7);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "d"), 8);
    ck_assert_published(upload(models, "m", "5", TINY_RELU, "e"),
                        5); // an older number does not move the default
    ck_assert_uint_eq(answering(models, "m", 0), 8);
    ck_assert_uint_eq(answering(models, "m", 1), 1);
    ck_assert_uint_eq(answering(models, "m", 5), 5);
    ck_assert_uint_eq(answering(models, "m", 3), 0);
    stop(models);
}
END_TEST

START_TEST(the_same_bytes_change_nothing)
{
    struct oct_models *models = start();
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    struct outcome again = upload(models, "m", NULL, TINY_RELU, "a");
    ck_assert_status_ok(again.status);
    ck_assert(again.unchanged);
    ck_assert_uint_eq(again.number, 1);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "b"), 2);
    // The bytes of a version that is not the current one are a new version when
    // none is named ...
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 3);
    // ... and unchanged when it is.
    again = upload(models, "m", "1", TINY_RELU, "a");
    ck_assert(again.unchanged);
    ck_assert_uint_eq(again.number, 1);
    ck_assert_uint_eq(answering(models, "m", 0), 3);
    stop(models);
}
END_TEST

START_TEST(other_bytes_on_a_version_are_a_conflict)
{
    struct oct_models *models = start();
    size_t n_deleted = 0;
    ck_assert_published(upload(models, "m", "2", TINY_RELU, "a"), 2);
    struct outcome other = upload(models, "m", "2", TINY_RELU, "b");
    ck_assert_status(OCT_ERR_CONFLICT, other.status);
    ck_assert(!other.refused);
    ck_assert_ptr_nonnull(strstr(other.message, "version 2 exists with other bytes"));
    ck_assert_status_ok(delete_version(models, "m", 2, &n_deleted));
    other = upload(models, "m", "2", TINY_RELU, "a");
    ck_assert_status(OCT_ERR_CONFLICT, other.status);
    ck_assert_ptr_nonnull(strstr(other.message, "was deleted"));
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"),
                        3); // tombstones count
    stop(models);
}
END_TEST

START_TEST(what_is_no_model_is_refused_and_leaves_nothing)
{
    struct oct_models *models = start();
    struct outcome outcome = upload_bytes(models, "m", NULL, "hello", 5);
    ck_assert(outcome.refused);
    ck_assert_int_ne(outcome.status, OCT_OK);
    outcome = upload_bytes(models, "m", NULL, "", 0);
    ck_assert(outcome.refused);
    struct oct_buffer bytes;
    tiny_model_write(TINY_RELU, "a", &bytes);
    outcome = upload_bytes(models, "m", NULL, bytes.data, bytes.length - 1);
    ck_assert(outcome.refused);
    oct_buffer_deinit(&bytes);
    ck_assert_uint_eq(answering(models, "m", 0), 0);
    ck_assert_int_eq(run_in_store("test -z \"$(find tmp blobs models -type f)\""), 0);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    stop(models);
}
END_TEST

START_TEST(uploads_are_bounded_in_size_and_number)
{
    struct oct_models *models = start();
    struct oct_upload *first = NULL;
    struct oct_upload *second = NULL;
    struct oct_upload *third = NULL;
    static const char block[60000];
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(oct_upload_begin(models, "a", NULL, &first, NULL));
    ck_assert_status_ok(oct_upload_begin(models, "b", NULL, &second, NULL));
    ck_assert_status(OCT_ERR_BUSY, oct_upload_begin(models, "c", NULL, &third, &error));
    ck_assert_error_says(&error, "2 uploads are under way");
    oct_error_clear(&error);
    ck_assert_status_ok(oct_upload_write(first, block, sizeof block, NULL));
    ck_assert_status(OCT_ERR_LIMIT, oct_upload_write(first, block, sizeof block, &error));
    ck_assert_error_says(&error, "larger than 100000 bytes");
    oct_upload_abort(first);
    oct_upload_abort(second);
    oct_upload_abort(NULL);
    ck_assert_status_ok(oct_upload_begin(models, "c", NULL, &third, NULL));
    oct_upload_abort(third);
    ck_assert_int_eq(run_in_store("test -z \"$(ls tmp)\""), 0);
    stop(models);
}
END_TEST

START_TEST(a_name_too_many_leaves_nothing_in_the_store)
{
    struct oct_models *models = start();
    for (unsigned i = 0; i < OCT_REGISTRY_MAX_NAMES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        ck_assert_status_ok(
            oct_registry_set(oct_models_registry(models), name, 1, OCT_MODEL_DELETED, NULL, NULL, NULL));
    }
    struct outcome outcome = upload(models, "new", NULL, TINY_RELU, "a");
    ck_assert_status(OCT_ERR_LIMIT, outcome.status);
    ck_assert_int_eq(run_in_store("test -z \"$(find tmp blobs models -type f)\""), 0);
    ck_assert_published(upload(models, "n0", NULL, TINY_RELU, "a"), 2);
    stop(models);
}
END_TEST

START_TEST(names_and_versions_are_checked_first)
{
    struct oct_models *models = start();
    struct oct_upload *none = NULL;
    ck_assert_status(OCT_ERR_INVALID, oct_upload_begin(models, "../m", NULL, &none, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_upload_begin(models, "m", "0", &none, NULL));
    ck_assert_status(OCT_ERR_INVALID, oct_upload_begin(models, "m", "latest", &none, NULL));
    ck_assert_ptr_null(none);
    stop(models);
}
END_TEST

START_TEST(after_stop_uploads_are_unavailable)
{
    struct oct_models *models = start();
    struct oct_upload *upload = NULL;
    struct oct_upload *none = NULL;
    struct outcome outcome = {.status = OCT_OK};
    ck_assert_status_ok(oct_upload_begin(models, "m", NULL, &upload, NULL));
    oct_models_stop(models);
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_upload_begin(models, "n", NULL, &none, NULL));
    oct_upload_finish(upload, uploaded, &outcome);
    wait_for(&outcome);
    ck_assert_status(OCT_ERR_UNAVAILABLE, outcome.status);
    oct_models_destroy(models);
}
END_TEST

START_TEST(replicas_that_upload_at_once_get_different_numbers)
{
    struct oct_models *here = start();
    struct oct_models *there = start();
    struct outcome left = {.status = OCT_OK};
    struct outcome right = {.status = OCT_OK};
    struct oct_upload *uploads[2] = {NULL, NULL};
    struct oct_buffer bytes;
    ck_assert_status_ok(oct_upload_begin(here, "m", NULL, &uploads[0], NULL));
    ck_assert_status_ok(oct_upload_begin(there, "m", NULL, &uploads[1], NULL));
    tiny_model_write(TINY_RELU, "left", &bytes);
    ck_assert_status_ok(oct_upload_write(uploads[0], bytes.data, bytes.length, NULL));
    oct_buffer_deinit(&bytes);
    tiny_model_write(TINY_RELU, "right", &bytes);
    ck_assert_status_ok(oct_upload_write(uploads[1], bytes.data, bytes.length, NULL));
    oct_buffer_deinit(&bytes);
    oct_upload_finish(uploads[0], uploaded, &left);
    oct_upload_finish(uploads[1], uploaded, &right);
    wait_for(&left);
    wait_for(&right);
    ck_assert_msg(left.status == OCT_OK && right.status == OCT_OK, "%s / %s", left.message, right.message);
    ck_assert_uint_eq(left.number + right.number, 3);
    stop(here);
    stop(there);
}
END_TEST

START_TEST(a_kill_at_any_call_of_an_upload_keeps_the_store_whole)
{
    // Every 3rd call, to be quick: publishing itself is killed at every call in
    // check_store.
    bool whole = false;
    for (size_t n = 0; n < 600 && !whole; n += 3) {
        struct store_shim shim;
        store_shim_init(&shim, stores);
        struct oct_models *models = start_with(stores, &shim.io);
        wait_for_boot(models);
        shim.failed = false;
        shim.killed_at = shim.n_calls + n;
        struct oct_upload *upload = NULL;
        struct outcome outcome = {.status = OCT_ERR_IO};
        if (oct_upload_begin(models, "m", "1", &upload, NULL) == OCT_OK) {
            struct oct_buffer bytes;
            tiny_model_write(TINY_RELU, "a", &bytes);
            if (oct_upload_write(upload, bytes.data, bytes.length, NULL) == OCT_OK) {
                oct_upload_finish(upload, uploaded, &outcome);
                wait_for(&outcome);
            } else {
                oct_upload_abort(upload);
            }
            oct_buffer_deinit(&bytes);
        }
        whole = !shim.failed;
        stop(models);
        models = start();
        uint64_t found = answering(models, "m", 0);
        ck_assert_msg(outcome.status != OCT_OK || found == 1, "call %zu: an acknowledged model is lost", n);
        struct outcome again = upload_bytes(models, "probe", NULL, "x", 1);
        ck_assert(again.refused);
        stop(models);
        ck_assert_int_eq(run_in_store("test -z \"$(ls tmp quarantine | grep -v : | grep .)\""), 0);
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", stores);
        ck_assert_int_eq(system(command), 0);
    }
    ck_assert(whole);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *upload = oct_case(suite, "upload");
    tcase_add_checked_fixture(upload, make_root, remove_root);
    tcase_add_test(upload, versions_count_up_and_the_newest_answers);
    tcase_add_test(upload, the_same_bytes_change_nothing);
    tcase_add_test(upload, other_bytes_on_a_version_are_a_conflict);
    tcase_add_test(upload, what_is_no_model_is_refused_and_leaves_nothing);
    tcase_add_test(upload, uploads_are_bounded_in_size_and_number);
    tcase_add_test(upload, a_name_too_many_leaves_nothing_in_the_store);
    tcase_add_test(upload, names_and_versions_are_checked_first);
    tcase_add_test(upload, after_stop_uploads_are_unavailable);
    tcase_add_test(upload, replicas_that_upload_at_once_get_different_numbers);
    tcase_add_test(upload, a_kill_at_any_call_of_an_upload_keeps_the_store_whole);
}

OCT_CHECK_MAIN("server/models/upload", add_tests)
