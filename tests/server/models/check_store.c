// How things come into the store: order, failures, kills, versions.
#include "tests/server/models/store_site.h"

START_TEST(what_was_published_is_read_back)
{
    struct oct_store *store = open_store(NULL);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_manifest manifest;
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_store_manifest(store, "m", 7, &manifest, NULL));
    ck_assert_ok(put(store, "m", 7, &error), &error);
    ck_assert_ok(oct_store_manifest(store, "m", 7, &manifest, &error), &error);
    ck_assert_str_eq(manifest.model, "m");
    ck_assert_uint_eq(manifest.version, 7);
    ck_assert_uint_eq(manifest.bytes, sizeof content);
    ck_assert_str_eq(manifest.sha256, content_sha256);
    ck_assert(!manifest.deleted);
    ck_assert_ok(oct_store_verify(store, content_sha256, &error), &error);
    ck_assert_uint_eq(count_files("tmp"), 0);
    oct_store_close(store);
}
END_TEST

START_TEST(everything_is_durable_before_success)
{
    struct oct_store *store = open_store(&shim.io);
    size_t start = shim.n_lines;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(put(store, "m", 1, &error), &error);
    char line[SHIM_LINE_BYTES];
    snprintf(line, sizeof line, "rename blobs/sha256/%s", content_sha256);
    const char *const order[] = {
        "write tmp/",           // the blob's bytes
        "fsync tmp/",           //
        line,                   // under its name
        "fsync blobs/sha256",   //
        "mkdir models/m",       //
        "fsync models",         //
        "write tmp/",           // the manifest
        "fsync tmp/",           //
        "link models/m/1.json", // from here on the model exists
        "fsync models/m",       // and stays
    };
    size_t at = start;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        at = shim_find(&shim, at, order[i]);
        ck_assert_msg(at != SHIM_NEVER, "step %zu, '%s', did not follow", i, order[i]);
        at++;
    }
    ck_assert_msg(shim_find(&shim, at, "write") == SHIM_NEVER, "something was written after the last fsync");
    oct_store_close(store);
}
END_TEST

START_TEST(any_failing_call_leaves_no_half_model)
{
    // Fails each call of a publish once. Either it was reported and the model does not exist, or the call did not
    // matter and all of it does.
    for (size_t n = 0;; n++) {
        struct oct_store *store = open_store(&shim.io);
        shim.n_lines = 0;
        shim.fail_at = shim.n_calls + n;
        shim.failed = false;
        enum oct_status status = put(store, "m", 1, NULL);
        bool failed = shim.failed;
        char line[SHIM_LINE_BYTES];
        snprintf(line, sizeof line, "%s", failed && shim.n_lines > n ? shim.lines[n] : "");
        shim.fail_at = SHIM_NEVER;
        oct_store_close(store);
        store = open_store(NULL);
        struct oct_manifest manifest;
        enum oct_status found = oct_store_manifest(store, "m", 1, &manifest, NULL);
        if (status == OCT_OK) {
            ck_assert_status_ok(found);
            ck_assert_status_ok(oct_store_verify(store, manifest.sha256, NULL));
            // Cleaning up and letting go may fail; what makes it durable may not.
            ck_assert_msg(!failed || strncmp(line, "unlink", 6) == 0 || strncmp(line, "close", 5) == 0,
                          "'%s' failed and nobody said so", line);
        } else {
            ck_assert_status(OCT_ERR_IO, status);
            ck_assert_msg(found == OCT_ERR_NOT_FOUND, "call %zu, '%s': a half model", n, line);
        }
        (void)oct_store_sweep(store);
        ck_assert_uint_eq(count_files("tmp"), 0); // recovery
        ck_assert_uint_eq(count_files("blobs"), found == OCT_OK ? 1 : 0);
        oct_store_close(store);
        empty_root();
        make_root();
        if (!failed) {
            ck_assert_status_ok(status);
            ck_assert_uint_gt(n, 20); // the loop met every call
            break;
        }
    }
}
END_TEST

