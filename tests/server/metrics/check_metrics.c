#include "server/metrics/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/oct_check.h"

static struct oct_metrics *create(void)
{
    struct oct_metrics *metrics = NULL;
    ck_assert_status_ok(oct_metrics_create(&metrics));
    return metrics;
}

/// The exposition text, terminated; freed with free().
static char *scrape(struct oct_metrics *metrics)
{
    struct oct_buffer out;
    oct_buffer_init(&out, NULL, (size_t)16 << 20);
    ck_assert_status_ok(oct_metrics_write(metrics, &out));
    ck_assert_status_ok(oct_buffer_append(&out, "", 1));
    char *text = strdup((char *)out.data);
    oct_buffer_deinit(&out);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void assert_has_line(const char *text, const char *line)
{
    char wanted[512];
    snprintf(wanted, sizeof(wanted), "\n%s\n", line);
    ck_assert_msg(strstr(text, wanted) != NULL, "no line '%s' in:\n%s", line, text);
}

START_TEST(process_rows_add_and_set)
{
    struct oct_metrics *metrics = create();
    oct_metrics_add(metrics, OCT_METRIC_HTTP_REQUESTS, 3);
    oct_metrics_add(metrics, OCT_METRIC_HTTP_CONNECTIONS, 2);
    oct_metrics_add(metrics, OCT_METRIC_HTTP_CONNECTIONS, -1);
    oct_metrics_set(metrics, OCT_METRIC_WORKERS, 4);
    ck_assert_int_eq(oct_metrics_value(metrics, OCT_METRIC_HTTP_REQUESTS), 3);
    char *text = scrape(metrics);
    assert_has_line(text, "# TYPE octet_http_requests_total counter");
    assert_has_line(text, "octet_http_requests_total 3");
    assert_has_line(text, "# TYPE octet_http_connections gauge");
    assert_has_line(text, "octet_http_connections 1");
    assert_has_line(text, "octet_workers 4");
    ck_assert_ptr_nonnull(strstr(text, "octet_build_info{version=\"" OCTET_VERSION "\""));
    ck_assert_ptr_nonnull(strstr(text, "\nprocess_resident_memory_bytes "));
    ck_assert_ptr_null(strstr(text, "octet_infer_requests_total")); // no model, no series, no empty heading
    free(text);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(a_histogram_counts_cumulatively_and_sums)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *model = oct_metrics_model_get(metrics, "m", "2");
    ck_assert_ptr_nonnull(model);
    oct_metrics_model_observe(model, OCT_METRIC_COMPUTE_SECONDS, 250); // the bound itself belongs to its bucket
    oct_metrics_model_observe(model, OCT_METRIC_COMPUTE_SECONDS, 251);
    oct_metrics_model_observe(model, OCT_METRIC_COMPUTE_SECONDS, 20000000); // past the last bound
    oct_metrics_model_observe(model, OCT_METRIC_BATCH_ROWS, 5);
    char *text = scrape(metrics);
    assert_has_line(text, "# TYPE octet_infer_compute_seconds histogram");
    assert_has_line(text, "octet_infer_compute_seconds_bucket{model=\"m\",version=\"2\",le=\"0.00025\"} 1");
    assert_has_line(text, "octet_infer_compute_seconds_bucket{model=\"m\",version=\"2\",le=\"0.0005\"} 2");
    assert_has_line(text, "octet_infer_compute_seconds_bucket{model=\"m\",version=\"2\",le=\"10\"} 2");
    assert_has_line(text, "octet_infer_compute_seconds_bucket{model=\"m\",version=\"2\",le=\"+Inf\"} 3");
    assert_has_line(text, "octet_infer_compute_seconds_sum{model=\"m\",version=\"2\"} 20.000501");
    assert_has_line(text, "octet_infer_compute_seconds_count{model=\"m\",version=\"2\"} 3");
    assert_has_line(text, "octet_infer_batch_rows_bucket{model=\"m\",version=\"2\",le=\"4\"} 0");
    assert_has_line(text, "octet_infer_batch_rows_bucket{model=\"m\",version=\"2\",le=\"8\"} 1");
    assert_has_line(text, "octet_infer_batch_rows_sum{model=\"m\",version=\"2\"} 5");
    uint64_t count = 0, sum = 0;
    oct_metrics_model_histogram(model, OCT_METRIC_COMPUTE_SECONDS, &count, &sum);
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(sum, 20000501);
    free(text);
    oct_metrics_model_release(metrics, model);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(label_values_are_escaped)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *model = oct_metrics_model_get(metrics, "a\"b\\c\nd", "1");
    oct_metrics_model_add(model, OCT_METRIC_INFER_REQUESTS, 1);
    char *text = scrape(metrics);
    assert_has_line(text, "octet_infer_requests_total{model=\"a\\\"b\\\\c\\nd\",version=\"1\"} 1");
    free(text);
    oct_metrics_model_release(metrics, model);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(one_model_version_is_one_series)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *first = oct_metrics_model_get(metrics, "m", "1");
    struct oct_metrics_model *again = oct_metrics_model_get(metrics, "m", "1");
    struct oct_metrics_model *other = oct_metrics_model_get(metrics, "m", "2");
    ck_assert_ptr_eq(first, again);
    ck_assert_ptr_ne(first, other);
    oct_metrics_model_release(metrics, first);
    oct_metrics_model_release(metrics, again);
    oct_metrics_model_release(metrics, other);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(a_released_series_is_shown_once_more_and_then_forgotten)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *model = oct_metrics_model_get(metrics, "leaver", "1");
    oct_metrics_model_add(model, OCT_METRIC_INFER_ROWS, 9);
    oct_metrics_model_release(metrics, model);
    char *first = scrape(metrics);
    char *second = scrape(metrics);
    assert_has_line(first, "octet_infer_rows_total{model=\"leaver\",version=\"1\"} 9");
    ck_assert_ptr_null(strstr(second, "leaver"));
    free(first);
    free(second);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(a_server_nobody_scrapes_does_not_grow)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *kept = oct_metrics_model_get(metrics, "kept", "1");
    for (int version = 0; version < 2000; ++version) {
        char text[16];
        snprintf(text, sizeof(text), "%d", version);
        oct_metrics_model_release(metrics, oct_metrics_model_get(metrics, "m", text));
    }
    char *text = scrape(metrics);
    assert_has_line(text, "octet_queue_depth{model=\"kept\",version=\"1\"} 0");
    assert_has_line(text, "octet_queue_depth{model=\"m\",version=\"1999\"} 0");
    ck_assert_ptr_null(strstr(text, "octet_queue_depth{model=\"m\",version=\"1743\"}")); // 256 are kept: 1744 to 1999
    ck_assert_ptr_nonnull(strstr(text, "octet_queue_depth{model=\"m\",version=\"1744\"}"));
    free(text);
    oct_metrics_model_release(metrics, kept);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(without_metrics_every_call_is_a_no_op)
{
    oct_metrics_add(NULL, OCT_METRIC_HTTP_REQUESTS, 1);
    oct_metrics_set(NULL, OCT_METRIC_WORKERS, 1);
    ck_assert_int_eq(oct_metrics_value(NULL, OCT_METRIC_WORKERS), 0);
    ck_assert_ptr_null(oct_metrics_model_get(NULL, "m", "1"));
    oct_metrics_model_add(NULL, OCT_METRIC_INFER_ROWS, 1);
    oct_metrics_model_observe(NULL, OCT_METRIC_BATCH_ROWS, 1);
    oct_metrics_model_release(NULL, NULL);
    oct_metrics_destroy(NULL);
}
END_TEST

enum { N_THREADS = 4, N_UPDATES = 20000 };

static void *update_and_scrape(void *argument)
{
    struct oct_metrics *metrics = argument;
    for (int i = 0; i < N_UPDATES; ++i) {
        oct_metrics_add(metrics, OCT_METRIC_HTTP_REQUESTS, 1);
        if (i % 1000 == 0) {
            struct oct_metrics_model *model = oct_metrics_model_get(metrics, "m", "1");
            oct_metrics_model_observe(model, OCT_METRIC_BATCH_ROWS, 3);
            free(scrape(metrics));
            oct_metrics_model_release(metrics, model);
        }
    }
    return NULL;
}

START_TEST(no_update_of_several_threads_is_lost)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *model = oct_metrics_model_get(metrics, "m", "1");
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; ++i) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, update_and_scrape, metrics), 0);
    }
    for (int i = 0; i < N_THREADS; ++i) {
        pthread_join(threads[i], NULL);
    }
    uint64_t count = 0, sum = 0;
    oct_metrics_model_histogram(model, OCT_METRIC_BATCH_ROWS, &count, &sum);
    ck_assert_int_eq(oct_metrics_value(metrics, OCT_METRIC_HTTP_REQUESTS), N_THREADS * N_UPDATES);
    ck_assert_uint_eq(count, N_THREADS * N_UPDATES / 1000);
    ck_assert_uint_eq(sum, 3 * count);
    oct_metrics_model_release(metrics, model);
    oct_metrics_destroy(metrics);
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_an_error_and_not_a_crash)
{
    struct oct_metrics *metrics = create();
    struct oct_metrics_model *model = oct_metrics_model_get(metrics, "m", "1");
    char *text = scrape(metrics);
    for (size_t limit = 1; limit + 512 < strlen(text); limit += 97) {
        struct oct_buffer out;
        oct_buffer_init(&out, NULL, limit);
        ck_assert_status(OCT_ERR_LIMIT, oct_metrics_write(metrics, &out));
        oct_buffer_deinit(&out);
    }
    free(text);
    oct_metrics_model_release(metrics, model);
    oct_metrics_destroy(metrics);
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *rows = oct_case(suite, "rows");
    tcase_add_test(rows, process_rows_add_and_set);
    tcase_add_test(rows, a_histogram_counts_cumulatively_and_sums);
    tcase_add_test(rows, label_values_are_escaped);
    tcase_add_test(rows, without_metrics_every_call_is_a_no_op);
    tcase_add_test(rows, a_buffer_that_is_too_small_is_an_error_and_not_a_crash);
    TCase *series = oct_case(suite, "series");
    tcase_add_test(series, one_model_version_is_one_series);
    tcase_add_test(series, a_released_series_is_shown_once_more_and_then_forgotten);
    tcase_add_test(series, a_server_nobody_scrapes_does_not_grow);
    TCase *threads = oct_case(suite, "threads");
    tcase_add_test(threads, no_update_of_several_threads_is_lost);
}

OCT_CHECK_MAIN("server/metrics/metrics", add_tests)
