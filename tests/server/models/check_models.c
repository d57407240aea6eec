// Looking up and deleting, with leases and with other replicas on the same store.
#include "tests/server/models/models_site.h"

START_TEST(deleting_moves_the_default_back)
{
    struct oct_models *models = start();
    size_t n_deleted = 0;
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "b"), 2);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "c"), 3);
    ck_assert_status_ok(delete_version(models, "m", 3, &n_deleted));
    ck_assert_uint_eq(n_deleted, 1);
    ck_assert_uint_eq(answering(models, "m", 0), 2);
    ck_assert_status(OCT_ERR_NOT_FOUND, delete_version(models, "m", 3, &n_deleted));
    ck_assert_status(OCT_ERR_NOT_FOUND, delete_version(models, "m", 9, &n_deleted));
    ck_assert_status(OCT_ERR_NOT_FOUND, delete_version(models, "none", 0, &n_deleted));
    ck_assert_status_ok(delete_version(models, "m", 0, &n_deleted));
    ck_assert_uint_eq(n_deleted, 2);
    ck_assert_uint_eq(answering(models, "m", 0), 0);
    uint64_t give_up_us = oct_clock_us() + 20000000;
    while (run_in_store("test -z \"$(ls blobs/sha256)\"") != 0) { // their bytes go soon after the answer
        ck_assert(oct_clock_us() < give_up_us);
        nap();
    }
    stop(models);
    models = start(); // and they stay gone
    ck_assert_uint_eq(answering(models, "m", 0), 0);
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 4);
    stop(models);
}
END_TEST

START_TEST(a_lease_outlives_the_delete)
{
    struct oct_models *models = start();
    size_t n_deleted = 0;
    struct oct_model_version *version = NULL;
    ck_assert_published(upload(models, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_status_ok(oct_models_acquire(models, "m", 0, NULL, &version, NULL));
    ck_assert_status_ok(delete_version(models, "m", 1, &n_deleted));
    ck_assert_uint_eq(oct_plan_input_count(version->plan), 1); // still whole
    ck_assert_str_eq(version->text, "1");
    oct_model_version_release(version);
    stop(models);
}
END_TEST

START_TEST(without_a_store_nothing_is_uploaded_but_shipped_models_answer)
{
    ship("tiny.octet", TINY_RELU, "a");
    struct oct_models *models = start_with(NULL, NULL);
    struct oct_upload *none = NULL;
    size_t n_deleted = 0;
    wait_for_boot(models);
    ck_assert_uint_eq(answering(models, "tiny", 0), 1);
    ck_assert_status(OCT_ERR_UNSUPPORTED, oct_upload_begin(models, "m", NULL, &none, NULL));
    ck_assert_status_ok(delete_version(models, "tiny", 0, &n_deleted));
    ck_assert_uint_eq(answering(models, "tiny", 0), 0);
    stop(models);
}
END_TEST

/// A request that waits for a read-through.
struct request {
    struct oct_models_waiter waiter;
    atomic_bool done;
    enum oct_status status;
    uint64_t number;
};

static void found(struct oct_models_waiter *waiter,
                  struct oct_model_version *version,
                  enum oct_status status,
                  const struct oct_error *error)
{
    struct request *request = (struct request *)(void *)waiter;
    (void)error;
    request->status = status;
    request->number = version == NULL ? 0 : version->number;
    oct_model_version_release(version);
    atomic_store(&request->done, true);
}

/// Looks up as a request does, waiting for a read-through if there is one.
static enum oct_status ask(struct oct_models *models, const char *name, uint64_t number, uint64_t *answered)
{
    struct request request = {.waiter.found = found};
    struct oct_model_version *version = NULL;
    enum oct_status status = oct_models_acquire(models, name, number, &request.waiter, &version, NULL);
    if (status == OCT_OK && version == NULL) {
        uint64_t give_up_us = oct_clock_us() + 20000000;
        while (!atomic_load(&request.done)) {
            ck_assert(oct_clock_us() < give_up_us);
            nap();
        }
        *answered = request.number;
        return request.status;
    }
    *answered = version == NULL ? 0 : version->number;
    oct_model_version_release(version);
    return status;
}

START_TEST(a_model_of_another_replica_is_read_through)
{
    struct oct_models *here = start();
    struct oct_models *there = start();
    uint64_t number = 0;
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_status_ok(ask(there, "m", 0, &number)); // at once, no poll between
    ck_assert_uint_eq(number, 1);
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "b"), 2);
    ck_assert_status_ok(ask(there, "m", 2, &number));
    ck_assert_uint_eq(number, 2);
    ck_assert_uint_eq(answering(there, "m", 0), 2);
    ck_assert_published(upload(there, "m", NULL, TINY_RELU, "c"), 3);
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "d"),
                        4); // it saw the other's 3
    stop(here);
    stop(there);
}
END_TEST

START_TEST(who_asked_too_early_hears_of_another_replicas_model_at_once)
{
    struct oct_models *here = start();
    struct oct_models *there = start();
    uint64_t number = 0;
    size_t n_deleted = 0;
    ck_assert_status(OCT_ERR_NOT_FOUND, ask(there, "m", 0, &number));
    ck_assert_status(OCT_ERR_NOT_FOUND, ask(there, "m", 1, &number));
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "a"), 1);
    ck_assert_status_ok(ask(there, "m", 1, &number));
    ck_assert_status_ok(delete_version(there, "m", 0, &n_deleted));
    for (int i = 0; i < 3; i++) {
        ck_assert_status(OCT_ERR_NOT_FOUND, ask(there, "m", 0, &number));
    }
    struct timespec tick = {.tv_nsec = 20000000}; // the file system's clock moves by that at most
    nanosleep(&tick, NULL);
    ck_assert_published(upload(here, "m", NULL, TINY_RELU, "b"), 2);
    ck_assert_status_ok(ask(there, "m", 0, &number));
    ck_assert_uint_eq(number, 2);
    stop(here);
    stop(there);
}
END_TEST

START_TEST(an_unknown_name_costs_one_look_at_its_folder)
{
    struct store_shim shim;
    store_shim_init(&shim, stores);
    struct oct_models *models = start_with(stores, &shim.io);
    wait_for_boot(models);
    uint64_t number = 0;
    size_t before = shim.n_calls;
    ck_assert_status(OCT_ERR_NOT_FOUND, ask(models, "absent", 0, &number));
    ck_assert_uint_eq(shim.n_calls, before + 1);
    for (int i = 0; i < 100; i++) {
        ck_assert_status(OCT_ERR_NOT_FOUND, ask(models, "absent", 0, &number));
    }
    ck_assert_uint_eq(shim.n_calls, before + 101);
    ck_assert_status(OCT_ERR_NOT_FOUND, ask(models, "../../etc", 0, &number));
    ck_assert_uint_eq(shim.n_calls, before + 101);
    stop(models);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *models = oct_case(suite, "models");
    tcase_add_checked_fixture(models, make_root, remove_root);
    tcase_add_test(models, deleting_moves_the_default_back);
    tcase_add_test(models, a_lease_outlives_the_delete);
    tcase_add_test(models, without_a_store_nothing_is_uploaded_but_shipped_models_answer);
    tcase_add_test(models, a_model_of_another_replica_is_read_through);
    tcase_add_test(models, who_asked_too_early_hears_of_another_replicas_model_at_once);
    tcase_add_test(models, an_unknown_name_costs_one_look_at_its_folder);
}

OCT_CHECK_MAIN("server/models/models", add_tests)
