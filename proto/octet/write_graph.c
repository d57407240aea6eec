/// The graph of a file as JSON.
#include "octet/model.h"
#include "proto/octet/hex.h"
#include "proto/octet/write_impl.h"

void octi_octet_put_pair(struct oct_json_writer *json, const char *key, const char *value)
{
    oct_json_key(json, key);
    oct_json_string(json, value);
}

static void put_per_tensor(struct oct_json_writer *json, const struct oct_qparams *qparams)
{
    oct_json_key(json, "scale");
    oct_json_double(json, qparams->scale);
    oct_json_key(json, "zero_point");
    oct_json_integer(json, qparams->zero_point);
}

static void put_inputs(const struct octi_octet_writer *writer, struct oct_json_writer *json)
{
    oct_json_key(json, "inputs");
    oct_json_array_begin(json);
    for (size_t i = 0; i < oct_graph_input_count(writer->graph); i++) {
        struct oct_value_info input = oct_graph_value(writer->graph, oct_graph_input(writer->graph, i));
        oct_json_object_begin(json);
        octi_octet_put_pair(json, "name", input.name);
        octi_octet_put_pair(json, "dtype", oct_dtype_name(input.desc.dtype));
        oct_json_key(json, "shape");
        oct_json_array_begin(json);
        for (int d = 0; d < input.desc.shape.rank; d++) {
            if (input.desc.shape.dims[d] == OCT_DIM_BATCH) {
                oct_json_string(json, "N");
            } else {
                oct_json_integer(json, input.desc.shape.dims[d]);
            }
        }
        oct_json_array_end(json);
        if (input.desc.qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
            put_per_tensor(json, &input.desc.qparams);
        }
        oct_json_object_end(json);
    }
    oct_json_array_end(json);
}

static void put_constants(const struct octi_octet_writer *writer, struct oct_json_writer *json)
{
    size_t tensor = 0; // constants are listed in the order of values
    oct_json_key(json, "constants");
    oct_json_array_begin(json);
    for (oct_value_id id = 0; id < oct_graph_value_count(writer->graph); id++) {
        struct oct_value_info value = oct_graph_value(writer->graph, id);
        if (value.kind != OCT_VALUE_CONSTANT) {
            continue;
        }
        const struct oct_qparams *qparams = &value.desc.qparams;
        oct_json_object_begin(json);
        octi_octet_put_pair(json, "name", value.name);
        octi_octet_put_pair(json, "dtype", oct_dtype_name(value.desc.dtype));
        tensor++;
        if (qparams->scheme != OCT_QSCHEME_NONE) {
            octi_octet_put_pair(json, "qscheme", oct_qscheme_name(qparams->scheme));
        }
        if (qparams->scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
            put_per_tensor(json, qparams);
        } else if (qparams->scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
            oct_json_key(json, "axis");
            oct_json_integer(json, qparams->axis);
            octi_octet_put_pair(json, "scales", writer->tensors[tensor++].name);
            octi_octet_put_pair(json, "zero_points", writer->tensors[tensor++].name);
        }
        oct_json_object_end(json);
    }
    oct_json_array_end(json);
}

static void put_attribute(struct oct_json_writer *json, const struct oct_attribute *attribute)
{
    switch (attribute->type) {
    case OCT_ATTRIBUTE_INT:
        oct_json_integer(json, attribute->integer);
        break;
    case OCT_ATTRIBUTE_FLOAT:
        oct_json_double(json, attribute->number);
        break;
    case OCT_ATTRIBUTE_BOOL:
        oct_json_bool(json, attribute->integer != 0);
        break;
    case OCT_ATTRIBUTE_STRING:
        oct_json_string(json, attribute->string);
        break;
    case OCT_ATTRIBUTE_INTS:
        oct_json_array_begin(json);
        for (size_t i = 0; i < attribute->count; i++) {
            oct_json_integer(json, attribute->integers[i]);
        }
        oct_json_array_end(json);
        break;
    }
}