START_TEST(a_kill_at_any_call_leaves_all_or_nothing)
{
    for (size_t n = 0;; n++) {
        struct oct_store *store = open_store(&shim.io);
        shim.killed_at = shim.n_calls + n;
        shim.failed = false;
        enum oct_status status = put(store, "m", 1, NULL);
        bool killed = shim.failed;
        oct_store_close(store);
        store = open_store(NULL); // the next start
        struct oct_manifest manifest;
        enum oct_status found = oct_store_manifest(store, "m", 1, &manifest, NULL);
        ck_assert(found == OCT_OK || found == OCT_ERR_NOT_FOUND);
        ck_assert_msg(status != OCT_OK || found == OCT_OK, "call %zu: an acknowledged model is lost", n);
        if (found == OCT_OK) {
            ck_assert_status_ok(oct_store_verify(store, manifest.sha256, NULL));
        }
        ck_assert_uint_eq(count_files("tmp"), 0);
        ck_assert_status_ok(put(store, "m", 2, NULL)); // and it works on
        oct_store_close(store);
        empty_root();
        make_root();
        if (!killed) {
            ck_assert_status_ok(status);
            break;
        }
    }
}
END_TEST

START_TEST(a_loss_of_power_at_any_call_leaves_all_or_nothing)
{
    // One model is acknowledged before; the power goes at each call of publishing the next and of deleting.
    for (size_t n = 0;; n++) {
        store_shim_init(&shim, root);
        struct oct_store *store = open_store(&shim.io);
        ck_assert_status_ok(put(store, "old", 1, NULL));
        shim.killed_at = shim.n_calls + n;
        shim.failed = false;
        enum oct_status published = put(store, "m", 1, NULL);
        enum oct_status deleted = oct_store_delete(store, "old", 1, NULL);
        bool lost = shim.failed;
        oct_store_close(store);
        shim_lose_power(&shim);

        store = open_store(NULL);
        struct oct_manifest manifest;
        enum oct_status found = oct_store_manifest(store, "m", 1, &manifest, NULL);
        ck_assert_msg(found == OCT_OK || found == OCT_ERR_NOT_FOUND, "call %zu: a half manifest", n);
        ck_assert_msg(published != OCT_OK || found == OCT_OK, "call %zu: an acknowledged model is lost", n);
        if (found == OCT_OK) {
            ck_assert_status_ok(oct_store_verify(store, manifest.sha256, NULL));
        }
        enum oct_status old = oct_store_manifest(store, "old", 1, &manifest, NULL);
        if (deleted == OCT_OK) {
            ck_assert_status_ok(old);
            ck_assert_msg(manifest.deleted, "call %zu: an acknowledged delete is undone", n);
        } else if (old == OCT_OK && !manifest.deleted) {
            ck_assert_status_ok(oct_store_verify(store, manifest.sha256, NULL));
        }
        oct_store_close(store);
        empty_root();
        make_root();
        if (!lost) {
            ck_assert_status_ok(published);
            ck_assert_status_ok(deleted);
            break;
        }
    }
}
END_TEST

START_TEST(a_version_is_published_once)
{
    struct oct_store *store = open_store(NULL);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(put(store, "m", 1, NULL));
    ck_assert_status(OCT_ERR_CONFLICT, put(store, "m", 1, &error));
    ck_assert_error_says(&error, "version 1 exists already");
    ck_assert_status_ok(put(store, "n", 1, NULL));
    ck_assert_uint_eq(count_files("blobs"), 1); // the same bytes are kept once
    ck_assert_uint_eq(count_files("tmp"), 0);
    oct_store_close(store);
}
END_TEST

