// What `serve` starts around the HTTP server: states, workers, order of stopping.
#include "tests/support/oct_check.h"

#include <string.h>
#include <time.h>

#include "octet/octet.h"
#include "server/http/services.h"
#include "server/metrics/metrics.h"
#include "server/pool/clock.h"

static struct oct_services *create(const struct oct_services_options *options)
{
    struct oct_services *services = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    ck_assert_ok(oct_services_create(options, &services, &error), &error);
    return services;
}

static void wait_until_ready(struct oct_services *services)
{
    uint64_t give_up_us = oct_clock_us() + 20000000;
    const char *reason = NULL;
    while (!oct_services_ready(services, &reason)) {
        ck_assert_str_eq(reason, "loading models");
        ck_assert(oct_clock_us() < give_up_us);
        struct timespec moment = {.tv_nsec = 500000};
        nanosleep(&moment, NULL);
    }
    ck_assert_ptr_null(reason);
}

START_TEST(ready_comes_once_and_ends_with_draining)
{
    const struct oct_services_options options = {.workers = 2};
    struct oct_services *services = create(&options);
    const char *reason = NULL;
    wait_until_ready(services);
    ck_assert_str_eq(services->version, oct_version());
    ck_assert_uint_gt(services->max_timeout_us, services->default_timeout_us);
    oct_services_tick(services); // without a store: nothing
    oct_services_drain(services);
    ck_assert(!oct_services_ready(services, &reason));
    ck_assert_str_eq(reason, "draining");
    oct_services_stop(services, oct_clock_us());
    oct_services_stop(services, oct_clock_us());
    ck_assert(!oct_services_ready(services, NULL));
    oct_services_destroy(services);
    oct_services_destroy(NULL);
}
END_TEST

START_TEST(the_number_of_workers_is_explained)
{
    struct oct_metrics *metrics = NULL;
    const char *reason = NULL;
    ck_assert_status_ok(oct_metrics_create(&metrics));
    const struct oct_services_options three = {.workers = 3, .metrics = metrics};
    struct oct_services *services = create(&three);
    ck_assert_uint_eq(oct_services_workers(services, &reason), 3);
    ck_assert_str_eq(reason, "as configured");
    ck_assert_int_eq(oct_metrics_value(metrics, OCT_METRIC_WORKERS), 3);
    oct_services_destroy(services); // stops by itself
    const struct oct_services_options usable = {.workers = 0};
    services = create(&usable);
    ck_assert_uint_ge(oct_services_workers(services, &reason), 1);
    ck_assert_ptr_nonnull(strstr(reason, "cores"));
    oct_services_destroy(services);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(what_cannot_be_started_is_reported_and_undone)
{
    struct oct_services *services = NULL;
    struct oct_error error = OCT_ERROR_INIT;
    const struct oct_services_options crowd = {.workers = 1000000};
    ck_assert_status(OCT_ERR_INVALID, oct_services_create(&crowd, &services, &error));
    ck_assert_error_says(&error, "workers");
    oct_error_clear(&error);
    const struct oct_services_options nowhere = {.workers = 1, .store_dir = "/proc/no-store"};
    ck_assert_status(OCT_ERR_IO, oct_services_create(&nowhere, &services, &error));
    ck_assert_error_says(&error, "/proc/no-store");
    ck_assert_ptr_null(services);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *services = oct_case(suite, "services");
    tcase_add_test(services, ready_comes_once_and_ends_with_draining);
    tcase_add_test(services, the_number_of_workers_is_explained);
    tcase_add_test(services, what_cannot_be_started_is_reported_and_undone);
}

OCT_CHECK_MAIN("server/http/services", add_tests)
