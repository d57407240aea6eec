#include "server/http/handlers/models_json.h"

#include "octet/proto/infer.h"
#include "server/batch/queue.h"

#define UNAVAILABLE_RETRY_S 1u

static void write_shape(struct oct_json_writer *writer, const struct oct_shape *shape)
{
    oct_json_array_begin(writer);
    for (int32_t i = 0; i < shape->rank; i++) {
        oct_json_integer(writer, shape->dims[i] >= 0 ? shape->dims[i] : -1); // the protocol knows no "3 N"
    }
    oct_json_array_end(writer);
}

static void write_quantization(struct oct_json_writer *writer, const struct oct_qparams *qparams)
{
    oct_json_key(writer, "quantization");
    oct_json_object_begin(writer);
    oct_json_key(writer, "scheme");
    oct_json_string(writer, oct_qscheme_name(qparams->scheme));
    if (qparams->scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        oct_json_key(writer, "scale");
        oct_json_double(writer, qparams->scale);
        oct_json_key(writer, "zero_point");
        oct_json_integer(writer, qparams->zero_point);
    } else {
        oct_json_key(writer, "axis");
        oct_json_integer(writer, qparams->axis);
        oct_json_key(writer, "channels");
        oct_json_unsigned(writer, qparams->channels);
    }
    oct_json_object_end(writer);
}

