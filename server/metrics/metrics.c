// DESIGN: one relaxed atomic add per update, on memory that was made when the model was loaded; the mutex guards the
// list of models alone and is held by get, release and scrape. Rejected: counters per thread summed at scrape; an
// update happens a few times per request, which takes a hundred thousand times longer than a contended add.
#include "server/metrics/metrics.h"

#include "server/metrics/process.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Series of unloaded models that wait for a scrape. A server that nobody scrapes must not grow with every upload.
#define MAX_RETIRED 256

enum metric_kind { COUNTER, GAUGE, SECONDS, SIZES };
enum metric_scope { PROCESS, MODEL };

static const struct {
    const char *name;
    enum metric_kind kind;
    enum metric_scope scope;
    const char *doc;
} rows[OCT_METRIC_COUNT] = {
#define OCT_METRIC(id, name, kind, scope, doc) {name, kind, scope, doc},
#include "server/metrics/metrics.def"
#undef OCT_METRIC
};

/// Upper bounds of SECONDS in microseconds with their text in seconds. OpenTelemetry's begin at 5 ms, too coarse for
/// int8.
static const struct {
    uint64_t bound;
    const char *text;
} second_buckets[] = {
    {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},
    {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"},
    {500000, "0.5"},  {1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};
static const uint64_t size_buckets[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

#define N_SECOND_BUCKETS (sizeof(second_buckets) / sizeof(second_buckets[0]))
#define N_SIZE_BUCKETS   (sizeof(size_buckets) / sizeof(size_buckets[0]))
#define MAX_BUCKETS      (N_SECOND_BUCKETS + 1) // the last one is +Inf

_Static_assert(N_SIZE_BUCKETS < MAX_BUCKETS, "sizes fit the buckets of a histogram");

/// Histograms numbered from 0, so that a model holds no empty ones.
enum histogram_index {
#define HISTOGRAM_COUNTER(id)
#define HISTOGRAM_GAUGE(id)
#define HISTOGRAM_SECONDS(id)                  HISTOGRAM_INDEX_##id,
#define HISTOGRAM_SIZES(id)                    HISTOGRAM_INDEX_##id,
#define OCT_METRIC(id, name, kind, scope, doc) HISTOGRAM_##kind(id)
#include "server/metrics/metrics.def"
#undef OCT_METRIC
    HISTOGRAM_COUNT
};

struct histogram {
    _Atomic uint64_t buckets[MAX_BUCKETS];
    _Atomic uint64_t sum;
};

struct oct_metrics_model {
    struct oct_metrics_model *next;
    char *model;
    char *version;
    size_t n_references; ///< guarded by the mutex; at 0 the series waits to be shown once more
    _Atomic int64_t values[OCT_METRIC_COUNT];
    struct histogram histograms[HISTOGRAM_COUNT];
};

struct oct_metrics {
    _Atomic int64_t values[OCT_METRIC_COUNT];
    double start_time;
    pthread_mutex_t mutex;
    struct oct_metrics_model *models; ///< oldest first
};

static size_t histogram_index(enum oct_metric metric)
{
    switch (metric) {
#undef HISTOGRAM_SECONDS
#undef HISTOGRAM_SIZES
#define HISTOGRAM_SECONDS(id)                                                                                          \
    case OCT_METRIC_##id:                                                                                              \
        return HISTOGRAM_INDEX_##id;
#define HISTOGRAM_SIZES(id)                    HISTOGRAM_SECONDS(id)
#define OCT_METRIC(id, name, kind, scope, doc) HISTOGRAM_##kind(id)
#include "server/metrics/metrics.def"
#undef OCT_METRIC
    default:
        return HISTOGRAM_COUNT;
    }
}

static size_t bucket_count(enum metric_kind kind)
{
    return kind == SECONDS ? N_SECOND_BUCKETS : N_SIZE_BUCKETS;
}

static size_t bucket_of(enum metric_kind kind, uint64_t value)
{
    size_t count = bucket_count(kind);
    for (size_t i = 0; i < count; ++i) {
        if (value <= (kind == SECONDS ? second_buckets[i].bound : size_buckets[i])) {
            return i;
        }
    }
    return count;
}

enum oct_status oct_metrics_create(struct oct_metrics **metrics)
{
    struct oct_metrics *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return OCT_ERR_NOMEM;
    }
    if (pthread_mutex_init(&made->mutex, NULL) != 0) {
        free(made);
        return OCT_ERR_NOMEM;
    }
    made->start_time = oct_process_start_time();
    *metrics = made;
    return OCT_OK;
}

static void destroy_model(struct oct_metrics_model *model)
{
    free(model->model);
    free(model->version);
    free(model);
}

void oct_metrics_destroy(struct oct_metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    while (metrics->models != NULL) {
        struct oct_metrics_model *next = metrics->models->next;
        destroy_model(metrics->models);
        metrics->models = next;
    }
    pthread_mutex_destroy(&metrics->mutex);
    free(metrics);
}

static char *copy_text(const char *text)
{
    size_t n_bytes = strlen(text) + 1;
    char *copy = malloc(n_bytes);
    if (copy != NULL) {
        memcpy(copy, text, n_bytes);
    }
    return copy;
}

static struct oct_metrics_model *create_model(const char *model, const char *version)
{
    struct oct_metrics_model *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->model = copy_text(model);
    made->version = copy_text(version);
    if (made->model == NULL || made->version == NULL) {
        destroy_model(made);
        return NULL;
    }
    return made;
}

struct oct_metrics_model *oct_metrics_model_get(struct oct_metrics *metrics, const char *model, const char *version)
{
    if (metrics == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&metrics->mutex);
    struct oct_metrics_model **link = &metrics->models;
    while (*link != NULL && (strcmp((*link)->model, model) != 0 || strcmp((*link)->version, version) != 0)) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        *link = create_model(model, version);
    }
    struct oct_metrics_model *found = *link;
    if (found != NULL) {
        found->n_references += 1;
    }
    pthread_mutex_unlock(&metrics->mutex);
    return found;
}

/// Frees the oldest retired series while more than `keep` of them are there.
static void forget_retired_locked(struct oct_metrics *metrics, size_t keep)
{
    size_t n_retired = 0;
    for (const struct oct_metrics_model *at = metrics->models; at != NULL; at = at->next) {
        n_retired += at->n_references == 0;
    }
    struct oct_metrics_model **link = &metrics->models;
    while (n_retired > keep) {
        struct oct_metrics_model *at = *link;
        if (at->n_references > 0) {
            link = &at->next;
            continue;
        }
        *link = at->next;
        destroy_model(at);
        n_retired -= 1;
    }
}

void oct_metrics_model_release(struct oct_metrics *metrics, struct oct_metrics_model *model)
{
    if (metrics == NULL || model == NULL) {
        return;
    }
    pthread_mutex_lock(&metrics->mutex);
    model->n_references -= 1;
    forget_retired_locked(metrics, MAX_RETIRED);
    pthread_mutex_unlock(&metrics->mutex);
}

void oct_metrics_add(struct oct_metrics *metrics, enum oct_metric metric, int64_t amount)
{
    if (metrics != NULL) {
        atomic_fetch_add_explicit(&metrics->values[metric], amount, memory_order_relaxed);
    }
}

void oct_metrics_set(struct oct_metrics *metrics, enum oct_metric metric, int64_t value)
{
    if (metrics != NULL) {
        atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
    }
}

int64_t oct_metrics_value(const struct oct_metrics *metrics, enum oct_metric metric)
{
    return metrics == NULL ? 0 : atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

void oct_metrics_model_add(struct oct_metrics_model *model, enum oct_metric metric, int64_t amount)
{
    if (model != NULL) {
        atomic_fetch_add_explicit(&model->values[metric], amount, memory_order_relaxed);
    }
}

int64_t oct_metrics_model_value(const struct oct_metrics_model *model, enum oct_metric metric)
{
    return model == NULL ? 0 : atomic_load_explicit(&model->values[metric], memory_order_relaxed);
}

void oct_metrics_model_observe(struct oct_metrics_model *model, enum oct_metric metric, uint64_t value)
{
    size_t index = histogram_index(metric);
    if (model == NULL || index == HISTOGRAM_COUNT) {
        return;
    }
    struct histogram *histogram = &model->histograms[index];
    atomic_fetch_add_explicit(&histogram->buckets[bucket_of(rows[metric].kind, value)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, value, memory_order_relaxed);
}

void oct_metrics_model_histogram(const struct oct_metrics_model *model,
                                 enum oct_metric metric,
                                 uint64_t *count,
                                 uint64_t *sum)
{
    *count = 0;
    *sum = 0;
    size_t index = histogram_index(metric);
    if (model == NULL || index == HISTOGRAM_COUNT) {
        return;
    }
    const struct histogram *histogram = &model->histograms[index];
    for (size_t i = 0; i < MAX_BUCKETS; ++i) {
        *count += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
    }
    *sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
}

// ------------------------------------------------------------------------------------------------------- exposition

static enum oct_status write_label_value(struct oct_buffer *out, const char *text)
{
    enum oct_status status = OCT_OK;
    for (; *text != 0 && status == OCT_OK; ++text) {
        if (*text == '\\' || *text == '"') {
            status = oct_buffer_printf(out, "\\%c", *text);
        } else if (*text == '\n') {
            status = oct_buffer_append(out, "\\n", 2);
        } else {
            status = oct_buffer_append(out, text, 1);
        }
    }
    return status;
}

/// `name[suffix]{model="m",version="v"[,le="bound"]} `
static enum oct_status write_series(
    struct oct_buffer *out, const char *name, const char *suffix, const struct oct_metrics_model *model, const char *le)
{
    enum oct_status status = oct_buffer_printf(out, "%s%s{model=\"", name, suffix);
    if (status == OCT_OK) {
        status = write_label_value(out, model->model);
    }
    if (status == OCT_OK) {
        status = oct_buffer_printf(out, "\",version=\"");
    }
    if (status == OCT_OK) {
        status = write_label_value(out, model->version);
    }
    if (status == OCT_OK) {
        status = le != NULL ? oct_buffer_printf(out, "\",le=\"%s\"} ", le) : oct_buffer_append(out, "\"} ", 3);
    }
    return status;
}

static enum oct_status
write_histogram(struct oct_buffer *out, enum oct_metric metric, const struct oct_metrics_model *model)
{
    const struct histogram *histogram = &model->histograms[histogram_index(metric)];
    enum metric_kind kind = rows[metric].kind;
    size_t n_buckets = bucket_count(kind);
    uint64_t total = 0;
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i <= n_buckets && status == OCT_OK; ++i) {
        char size_text[24];
        const char *le = "+Inf";
        if (i < n_buckets && kind == SECONDS) {
            le = second_buckets[i].text;
        } else if (i < n_buckets) {
            snprintf(size_text, sizeof(size_text), "%" PRIu64, size_buckets[i]);
            le = size_text;
        }
        total += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        status = write_series(out, rows[metric].name, "_bucket", model, le);
        if (status == OCT_OK) {
            status = oct_buffer_printf(out, "%" PRIu64 "\n", total);
        }
    }
    if (status == OCT_OK) {
        status = write_series(out, rows[metric].name, "_sum", model, NULL);
    }
    uint64_t sum = atomic_load_explicit(&histogram->sum, memory_order_relaxed);
    if (status == OCT_OK && kind == SECONDS) {
        status = oct_buffer_printf(out, "%" PRIu64 ".%06" PRIu64 "\n", sum / 1000000, sum % 1000000);
    } else if (status == OCT_OK) {
        status = oct_buffer_printf(out, "%" PRIu64 "\n", sum);
    }
    if (status == OCT_OK) {
        status = write_series(out, rows[metric].name, "_count", model, NULL);
    }
    return status == OCT_OK ? oct_buffer_printf(out, "%" PRIu64 "\n", total) : status;
}

static enum oct_status
write_model_row(struct oct_buffer *out, enum oct_metric metric, const struct oct_metrics_model *model)
{
    if (rows[metric].kind == SECONDS || rows[metric].kind == SIZES) {
        return write_histogram(out, metric, model);
    }
    enum oct_status status = write_series(out, rows[metric].name, "", model, NULL);
    return status == OCT_OK ? oct_buffer_printf(out, "%" PRId64 "\n", oct_metrics_model_value(model, metric)) : status;
}

static enum oct_status
write_row_locked(const struct oct_metrics *metrics, struct oct_buffer *out, enum oct_metric metric)
{
    static const char *const kind_names[] = {"counter", "gauge", "histogram", "histogram"};
    if (rows[metric].scope == MODEL && metrics->models == NULL) {
        return OCT_OK;
    }
    enum oct_status status = oct_buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[metric].name, rows[metric].doc,
                                               rows[metric].name, kind_names[rows[metric].kind]);
    if (rows[metric].scope == PROCESS) {
        if (status == OCT_OK) {
            status = oct_buffer_printf(out, "%s %" PRId64 "\n", rows[metric].name, oct_metrics_value(metrics, metric));
        }
        return status;
    }
    for (const struct oct_metrics_model *at = metrics->models; at != NULL && status == OCT_OK; at = at->next) {
        status = write_model_row(out, metric, at);
    }
    return status;
}

static enum oct_status write_build_info(struct oct_buffer *out)
{
    return oct_buffer_printf(out,
                             "# HELP octet_build_info what this server was built from\n# TYPE octet_build_info gauge\n"
                             "octet_build_info{version=\"%s\",compiler=\"%s\"} 1\n",
                             OCTET_VERSION, __VERSION__);
}

enum oct_status oct_metrics_write(struct oct_metrics *metrics, struct oct_buffer *out)
{
    pthread_mutex_lock(&metrics->mutex);
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < OCT_METRIC_COUNT && status == OCT_OK; ++i) {
        status = write_row_locked(metrics, out, (enum oct_metric)i);
    }
    if (status == OCT_OK) {
        forget_retired_locked(metrics, 0);
    }
    pthread_mutex_unlock(&metrics->mutex);
    if (status == OCT_OK) {
        status = write_build_info(out);
    }
    return status == OCT_OK ? oct_process_metrics_write(metrics->start_time, out) : status;
}
