#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/describe.h"

enum oct_status oct_cli_digest_text(const struct oct_model *model, char text[OCT_CLI_DIGEST_BYTES])
{
    uint8_t digest[OCT_SHA256_BYTES];
    enum oct_status status = oct_model_sha256(model, digest);
    for (size_t i = 0; i < OCT_SHA256_BYTES && status == OCT_OK; ++i) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    return status;
}

/// "quint8 [N, 8, 14, 14] scale 0.05 zero point 3"
static void format_desc(const struct oct_tensor_desc *desc, char *out, size_t out_bytes)
{
    char shape[128];
    oct_shape_format(&desc->shape, shape, sizeof(shape));
    int used = snprintf(out, out_bytes, "%s %s", oct_dtype_name(desc->dtype), shape);
    if (desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        snprintf(out + used, out_bytes - (size_t)used, " scale %.6g zero point %" PRId64, desc->qparams.scale,
                 desc->qparams.zero_point);
    } else if (desc->qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        snprintf(out + used, out_bytes - (size_t)used, " per channel of dimension %d", desc->qparams.axis);
    }
}

static enum oct_status
write_inputs(const struct oct_graph *graph, const struct oct_node_info *node, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < node->n_inputs && status == OCT_OK; ++i) {
        const char *name = node->inputs[i] == OCT_VALUE_NONE ? "-" : oct_graph_value(graph, node->inputs[i]).name;
        status = oct_buffer_printf(out, "%s%s", i > 0 ? ", " : "", name);
    }
    return status;
}

static enum oct_status write_graph(const struct oct_graph *graph, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < oct_graph_node_count(graph) && status == OCT_OK; ++i) {
        struct oct_node_info node = oct_graph_node(graph, i);
        struct oct_value_info output = oct_graph_value(graph, node.outputs[0]);
        char desc[256];
        format_desc(&output.desc, desc, sizeof(desc));
        status = oct_buffer_printf(out, "%4zu  %-28s %s <- ", i, node.op->name, output.name);
        if (status == OCT_OK) {
            status = write_inputs(graph, &node, out);
        }
        if (status == OCT_OK) {
            status = oct_buffer_printf(out, "  :  %s\n", desc);
        }
    }
    return status;
}

static enum oct_status write_steps(const struct oct_plan *plan, struct oct_buffer *out)
{
    const struct oct_graph *graph = oct_plan_graph(plan);
    int64_t rows = oct_plan_max_rows(plan);
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < oct_plan_step_count(plan) && status == OCT_OK; ++i) {
        struct oct_node_info node = oct_graph_node(graph, i);
        struct oct_step_info step = oct_plan_step(plan, i);
        struct oct_value_info output = oct_graph_value(graph, node.outputs[0]);
        struct oct_slot_info slot = oct_plan_slot(plan, node.outputs[0], rows);
        char shape[128], place[64] = "-", head[32] = "";
        oct_shape_format(&output.desc.shape, shape, sizeof(shape));
        if (slot.in_arena) {
            snprintf(place, sizeof(place), "%zu +%zu", slot.offset_bytes, slot.bytes);
        }
        if (step.head != i) {
            snprintf(head, sizeof(head), "  [in step %zu]", step.head);
        }
        status = oct_buffer_printf(out, "%4zu  %-28s %-26s %-7s %-18s %-5s %9" PRIu64 " %9" PRIu64 "  %-18s %s%s%s\n",
                                   i, node.op->name, step.kernel, oct_dtype_name(output.desc.dtype), shape,
                                   output.desc.format == OCT_FORMAT_CHANNELS_LAST ? "nhwc" : "dense", step.state_bytes,
                                   step.scratch_bytes, place, output.name, head, step.class_f ? "  [class F]" : "");
    }
    return status;
}

static enum oct_status write_ports(const struct oct_plan *plan, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    char desc[256];
    for (size_t i = 0; i < oct_plan_input_count(plan) && status == OCT_OK; ++i) {
        const struct oct_port *port = oct_plan_input(plan, i);
        format_desc(&port->desc, desc, sizeof(desc));
        status = oct_buffer_printf(out, "input      %s  %s\n", port->name, desc);
    }
    for (size_t i = 0; i < oct_plan_output_count(plan) && status == OCT_OK; ++i) {
        const struct oct_port *port = oct_plan_output(plan, i);
        format_desc(&port->desc, desc, sizeof(desc));
        status = oct_buffer_printf(out, "output     %s  %s\n", port->name, desc);
    }
    return status;
}

static enum oct_status
write_head(const struct oct_model *model, const char *path, const char *isa, struct oct_buffer *out)
{
    const struct oct_plan *plan = oct_model_plan(model);
    char digest[OCT_CLI_DIGEST_BYTES];
    enum oct_status status = oct_cli_digest_text(model, digest);
    if (status != OCT_OK) {
        return status;
    }
    status = oct_buffer_printf(out,
                               "model      %s  (%" PRIu64 " bytes)\nsha256     %s\nproducer   %s\n"
                               "golden     %s\nlabels     %zu\n",
                               path, oct_model_file_bytes(model), digest, oct_model_producer(model),
                               oct_model_golden(model), oct_model_label_count(model));
    if (status == OCT_OK) {
        status = write_ports(plan, out);
    }
    const char *reason = NULL;
    bool independent = oct_plan_rows_independent(plan, &reason);
    int64_t max_rows = oct_plan_max_rows(plan);
    return status != OCT_OK
               ? status
               : oct_buffer_printf(out,
                                   "rows       %s%s\nisa        %s\nresults    %s\n"
                                   "memory     %" PRIu64 " bytes of packed weights and tables; arena per worker:"
                                   " %zu bytes for 1 row, %zu for %" PRId64 "\n",
                                   independent ? "independent: requests may be merged" : "never merged: ",
                                   independent ? "" : reason, isa,
                                   oct_plan_is_class_f(plan)
                                       ? "some steps are class F: they may differ in the last bits with CPU or batch"
                                       : "the same bytes on every CPU and in every batch",
                                   oct_plan_resident_bytes(plan), oct_plan_arena_bytes(plan, 1),
                                   oct_plan_arena_bytes(plan, max_rows), max_rows);
}

enum oct_status
oct_cli_describe_text(const struct oct_model *model, const char *path, const char *isa, struct oct_buffer *out)
{
    const struct oct_plan *plan = oct_model_plan(model);
    const struct oct_graph *graph = oct_model_graph(model);
    enum oct_status status = write_head(model, path, isa, out);
    if (status == OCT_OK) {
        status = oct_buffer_printf(out, "\ngraph as the file has it: %zu nodes\n", oct_graph_node_count(graph));
    }
    if (status == OCT_OK) {
        status = write_graph(graph, out);
    }
    if (status == OCT_OK) {
        status = oct_buffer_printf(
            out,
            "\ngraph as it runs: %zu steps; bytes packed, of scratch, and place in the arena at %" PRId64 " rows\n",
            oct_plan_step_count(plan), oct_plan_max_rows(plan));
    }
    return status == OCT_OK ? write_steps(plan, out) : status;
}