void oct_models_json_ports(struct oct_json_writer *writer, const struct oct_plan *plan, bool outputs, bool details)
{
    size_t count = outputs ? oct_plan_output_count(plan) : oct_plan_input_count(plan);
    oct_json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        const struct oct_port *port = outputs ? oct_plan_output(plan, i) : oct_plan_input(plan, i);
        oct_json_object_begin(writer);
        oct_json_key(writer, "name");
        oct_json_string(writer, port->name);
        oct_json_key(writer, "datatype");
        oct_json_string(writer, oct_datatype_name(oct_datatype_of(port->desc.dtype)));
        oct_json_key(writer, "shape");
        write_shape(writer, &port->desc.shape);
        if (details) {
            oct_json_key(writer, "dtype");
            oct_json_string(writer, oct_dtype_name(port->desc.dtype));
            if (port->desc.qparams.scheme != OCT_QSCHEME_NONE) {
                write_quantization(writer, &port->desc.qparams);
            }
        }
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static void write_kernels(struct oct_json_writer *writer, const struct oct_plan *plan)
{
    const struct oct_graph *graph = oct_plan_graph(plan);
    oct_json_key(writer, "kernels");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_plan_step_count(plan); i++) {
        struct oct_step_info step = oct_plan_step(plan, i);
        struct oct_node_info node = oct_graph_node(graph, i);
        oct_json_object_begin(writer);
        oct_json_key(writer, "node");
        oct_json_string(writer, node.name);
        oct_json_key(writer, "op");
        oct_json_string(writer, node.op->name);
        oct_json_key(writer, "kernel");
        oct_json_string(writer, step.kernel);
        oct_json_key(writer, "state_bytes");
        oct_json_unsigned(writer, step.state_bytes);
        oct_json_key(writer, "scratch_bytes");
        oct_json_unsigned(writer, step.scratch_bytes);
        oct_json_key(writer, "class_f");
        oct_json_bool(writer, step.class_f);
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static void write_counter(struct oct_json_writer *writer,
                          const char *key,
                          const struct oct_metrics_model *series,
                          enum oct_metric metric)
{
    oct_json_key(writer, key);
    oct_json_integer(writer, oct_metrics_model_value(series, metric));
}

static void write_duration(struct oct_json_writer *writer,
                           const char *key,
                           const struct oct_metrics_model *series,
                           enum oct_metric metric)
{
    uint64_t count = 0;
    uint64_t sum_us = 0;
    oct_metrics_model_histogram(series, metric, &count, &sum_us);
    oct_json_key(writer, key);
    oct_json_object_begin(writer);
    oct_json_key(writer, "count");
    oct_json_unsigned(writer, count);
    oct_json_key(writer, "sum_us");
    oct_json_unsigned(writer, sum_us);
    oct_json_object_end(writer);
}

static void write_stats(struct oct_json_writer *writer, const struct oct_batch_queue *queue)
{
    if (queue == NULL || queue->series == NULL) {
        return;
    }
    const struct oct_metrics_model *series = queue->series;
    oct_json_key(writer, "stats");
    oct_json_object_begin(writer);
    write_counter(writer, "requests", series, OCT_METRIC_INFER_REQUESTS);
    write_counter(writer, "failures", series, OCT_METRIC_INFER_FAILURES);
    write_counter(writer, "rejected", series, OCT_METRIC_INFER_REJECTED);
    write_counter(writer, "cancelled", series, OCT_METRIC_INFER_CANCELLED);
    write_counter(writer, "rows", series, OCT_METRIC_INFER_ROWS);
    write_counter(writer, "batches", series, OCT_METRIC_INFER_BATCHES);
    write_counter(writer, "queue_depth", series, OCT_METRIC_QUEUE_DEPTH);
    write_duration(writer, "request", series, OCT_METRIC_REQUEST_SECONDS);
    write_duration(writer, "queue", series, OCT_METRIC_QUEUE_SECONDS);
    write_duration(writer, "compute", series, OCT_METRIC_COMPUTE_SECONDS);
    oct_json_object_end(writer);
}

static void write_memory(struct oct_json_writer *writer, const struct oct_model_version *version)
{
    oct_json_key(writer, "memory");
    oct_json_object_begin(writer);
    oct_json_key(writer, "resident_bytes");
    oct_json_unsigned(writer, oct_plan_resident_bytes(version->plan));
    oct_json_key(writer, "arena_bytes"); // of each worker
    oct_json_unsigned(writer, oct_plan_arena_bytes(version->plan, oct_plan_max_rows(version->plan)));
    oct_json_object_end(writer);
}

static void write_labels(struct oct_json_writer *writer, const struct oct_model *model)
{
    oct_json_key(writer, "labels");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_model_label_count(model); i++) {
        oct_json_string(writer, oct_model_label(model, i));
    }
    oct_json_array_end(writer);
}

void oct_models_json_version(struct oct_json_writer *writer, const struct oct_model_version *version)
{
    const struct oct_plan *plan = version->plan;
    oct_json_key(writer, "sha256");
    oct_json_string(writer, version->sha256);
    oct_json_key(writer, "bytes");
    oct_json_unsigned(writer, version->bytes);
    oct_json_key(writer, "created");
    oct_json_integer(writer, version->created_s);
    oct_json_key(writer, "shipped");
    oct_json_bool(writer, version->shipped);
    oct_json_key(writer, "load_us");
    oct_json_unsigned(writer, version->load_us);
    oct_json_key(writer, "producer");
    oct_json_string(writer, oct_model_producer(version->model));
    oct_json_key(writer, "golden");
    oct_json_string(writer, oct_model_golden(version->model));
    oct_json_key(writer, "inputs");
    oct_models_json_ports(writer, plan, false, true);
    oct_json_key(writer, "outputs");
    oct_models_json_ports(writer, plan, true, true);
    write_labels(writer, version->model);
    const char *reason = NULL;
    bool independent = oct_plan_rows_independent(plan, &reason);
    oct_json_key(writer, "max_batch_size");
    oct_json_integer(writer, oct_plan_max_rows(plan));
    oct_json_key(writer, "rows_independent");
    oct_json_bool(writer, independent);
    if (!independent) {
        oct_json_key(writer, "rows_dependent_reason");
        oct_json_string(writer, reason);
    }
    oct_json_key(writer, "class_f");
    oct_json_bool(writer, oct_plan_is_class_f(plan));
    write_memory(writer, version);
    write_kernels(writer, plan);
    write_stats(writer, version->attachment);
}

void oct_models_reply_error(struct oct_http_request *request, const struct oct_error *error)
{
    if (error->status == OCT_ERR_UNAVAILABLE || error->status == OCT_ERR_NOMEM) {
        oct_http_reply_retry(request, error, UNAVAILABLE_RETRY_S);
    } else {
        oct_http_reply_error(request, error);
    }
}

void oct_models_json_reply(struct oct_http_request *request, int status, struct oct_json_writer *writer)
{
    enum oct_status written = oct_json_writer_finish(writer);
    if (written == OCT_OK) {
        oct_http_reply_json(request, status, writer->buffer);
        return;
    }
    struct oct_error error = OCT_ERROR_INIT;
    oct_error_set(&error, written, "answer", OCT_POSITION_NONE, "%s", oct_status_text(written));
    oct_buffer_deinit(writer->buffer);
    oct_models_reply_error(request, &error);
}
