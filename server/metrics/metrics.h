/// Metrics in Prometheus text format 0.0.4: rows of metrics.def (counters, gauges, histograms), some with a model and
/// version label or an outcome label. Updating is an atomic add on memory that exists; a series is made when its model
/// is loaded. Threads: updates [any], scrape [any].
#ifndef OCTET_SERVER_METRICS_METRICS_H
#define OCTET_SERVER_METRICS_METRICS_H

#include "octet/buffer.h"

struct oct_metrics;
/// All series of one model version. Reference-counted; a series outlives its model until the scrape forgets it.
struct oct_metrics_model;

enum oct_metric {
#define OCT_METRIC(id, name, kind, scope, doc) OCT_METRIC_##id,
#include "server/metrics/metrics.def"
#undef OCT_METRIC
    OCT_METRIC_COUNT
};

OCT_NODISCARD enum oct_status oct_metrics_create(struct oct_metrics **metrics);
void oct_metrics_destroy(struct oct_metrics *metrics);
/// The series of (model, version), made if need be; NULL when out of memory. Retained for the caller.
struct oct_metrics_model *oct_metrics_model_get(struct oct_metrics *metrics, const char *model, const char *version);
void oct_metrics_model_release(struct oct_metrics *metrics, struct oct_metrics_model *model);

/// Process-wide rows. All accept NULL metrics.
void oct_metrics_add(struct oct_metrics *metrics, enum oct_metric metric, int64_t amount);
void oct_metrics_set(struct oct_metrics *metrics, enum oct_metric metric, int64_t value);
int64_t oct_metrics_value(const struct oct_metrics *metrics, enum oct_metric metric);
/// Per-model rows; counters and gauges.
void oct_metrics_model_add(struct oct_metrics_model *model, enum oct_metric metric, int64_t amount);
int64_t oct_metrics_model_value(const struct oct_metrics_model *model, enum oct_metric metric);
/// Per-model histograms: a duration in microseconds, or a size. Buckets stand in metrics.c.
void oct_metrics_model_observe(struct oct_metrics_model *model, enum oct_metric metric, uint64_t value);
/// Count and sum of a histogram (sum in the observed unit).
void oct_metrics_model_histogram(const struct oct_metrics_model *model,
                                 enum oct_metric metric,
                                 uint64_t *count,
                                 uint64_t *sum);

/// Appends the exposition text.
OCT_NODISCARD enum oct_status oct_metrics_write(struct oct_metrics *metrics, struct oct_buffer *out);

#endif
