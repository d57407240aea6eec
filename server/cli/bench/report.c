#include "server/cli/bench/report.h"

#include <stdio.h>

/// "set/case"
#define SHAPE_BYTES (2 * OCT_BENCH_NAME_BYTES)

enum oct_bench_limit oct_bench_limit_of(const struct oct_bench_case *shape)
{
    switch (oct_bench_op_info(shape->op)->form) {
    case OCT_BENCH_FORM_LINEAR:
        return shape->rows == 1 ? OCT_BENCH_LIMIT_READ : OCT_BENCH_LIMIT_NONE;
    case OCT_BENCH_FORM_CONV:
        return OCT_BENCH_LIMIT_NONE;
    default:
        return OCT_BENCH_LIMIT_COPY;
    }
}

double oct_bench_cycles_per_64(const struct oct_bench_result *result)
{
    const struct oct_bench_case *shape = result->shape;
    bool is_depthwise = shape->groups > 1 && shape->groups == shape->channels;
    if (!is_depthwise && oct_bench_limit_of(shape) != OCT_BENCH_LIMIT_COPY) {
        return 0;
    }
    return result->timing.median_ns * result->peak.ghz / result->outputs * 64;
}

void oct_bench_write_figure(struct oct_json_writer *writer, const char *key, double value)
{
    oct_json_key(writer, key);
    if (value > 0) {
        oct_json_double(writer, value);
    } else {
        oct_json_null(writer);
    }
}

void oct_bench_write_peak(struct oct_json_writer *writer, double macs, double ns, const struct oct_bench_reading *peak)
{
    double gops = ns > 0 ? 2 * macs / ns : 0;
    oct_bench_write_figure(writer, "gops", gops);
    oct_bench_write_figure(writer, "peak_fraction", peak->gops > 0 ? gops / peak->gops : 0);
    oct_bench_write_figure(writer, "peak_gops", peak->gops);
    oct_bench_write_figure(writer, "peak_macs_per_cycle", peak->macs_per_cycle);
    oct_bench_write_figure(writer, "ghz", peak->ghz);
}

static void write_text(struct oct_json_writer *writer, const char *key, const char *text)
{
    oct_json_key(writer, key);
    oct_json_string(writer, text);
}

static void write_case(struct oct_json_writer *writer, const char *set, const struct oct_bench_case *shape)
{
    char name[SHAPE_BYTES];
    snprintf(name, sizeof(name), "%s/%s", set, shape->name);
    write_text(writer, "bench", "kernels");
    write_text(writer, "shape", name);
    write_text(writer, "row", shape->row);
    write_text(writer, "op", oct_bench_op_info(shape->op)->name);
    oct_json_key(writer, "count");
    oct_json_integer(writer, shape->count);
}

static enum oct_status end_line(struct oct_json_writer *writer, struct oct_buffer *out)
{
    oct_json_object_end(writer);
    enum oct_status status = oct_json_writer_finish(writer);
    return status == OCT_OK ? oct_buffer_append(out, "\n", 1) : status;
}

static double spread_of(const struct oct_bench_timing *timing)
{
    return timing->median_ns > 0 ? (timing->p90_ns - timing->p10_ns) / timing->median_ns : 0;
}

static double gbps_of(const struct oct_bench_result *result)
{
    return result->timing.median_ns > 0 ? result->bytes / result->timing.median_ns : 0;
}

enum oct_status oct_bench_report_json(const struct oct_bench_result *result, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    const struct oct_bench_timing *timing = &result->timing;
    oct_json_writer_init(&writer, out, 0);
    oct_json_object_begin(&writer);
    write_case(&writer, result->set, result->shape);
    write_text(&writer, "isa", result->isa);
    write_text(&writer, "kernel", result->kernel);
    oct_json_key(&writer, "steps");
    oct_json_unsigned(&writer, result->n_steps);
    oct_json_key(&writer, "threads");
    oct_json_unsigned(&writer, result->threads);
    write_text(&writer, "cache", result->cold ? "cold" : "hot");
    oct_json_key(&writer, "samples");
    oct_json_unsigned(&writer, timing->n_samples);
    oct_json_key(&writer, "runs_per_sample");
    oct_json_unsigned(&writer, timing->runs_per_sample);
    oct_bench_write_figure(&writer, "median_ns", timing->median_ns);
    oct_bench_write_figure(&writer, "min_ns", timing->min_ns);
    oct_bench_write_figure(&writer, "p10_ns", timing->p10_ns);
    oct_bench_write_figure(&writer, "p90_ns", timing->p90_ns);
    oct_json_key(&writer, "spread");
    oct_json_double(&writer, spread_of(timing));
    oct_bench_write_peak(&writer, result->macs, timing->median_ns, &result->peak);
    oct_bench_write_figure(&writer, "bytes", result->bytes);
    oct_bench_write_figure(&writer, "gbps", gbps_of(result));
    if (oct_bench_limit_of(result->shape) != OCT_BENCH_LIMIT_NONE) {
        bool known = result->limit_gbps > 0;
        oct_bench_write_figure(&writer, "limit_gbps", result->limit_gbps);
        oct_bench_write_figure(&writer, "bandwidth_fraction", known ? gbps_of(result) / result->limit_gbps : 0);
    }
    double cycles = oct_bench_cycles_per_64(result);
    if (cycles > 0) {
        oct_bench_write_figure(&writer, "cycles_per_64", cycles);
    }
    return end_line(&writer, out);
}

enum oct_status oct_bench_report_text(const struct oct_bench_result *result, struct oct_buffer *out)
{
    char name[SHAPE_BYTES];
    snprintf(name, sizeof(name), "%s/%s", result->set, result->shape->name);
    double gops = 2 * result->macs / result->timing.median_ns, cycles = oct_bench_cycles_per_64(result);
    enum oct_status status =
        oct_buffer_printf(out, "%-44s %-14s %zu %-4s %12.2f us", name, result->shape->row, result->threads,
                          result->cold ? "cold" : "hot", result->timing.median_ns / 1e3);
    if (status == OCT_OK && gops > 0) {
        status = oct_buffer_printf(out, "  %8.1f GOPS  %5.1f %% of peak", gops, 100 * gops / result->peak.gops);
    }
    if (status == OCT_OK && result->limit_gbps > 0) {
        status = oct_buffer_printf(out, "  %7.1f GB/s  %5.1f %% of bandwidth", gbps_of(result),
                                   100 * gbps_of(result) / result->limit_gbps);
    }
    if (status == OCT_OK && cycles > 0) {
        status = oct_buffer_printf(out, "  %6.1f cycles for 64", cycles);
    }
    return status == OCT_OK ? oct_buffer_printf(out, "  %s\n", result->kernel) : status;
}

enum oct_status oct_bench_report_skipped(
    const char *set, const struct oct_bench_case *shape, const char *reason, bool json, struct oct_buffer *out)
{
    if (!json) {
        return oct_buffer_printf(out, "%s/%s  %s  skipped: %s\n", set, shape->name, shape->row, reason);
    }
    struct oct_json_writer writer;
    oct_json_writer_init(&writer, out, 0);
    oct_json_object_begin(&writer);
    write_case(&writer, set, shape);
    write_text(&writer, "skipped", reason);
    return end_line(&writer, out);
}