START_TEST(a_staged_file_may_try_another_version)
{
    struct oct_store *store = open_store(NULL);
    ck_assert_status_ok(put(store, "m", 1, NULL));
    struct oct_staged *staged = NULL;
    ck_assert_status_ok(oct_store_stage(store, &staged, NULL));
    ck_assert_status_ok(oct_staged_write(staged, "x", 1, NULL));
    ck_assert_status_ok(oct_staged_seal(staged, NULL));
    ck_assert_status(OCT_ERR_CONFLICT, oct_staged_publish(staged, "m", 1, NULL));
    ck_assert_uint_eq(oct_store_sweep(store), 0); // somebody publishes: nothing is swept
    ck_assert_status_ok(oct_staged_publish(staged, "m", 2, NULL));
    oct_staged_discard(staged);
    ck_assert_uint_eq(count_files("blobs"), 2);
    oct_store_close(store);
}
END_TEST

START_TEST(a_tombstone_takes_the_place_and_keeps_the_number)
{
    struct oct_store *store = open_store(&shim.io);
    struct oct_manifest manifest;
    uint64_t before = 0;
    uint64_t after = 0;
    ck_assert_status_ok(put(store, "m", 3, NULL));
    ck_assert_status_ok(oct_store_stamp(store, "m", 3, &before));
    size_t start = shim.n_lines;
    ck_assert_status_ok(oct_store_delete(store, "m", 3, NULL));
    size_t synced = shim_find(&shim, start, "fsync tmp/");
    size_t renamed = shim_find(&shim, start, "rename models/m/3.json");
    size_t durable = shim_find(&shim, start, "fsync models/m");
    ck_assert(synced < renamed && renamed < shim.n_lines);
    durable = shim_find(&shim, renamed, "fsync models/m");
    ck_assert(durable < shim.n_lines);
    ck_assert_status_ok(oct_store_stamp(store, "m", 3, &after));
    ck_assert_uint_ne(before, after);
    ck_assert_status_ok(oct_store_manifest(store, "m", 3, &manifest, NULL));
    ck_assert(manifest.deleted);
    ck_assert_status(OCT_ERR_CONFLICT, put(store, "m", 3, NULL));
    ck_assert_uint_eq(oct_store_sweep(store), 1);
    ck_assert_uint_eq(count_files("blobs"), 0);
    ck_assert_status_ok(oct_store_delete(store, "never", 1, NULL)); // a tombstone for what is not in the store
    ck_assert_status(OCT_ERR_CONFLICT, put(store, "never", 1, NULL));
    oct_store_close(store);
}
END_TEST

START_TEST(a_store_that_cannot_be_made_is_reported)
{
    struct oct_store *store = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_IO, oct_store_open("/proc/octet-store", NULL, &store, &error));
    ck_assert_error_says(&error, "/proc/octet-store");
    ck_assert_status(OCT_ERR_INVALID, oct_store_open("", NULL, &store, NULL));
    ck_assert_ptr_null(store);
    // Each call of opening in turn: recovery may fail, the folders may not.
    bool opened_in_the_end = false;
    for (size_t n = 0; n < 100 && !opened_in_the_end; n++) {
        store_shim_init(&shim, root);
        shim.fail_at = n;
        enum oct_status status = oct_store_open(root, &shim.io, &store, NULL);
        ck_assert(status == OCT_OK || status == OCT_ERR_IO);
        oct_store_close(store);
        opened_in_the_end = !shim.failed;
    }
    ck_assert(opened_in_the_end);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *store = oct_case(suite, "store");
    tcase_add_checked_fixture(store, make_root, empty_root);
    tcase_add_test(store, what_was_published_is_read_back);
    tcase_add_test(store, everything_is_durable_before_success);
    tcase_add_test(store, any_failing_call_leaves_no_half_model);
    tcase_add_test(store, a_kill_at_any_call_leaves_all_or_nothing);
    tcase_add_test(store, a_loss_of_power_at_any_call_leaves_all_or_nothing);
    tcase_add_test(store, a_version_is_published_once);
    tcase_add_test(store, a_staged_file_may_try_another_version);
    tcase_add_test(store, a_tombstone_takes_the_place_and_keeps_the_number);
    tcase_add_test(store, a_store_that_cannot_be_made_is_reported);
}

OCT_CHECK_MAIN("server/models/store", add_tests)
