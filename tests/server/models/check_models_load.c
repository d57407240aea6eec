// What is loaded at the start and by the poll, and what becomes of damage.
#include "tests/server/models/models_site.h"

START_TEST(a_restart_brings_everything_back)
{
    struct oct_models *models = start();
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "b"), 2);
    ck_assert_published(upload(models, "n", "40", TINY_SOFTMAX, "c"), 40);
    stop(models);
    models = start();
    ck_assert_uint_eq(answering(models, "m", 0), 2);
    ck_assert_uint_eq(answering(models, "m", 1), 1);
    ck_assert_uint_eq(answering(models, "n", 0), 40);
    ck_assert_uint_eq(oct_registry_ready_count(oct_models_registry(models)), 3);
    stop(models);
}
END_TEST

START_TEST(shipped_models_are_version_one)
{
    ship("tiny.octet", TINY_RELU, "a");
    ship(".hidden.octet", TINY_RELU, "a");
    ship("not-a-model.txt", TINY_RELU, "a");
    ship("bad name.octet", TINY_RELU, "a");
    struct oct_models *models = start();
    size_t n_deleted = 0;
    ck_assert_uint_eq(answering(models, "tiny", 0), 1);
    ck_assert_uint_eq(oct_registry_ready_count(oct_models_registry(models)), 1);
    struct outcome same = upload(models, "tiny", NULL, TINY_RELU, "a");
    ck_assert(same.unchanged);
    ck_assert_status(OCT_ERR_CONFLICT, upload(models, "tiny", "1", TINY_RELU, "b").status);
    ck_assert_published(upload(models, "tiny", NULL, TINY_RELU, "b"), 2);
    ck_assert_status_ok(delete_version(models, "tiny", 1, &n_deleted));
    stop(models);
    models = start(); // the tombstone holds for what is shipped too
    ck_assert_uint_eq(answering(models, "tiny", 1), 0);
    ck_assert_uint_eq(answering(models, "tiny", 0), 2);
    stop(models);
}
END_TEST

START_TEST(a_damaged_blob_is_quarantined_and_the_rest_serves)
{
    struct oct_models *models = start();
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_model_version *version = NULL;
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    stop(models);
    ck_assert_int_eq(run_in_store("for f in blobs/sha256/*; do printf x >> \"$f\"; done"), 0);
    models = start();
    ck_assert_published(upload(models, "n", NULL, TINY_RELU, "b"), 1);
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_models_acquire(models, "m", 0, NULL, &version, &error));
    ck_assert_error_says(&error, "quarantined");
    ck_assert_int_eq(run_in_store("test \"$(ls quarantine | wc -l)\" = 1"), 0);
    // The number is taken; the same bytes bring it back.
    ck_assert_status(OCT_ERR_CONFLICT, upload(models, "m", "1", TINY_RELU, "c").status);
    struct outcome repaired = upload(models, "m", "1", TINY_RELU, "a");
    ck_assert_msg(repaired.status == OCT_OK, "%s", repaired.message);
    ck_assert_uint_eq(answering(models, "m", 0), 1);
    stop(models);
    models = start();
    ck_assert_uint_eq(answering(models, "m", 1), 1);
    stop(models);
}
END_TEST

START_TEST(a_missing_blob_or_a_broken_manifest_is_not_fatal)
{
    struct oct_models *models = start();
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_published(upload(models, "broken", NULL, TINY_RELU, "b"), 1);
    ck_assert_published(upload(models, "good", NULL, TINY_RELU, "c"), 1);
    stop(models);
    ck_assert_int_eq(run_in_store("echo '{' > models/broken/1.json"), 0);
    ck_assert_int_eq(run_in_store("rm blobs/sha256/$(sed -n 's/.*sha256\": "
                                  "*\"\\([0-9a-f]*\\)\".*/\\1/p' models/m/1.json)"),
                     0);
    models = start();
    ck_assert_uint_eq(answering(models, "m", 0), 0);
    ck_assert_uint_eq(answering(models, "broken", 0), 0);
    struct oct_model_version *none = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_models_acquire(models, "broken", 0, NULL, &none, &error));
    ck_assert_error_says(&error, "models/broken/1.json: "); // clients hear which file, not where the store lies
    ck_assert_ptr_null(strstr(error.message, root));
    ck_assert_uint_eq(answering(models, "good", 0), 1);
    ck_assert_published(upload(models, "broken", NULL, TINY_RELU, "d"),
                        2); // its number stays taken
    stop(models);
}
END_TEST

static void poll_until(struct oct_models *models, const char *name, uint64_t number, uint64_t expected)
{
    uint64_t give_up_us = oct_clock_us() + 20000000;
    while (answering(models, name, number) != expected) {
        ck_assert(oct_clock_us() < give_up_us);
        oct_models_poll(models);
        nap();
    }
}

START_TEST(the_poll_sees_what_other_replicas_do)
{
    struct oct_models *here = start();
    struct oct_models *there = start();
    size_t n_deleted = 0;
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "a"), 1);
    poll_until(there, "m", 0, 1);
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "b"), 2);
    poll_until(there, "m", 0, 2);
    ck_assert_status_ok(delete_version(here, "m", 2, &n_deleted));
    poll_until(there, "m", 0, 1);
    ck_assert_status_ok(delete_version(here, "m", 0, &n_deleted));
    poll_until(there, "m", 0, 0);
    stop(here);
    stop(there);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *loading = oct_case(suite, "loading");
    tcase_add_checked_fixture(loading, make_root, remove_root);
    tcase_add_test(loading, a_restart_brings_everything_back);
    tcase_add_test(loading, shipped_models_are_version_one);
    tcase_add_test(loading, a_damaged_blob_is_quarantined_and_the_rest_serves);
    tcase_add_test(loading, a_missing_blob_or_a_broken_manifest_is_not_fatal);
    tcase_add_test(loading, the_poll_sees_what_other_replicas_do);
}

OCT_CHECK_MAIN("server/models/models_load", add_tests)
