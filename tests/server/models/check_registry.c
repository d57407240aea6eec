#include "tests/support/oct_check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "server/models/registry.h"

/// A version without a model: the registry looks at name, number, digest and references only.
static struct oct_model_version *make_version(const char *name, uint64_t number)
{
    struct oct_model_version *version = calloc(1, sizeof *version);
    ck_assert_ptr_nonnull(version);
    atomic_init(&version->references, 1);
    snprintf(version->name, sizeof version->name, "%s", name);
    version->number = number;
    oct_model_version_format(number, version->text);
    snprintf(version->sha256, sizeof version->sha256, "%064llx", (unsigned long long)number);
    return version;
}

static struct oct_registry *make_registry(void)
{
    struct oct_registry *registry = NULL;
    ck_assert_status_ok(oct_registry_create(&registry, NULL));
    return registry;
}

static void publish(struct oct_registry *registry, const char *name, uint64_t number)
{
    ck_assert_status_ok(oct_registry_publish(registry, make_version(name, number), NULL));
}

static uint64_t answering(struct oct_registry *registry, const char *name, uint64_t number)
{
    struct oct_model_version *version = NULL;
    uint64_t found = oct_registry_acquire(registry, name, number, &version, NULL) == OCT_OK ? version->number : 0;
    oct_model_version_release(version);
    return found;
}

START_TEST(the_highest_ready_version_is_the_default)
{
    struct oct_registry *registry = make_registry();
    publish(registry, "m", 5);
    publish(registry, "m", 2);
    ck_assert_uint_eq(answering(registry, "m", 0), 5);
    ck_assert_status_ok(oct_registry_set(registry, "m", 9, OCT_MODEL_LOADING, NULL, NULL, NULL));
    ck_assert_uint_eq(answering(registry, "m", 0), 5);
    publish(registry, "m", 9);
    ck_assert_uint_eq(answering(registry, "m", 0), 9);
    ck_assert_status_ok(oct_registry_set(registry, "m", 9, OCT_MODEL_DELETED, NULL, NULL, NULL));
    ck_assert_uint_eq(answering(registry, "m", 0), 5);
    ck_assert_uint_eq(oct_registry_highest(registry, "m"), 9);
    ck_assert_uint_eq(oct_registry_ready_count(registry), 2);
    oct_registry_destroy(registry);
}
END_TEST

START_TEST(each_state_answers_in_its_own_words)
{
    struct oct_registry *registry = make_registry();
    struct oct_model_version *none = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_registry_acquire(registry, "m", 0, &none, &error));
    ck_assert_error_says(&error, "no model 'm'");
    ck_assert_status_ok(oct_registry_set(registry, "m", 1, OCT_MODEL_LOADING, NULL, NULL, NULL));
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_registry_acquire(registry, "m", 0, &none, &error));
    ck_assert_error_says(&error, "being loaded");
    ck_assert_status_ok(oct_registry_set(registry, "m", 1, OCT_MODEL_FAILED, "the weights melted", NULL, NULL));
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_UNAVAILABLE, oct_registry_acquire(registry, "m", 1, &none, &error));
    ck_assert_error_says(&error, "the weights melted");
    ck_assert_status_ok(oct_registry_set(registry, "m", 1, OCT_MODEL_DELETED, NULL, NULL, NULL));
    oct_error_clear(&error);
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_registry_acquire(registry, "m", 1, &none, &error));
    ck_assert_error_says(&error, "deleted");
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_registry_acquire(registry, "m", 0, &none, NULL));
    ck_assert_status(OCT_ERR_NOT_FOUND, oct_registry_acquire(registry, "m", 2, &none, NULL));
    oct_registry_destroy(registry);
}
END_TEST

struct listing {
    char text[512];
};

static void note(void *context, const struct oct_registry_entry *entry)
{
    struct listing *listing = context;
    size_t length = strlen(listing->text);
    snprintf(listing->text + length, sizeof listing->text - length, "%s/%llu %s%s; ", entry->name,
             (unsigned long long)entry->number, oct_model_state_name(entry->state), entry->is_default ? " *" : "");
}