static void
put_node(const struct octi_octet_writer *writer, struct oct_json_writer *json, const struct oct_node_info *node)
{
    oct_json_object_begin(json);
    octi_octet_put_pair(json, "name", node->name);
    octi_octet_put_pair(json, "op", node->op->name);
    oct_json_key(json, "inputs");
    oct_json_array_begin(json);
    for (size_t i = 0; i < node->n_inputs; i++) {
        oct_json_string(json, node->inputs[i] == OCT_VALUE_NONE ? NULL
                                                                : oct_graph_value(writer->graph, node->inputs[i]).name);
    }
    oct_json_array_end(json);
    oct_json_key(json, "outputs");
    oct_json_array_begin(json);
    for (size_t i = 0; i < node->n_outputs; i++) {
        oct_json_string(json, oct_graph_value(writer->graph, node->outputs[i]).name);
    }
    oct_json_array_end(json);
    oct_json_key(json, "attributes");
    oct_json_object_begin(json);
    for (size_t i = 0; node->op->attributes[i].name != NULL; i++) {
        if (node->attributes[i].present) {
            oct_json_key(json, node->op->attributes[i].name);
            put_attribute(json, &node->attributes[i]);
        }
    }
    oct_json_object_end(json);
    oct_json_object_end(json);
}

static void put_outputs(const struct octi_octet_writer *writer, struct oct_json_writer *json)
{
    oct_json_key(json, "outputs");
    oct_json_array_begin(json);
    for (size_t i = 0; i < oct_graph_output_count(writer->graph); i++) {
        oct_json_object_begin(json);
        octi_octet_put_pair(json, "name", oct_graph_output_name(writer->graph, i));
        octi_octet_put_pair(json, "value", oct_graph_value(writer->graph, oct_graph_output(writer->graph, i)).name);
        oct_json_object_end(json);
    }
    oct_json_array_end(json);
}

static void put_golden(const struct octi_octet_writer *writer, struct oct_json_writer *json)
{
    const struct oct_octet_golden *golden = &writer->file->golden;
    size_t n_inputs = oct_graph_input_count(writer->graph);
    oct_json_key(json, "golden");
    oct_json_object_begin(json);
    oct_json_key(json, "inputs");
    oct_json_object_begin(json);
    for (size_t i = 0; i < n_inputs; i++) { // the last tensors listed
        octi_octet_put_pair(json, oct_graph_value(writer->graph, oct_graph_input(writer->graph, i)).name,
                            writer->tensors[writer->n_tensors - n_inputs + i].name);
    }
    oct_json_object_end(json);
    oct_json_key(json, "outputs_sha256");
    oct_json_object_begin(json);
    for (size_t i = 0; i < oct_graph_output_count(writer->graph); i++) {
        char digest[2 * OCT_SHA256_BYTES + 1];
        octi_hex_write(golden->output_sha256[i], OCT_SHA256_BYTES, digest);
        octi_octet_put_pair(json, oct_graph_output_name(writer->graph, i), digest);
    }
    oct_json_object_end(json);
    oct_json_object_end(json);
}

enum oct_status octi_octet_put_graph(const struct octi_octet_writer *writer, struct oct_buffer *text)
{
    struct oct_json_writer json;
    oct_json_writer_init(&json, text, 0);
    oct_json_object_begin(&json);
    oct_json_key(&json, "format_version");
    oct_json_integer(&json, OCT_OCTET_FORMAT_VERSION);
    octi_octet_put_pair(&json, "producer", writer->file->producer != NULL ? writer->file->producer : "");
    put_inputs(writer, &json);
    put_constants(writer, &json);
    oct_json_key(&json, "nodes");
    oct_json_array_begin(&json);
    for (size_t i = 0; i < oct_graph_node_count(writer->graph); i++) {
        struct oct_node_info node = oct_graph_node(writer->graph, i);
        put_node(writer, &json, &node);
    }
    oct_json_array_end(&json);
    put_outputs(writer, &json);
    if (writer->file->n_labels > 0) {
        oct_json_key(&json, "labels");
        oct_json_array_begin(&json);
        for (size_t i = 0; i < writer->file->n_labels; i++) {
            oct_json_string(&json, writer->file->labels[i]);
        }
        oct_json_array_end(&json);
    }
    if (writer->file->golden.present) {
        put_golden(writer, &json);
    }
    oct_json_object_end(&json);
    enum oct_status status = oct_json_writer_finish(&json);
    return status == OCT_OK ? oct_buffer_append(text, "", 1) : status; // terminated: it becomes a string
}
