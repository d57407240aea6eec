#include <string.h>

#include "octet/proto/json.h"
#include "server/cli/describe.h"

static void write_member(struct oct_json_writer *writer, const char *key, const char *text)
{
    oct_json_key(writer, key);
    oct_json_string(writer, text);
}

static void write_count(struct oct_json_writer *writer, const char *key, uint64_t count)
{
    oct_json_key(writer, key);
    oct_json_unsigned(writer, count);
}

/// Dimensions that depend on the batch are written as "N" or "3N".
static void write_shape(struct oct_json_writer *writer, const struct oct_shape *shape)
{
    oct_json_key(writer, "shape");
    oct_json_array_begin(writer);
    for (int32_t i = 0; i < shape->rank; ++i) {
        if (shape->dims[i] >= 0) {
            oct_json_integer(writer, shape->dims[i]);
            continue;
        }
        struct oct_shape one = {.rank = 1, .dims = {shape->dims[i]}};
        char text[64];
        oct_shape_format(&one, text, sizeof(text));
        text[strcspn(text, "]")] = 0;
        oct_json_string(writer, text + 1); // without the brackets
    }
    oct_json_array_end(writer);
}

static void write_desc(struct oct_json_writer *writer, const struct oct_tensor_desc *desc)
{
    write_member(writer, "dtype", oct_dtype_name(desc->dtype));
    write_shape(writer, &desc->shape);
    if (desc->qparams.scheme == OCT_QSCHEME_NONE) {
        return;
    }
    write_member(writer, "qscheme", oct_qscheme_name(desc->qparams.scheme));
    if (desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        oct_json_key(writer, "scale");
        oct_json_double(writer, desc->qparams.scale);
        oct_json_key(writer, "zero_point");
        oct_json_integer(writer, desc->qparams.zero_point);
    }
}

static void write_node(struct oct_json_writer *writer, const struct oct_graph *graph, size_t index)
{
    struct oct_node_info node = oct_graph_node(graph, index);
    write_member(writer, "name", node.name);
    write_member(writer, "op", node.op->name);
    oct_json_key(writer, "inputs");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < node.n_inputs; ++i) {
        oct_json_string(writer, node.inputs[i] == OCT_VALUE_NONE ? NULL : oct_graph_value(graph, node.inputs[i]).name);
    }
    oct_json_array_end(writer);
    oct_json_key(writer, "outputs");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < node.n_outputs; ++i) {
        struct oct_value_info value = oct_graph_value(graph, node.outputs[i]);
        oct_json_object_begin(writer);
        write_member(writer, "name", value.name);
        write_desc(writer, &value.desc);
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static void write_graph(struct oct_json_writer *writer, const struct oct_graph *graph)
{
    oct_json_key(writer, "graph");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_graph_node_count(graph); ++i) {
        oct_json_object_begin(writer);
        write_node(writer, graph, i);
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static void write_steps(struct oct_json_writer *writer, const struct oct_plan *plan)
{
    const struct oct_graph *graph = oct_plan_graph(plan);
    oct_json_key(writer, "steps");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_plan_step_count(plan); ++i) {
        struct oct_step_info step = oct_plan_step(plan, i);
        oct_value_id output = oct_graph_node(graph, i).outputs[0];
        struct oct_slot_info slot = oct_plan_slot(plan, output, oct_plan_max_rows(plan));
        oct_json_object_begin(writer);
        write_node(writer, graph, i);
        write_member(writer, "kernel", step.kernel);
        write_count(writer, "head", step.head);
        write_member(writer, "memory_format",
                     oct_graph_value(graph, output).desc.format == OCT_FORMAT_CHANNELS_LAST ? "channels_last"
                                                                                            : "contiguous");
        oct_json_key(writer, "class_f");
        oct_json_bool(writer, step.class_f);
        write_count(writer, "state_bytes", step.state_bytes);
        write_count(writer, "scratch_bytes", step.scratch_bytes);
        if (slot.in_arena) {
            write_count(writer, "arena_offset", slot.offset_bytes);
            write_count(writer, "arena_bytes", slot.bytes);
        }
        oct_json_object_end(writer);
    }
    oct_json_array_end(writer);
}

static void write_port(struct oct_json_writer *writer, const struct oct_port *port)
{
    oct_json_object_begin(writer);
    write_member(writer, "name", port->name);
    write_desc(writer, &port->desc);
    oct_json_object_end(writer);
}

static void write_ports(struct oct_json_writer *writer, const struct oct_plan *plan)
{
    oct_json_key(writer, "inputs");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_plan_input_count(plan); ++i) {
        write_port(writer, oct_plan_input(plan, i));
    }
    oct_json_array_end(writer);
    oct_json_key(writer, "outputs");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_plan_output_count(plan); ++i) {
        write_port(writer, oct_plan_output(plan, i));
    }
    oct_json_array_end(writer);
}

static void write_head(struct oct_json_writer *writer,
                       const struct oct_model *model,
                       const char *path,
                       const char *isa,
                       const char *digest)
{
    const struct oct_plan *plan = oct_model_plan(model);
    const char *reason = NULL;
    bool independent = oct_plan_rows_independent(plan, &reason);
    write_member(writer, "model", path);
    write_count(writer, "file_bytes", oct_model_file_bytes(model));
    write_member(writer, "sha256", digest);
    write_member(writer, "producer", oct_model_producer(model));
    write_member(writer, "golden", oct_model_golden(model));
    oct_json_key(writer, "labels");
    oct_json_array_begin(writer);
    for (size_t i = 0; i < oct_model_label_count(model); ++i) {
        oct_json_string(writer, oct_model_label(model, i));
    }
    oct_json_array_end(writer);
    write_ports(writer, plan);
    oct_json_key(writer, "rows_independent");
    oct_json_bool(writer, independent);
    write_member(writer, "rows_reason", independent ? NULL : reason);
    write_member(writer, "isa", isa);
    oct_json_key(writer, "class_f");
    oct_json_bool(writer, oct_plan_is_class_f(plan));
    write_count(writer, "max_rows", (uint64_t)oct_plan_max_rows(plan));
    write_count(writer, "plan_bytes", oct_plan_resident_bytes(plan));
    write_count(writer, "arena_bytes_1_row", oct_plan_arena_bytes(plan, 1));
    write_count(writer, "arena_bytes_max_rows", oct_plan_arena_bytes(plan, oct_plan_max_rows(plan)));
}

enum oct_status
oct_cli_describe_json(const struct oct_model *model, const char *path, const char *isa, struct oct_buffer *out)
{
    struct oct_json_writer writer;
    char digest[OCT_CLI_DIGEST_BYTES];
    enum oct_status status = oct_cli_digest_text(model, digest);
    if (status != OCT_OK) {
        return status;
    }
    oct_json_writer_init(&writer, out, 2);
    oct_json_object_begin(&writer);
    write_head(&writer, model, path, isa, digest);
    write_graph(&writer, oct_model_graph(model));
    write_steps(&writer, oct_model_plan(model));
    oct_json_object_end(&writer);
    status = oct_json_writer_finish(&writer);
    return status == OCT_OK ? oct_buffer_append(out, "\n", 1) : status;
}
