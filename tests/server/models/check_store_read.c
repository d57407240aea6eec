// What is read from the store, and what is cleared away: listing, manifests, damage, left-overs.
#include "tests/server/models/store_site.h"

START_TEST(a_sweep_keeps_what_is_named_and_stops_at_doubt)
{
    struct oct_store *store = open_store(NULL);
    ck_assert_status_ok(put(store, "m", 1, NULL));
    char stray[128] = "blobs/sha256/";
    memset(stray + strlen(stray), 'a', OCT_SHA256_TEXT_BYTES - 1);
    write_file(stray, "stray");
    write_file("models/m/2.json", "{ broken");
    ck_assert_uint_eq(oct_store_sweep(store), 0); // what the broken manifest names cannot be known
    ck_assert_uint_eq(count_files("blobs"), 2);
    ck_assert_status_ok(oct_store_delete(store, "m", 2, NULL));
    ck_assert_uint_eq(oct_store_sweep(store), 1);
    ck_assert_status_ok(oct_store_verify(store, content_sha256, NULL));
    oct_store_close(store);
}
END_TEST

START_TEST(temporary_files_of_the_living_are_left_alone)
{
    struct oct_store *store = open_store(NULL);
    struct oct_staged *staged = NULL;
    ck_assert_status_ok(oct_store_stage(store, &staged, NULL));
    write_file("tmp/4711-0", "left by a crash");
    ck_assert_uint_eq(count_files("tmp"), 2);
    struct oct_store *replica = open_store(NULL);
    ck_assert_uint_eq(count_files("tmp"), 1);
    ck_assert_status_ok(oct_staged_write(staged, "x", 1, NULL));
    ck_assert_status_ok(oct_staged_seal(staged, NULL));
    ck_assert_status_ok(oct_staged_publish(staged, "m", 1, NULL));
    oct_staged_discard(staged);
    oct_store_close(replica);
    oct_store_close(store);
}
END_TEST

START_TEST(damage_is_found_and_moved_away)
{
    struct oct_store *store = open_store(NULL);
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status_ok(put(store, "m", 1, NULL));
    char blob[128];
    snprintf(blob, sizeof blob, "blobs/sha256/%s", content_sha256);
    write_file(blob, "other bytes");
    ck_assert_status(OCT_ERR_CORRUPT, oct_store_verify(store, content_sha256, &error));
    ck_assert_error_says(&error, content_sha256);
    ck_assert_status_ok(oct_store_quarantine(store, content_sha256, NULL));
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_store_verify(store, content_sha256, NULL));
    ck_assert_uint_eq(count_files("quarantine"), 1);
    ck_assert_status(OCT_ERR_IO, oct_store_quarantine(store, content_sha256, NULL));
    oct_store_close(store);
}
END_TEST

START_TEST(manifests_that_lie_are_refused)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"model\":\"m\",\"version\":2,\"sha256\":\"x\",\"bytes\":1,\"created\":1}",
        "{\"model\":\"other\",\"version\":1,\"deleted\":true,\"created\":1}",
        "{\"model\":\"m\",\"version\":1,\"deleted\":false,\"created\":1}",
        "{\"model\":\"m\",\"version\":1,\"sha256\":\"../../../../etc/passwd\",\"bytes\":1,\"created\":1}",
        "{\"model\":\"m\",\"version\":1,"
        "\"sha256\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"bytes\":1,\"created\":1}",
        "{\"model\":\"m\",\"version\":1,"
        "\"sha256\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"bytes\":-1,\"created\":1}",
        "{\"model\":\"m\",\"version\":1,\"deleted\":true}",
    };
    struct oct_store *store = open_store(NULL);
    ck_assert_status_ok(oct_store_delete(store, "m", 1, NULL)); // makes the folder
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct oct_manifest manifest;
        struct oct_error error = OCT_ERROR_INIT;
        write_file("models/m/1.json", texts[i]);
        enum oct_status status = oct_store_manifest(store, "m", 1, &manifest, &error);
        ck_assert_msg(status == OCT_ERR_CORRUPT, "%zu: %s: %s", i, oct_status_name(status), texts[i]);
        ck_assert_error_says(&error, "models/m/1.json");
    }
    oct_store_close(store);
}
END_TEST

struct seen {
    unsigned count;
    uint64_t sum;
};

static void see(void *context, const char *model, uint64_t version)
{
    struct seen *seen = context;
    ck_assert_str_eq(model, "m");
    seen->count++;
    seen->sum += version;
}

START_TEST(only_manifests_are_listed)
{
    struct oct_store *store = open_store(NULL);
    struct seen seen = {0};
    ck_assert_status_ok(put(store, "m", 1, NULL));
    ck_assert_status_ok(put(store, "m", 20, NULL));
    write_file("models/m/01.json", "");
    write_file("models/m/x.json", "");
    write_file("models/m/3.json.bak", "");
    write_file("models/m/1000000000000000.json", "");
    write_file("models/.hidden", "");
    write_file("models/stray", "");
    ck_assert_status_ok(oct_store_each(store, NULL, see, &seen, NULL));
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_uint_eq(seen.sum, 21);
    ck_assert_status_ok(oct_store_each(store, "absent", see, &seen, NULL));
    ck_assert_uint_eq(seen.count, 2);
    oct_store_close(store);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *reading = oct_case(suite, "reading");
    tcase_add_checked_fixture(reading, make_root, empty_root);
    tcase_add_test(reading, a_sweep_keeps_what_is_named_and_stops_at_doubt);
    tcase_add_test(reading, temporary_files_of_the_living_are_left_alone);
    tcase_add_test(reading, damage_is_found_and_moved_away);
    tcase_add_test(reading, manifests_that_lie_are_refused);
    tcase_add_test(reading, only_manifests_are_listed);
}

OCT_CHECK_MAIN("server/models/store_read", add_tests)