START_TEST(visits_are_in_order)
{
    struct oct_registry *registry = make_registry();
    struct listing listing = {""};
    publish(registry, "b", 10);
    publish(registry, "b", 9);
    publish(registry, "c", 1);
    publish(registry, "a", 3);
    ck_assert_status_ok(oct_registry_set(registry, "b", 11, OCT_MODEL_FAILED, "why", NULL, NULL));
    ck_assert_status_ok(oct_registry_set(registry, "a", 1, OCT_MODEL_DELETED, NULL, NULL, NULL));
    oct_registry_visit(registry, NULL, note, &listing);
    ck_assert_str_eq(listing.text, "a/1 deleted; a/3 ready *; b/9 ready; b/10 ready *; b/11 failed; c/1 ready *; ");
    listing.text[0] = '\0';
    oct_registry_visit(registry, "c", note, &listing);
    oct_registry_visit(registry, "d", note, &listing);
    ck_assert_str_eq(listing.text, "c/1 ready *; ");
    oct_registry_destroy(registry);
}
END_TEST

START_TEST(stamps_and_digests_are_kept)
{
    struct oct_registry *registry = make_registry();
    enum oct_model_state state = OCT_MODEL_READY;
    char sha256[OCT_SHA256_TEXT_BYTES];
    uint64_t stamp = 1;
    ck_assert(!oct_registry_look(registry, "m", 1, &state, sha256, &stamp));
    oct_registry_set_stamp(registry, "m", 1, 7);
    ck_assert_status_ok(oct_registry_set(registry, "m", 1, OCT_MODEL_FAILED, "why", "abc", NULL));
    oct_registry_set_stamp(registry, "m", 1, 8);
    ck_assert(oct_registry_look(registry, "m", 1, &state, sha256, &stamp));
    ck_assert_int_eq(state, OCT_MODEL_FAILED);
    ck_assert_str_eq(sha256, "abc");
    ck_assert_uint_eq(stamp, 8);
    oct_registry_destroy(registry);
}
END_TEST

START_TEST(many_names_are_found_again_and_bounded)
{
    struct oct_registry *registry = make_registry();
    char name[32];
    struct oct_error error = OCT_ERROR_INIT;
    for (unsigned i = 0; i < OCT_REGISTRY_MAX_NAMES; i++) {
        snprintf(name, sizeof name, "m%u", i * 2654435761u);
        ck_assert_status_ok(oct_registry_set(registry, name, i + 1, OCT_MODEL_DELETED, NULL, NULL, NULL));
    }
    for (unsigned i = 0; i < OCT_REGISTRY_MAX_NAMES; i++) {
        snprintf(name, sizeof name, "m%u", i * 2654435761u);
        ck_assert_uint_eq(oct_registry_highest(registry, name), i + 1);
    }
    ck_assert_status(OCT_ERR_LIMIT, oct_registry_set(registry, "more", 1, OCT_MODEL_LOADING, NULL, NULL, &error));
    ck_assert_error_says(&error, "4096 models already");
    oct_registry_destroy(registry);
}
END_TEST

struct race {
    struct oct_registry *registry;
    atomic_bool stop;
    atomic_uint answered;
};

static void *ask(void *argument)
{
    struct race *race = argument;
    while (!atomic_load(&race->stop)) {
        struct oct_model_version *version = NULL;
        if (oct_registry_acquire(race->registry, "m", 0, &version, NULL) == OCT_OK) {
            // Whatever is switched meanwhile, a lease is one whole version.
            char text[OCT_MODEL_VERSION_TEXT_BYTES];
            oct_model_version_format(version->number, text);
            if (strcmp(text, version->text) == 0) {
                atomic_fetch_add(&race->answered, 1);
            }
            oct_model_version_release(version);
        }
    }
    return NULL;
}

START_TEST(switching_under_readers_never_breaks_a_lease)
{
    struct race race = {.registry = make_registry()};
    pthread_t readers[3];
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&readers[i], NULL, ask, &race), 0);
    }
    for (uint64_t number = 1; number <= 500; number++) {
        publish(race.registry, "m", number);
        if (number % 3 == 0) {
            ck_assert_status_ok(oct_registry_set(race.registry, "m", number - 1, OCT_MODEL_DELETED, NULL, NULL, NULL));
        }
    }
    while (atomic_load(&race.answered) < 100) {
        sched_yield();
    }
    atomic_store(&race.stop, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(readers[i], NULL);
    }
    ck_assert_uint_eq(answering(race.registry, "m", 0), 500);
    oct_registry_destroy(race.registry);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *registry = oct_case(suite, "registry");
    tcase_add_test(registry, the_highest_ready_version_is_the_default);
    tcase_add_test(registry, each_state_answers_in_its_own_words);
    tcase_add_test(registry, visits_are_in_order);
    tcase_add_test(registry, stamps_and_digests_are_kept);
    tcase_add_test(registry, many_names_are_found_again_and_bounded);
    tcase_add_test(registry, switching_under_readers_never_breaks_a_lease);
}

OCT_CHECK_MAIN("server/models/registry", add_tests)
