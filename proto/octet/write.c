/// DESIGN. Writing lists the tensors (constants, their per-channel parameters, golden inputs), sorts them by element
/// size so that each lies aligned, then writes header and data. Parameters get names of their own beside the
/// constants'.
#include "proto/octet/write_impl.h"

#include <stdio.h>
#include <string.h>

#define HEADER_ALIGN 8 // of the data in the file

// -------------------------------------------------------------------------------------------------- the tensors

/// How many tensors the file will have.
static size_t count_tensors(const struct oct_octet_file *file)
{
    size_t n = file->golden.present ? oct_graph_input_count(file->graph) : 0;
    for (oct_value_id id = 0; id < oct_graph_value_count(file->graph); id++) {
        struct oct_value_info value = oct_graph_value(file->graph, id);
        if (value.kind == OCT_VALUE_CONSTANT) {
            n += value.desc.qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE ? 3 : 1;
        }
    }
    return n;
}

static struct octi_written_tensor *
add_tensor(struct octi_octet_writer *writer, enum octi_storage storage, const void *data, size_t n_bytes)
{
    struct octi_written_tensor *tensor = &writer->tensors[writer->n_tensors++];
    *tensor = (struct octi_written_tensor){.storage = storage, .data = data, .n_bytes = n_bytes};
    return tensor;
}

static bool is_taken(const struct octi_octet_writer *writer, const char *name)
{
    if (oct_graph_find(writer->graph, name) != OCT_VALUE_NONE) {
        return true;
    }
    for (size_t i = 0; i + 1 < writer->n_tensors; i++) { // the last one is being named
        if (strcmp(writer->tensors[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/// "<owner>.<suffix>" or "golden.<owner>", or a numbered name where that is taken or too long.
static void name_tensor(struct octi_octet_writer *writer,
                        struct octi_written_tensor *tensor,
                        const char *prefix,
                        const char *owner,
                        const char *suffix)
{
    int length = snprintf(tensor->name, sizeof tensor->name, "%s%s%s", prefix, owner, suffix);
    for (unsigned i = 0; length < 0 || (size_t)length >= sizeof tensor->name || is_taken(writer, tensor->name); i++) {
        length = snprintf(tensor->name, sizeof tensor->name, "octet%s.%u", suffix, i);
    }
}

static void list_constant(struct octi_octet_writer *writer, const struct oct_value_info *value)
{
    size_t n_bytes = 0;
    enum oct_status status = oct_tensor_bytes(&value->desc, 1, &n_bytes);
    struct octi_written_tensor *tensor =
        add_tensor(writer, octi_storage_of(value->desc.dtype), value->data, status == OCT_OK ? n_bytes : 0);
    tensor->shape = value->desc.shape;
    snprintf(tensor->name, sizeof tensor->name, "%s", value->name);
    const struct oct_qparams *qparams = &value->desc.qparams;
    if (qparams->scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        struct oct_shape shape = {.rank = 1, .dims = {(int64_t)qparams->channels}};
        tensor = add_tensor(writer, OCTI_STORAGE_F64, qparams->scales, qparams->channels * sizeof *qparams->scales);
        tensor->shape = shape;
        name_tensor(writer, tensor, "", value->name, ".scales");
        tensor = add_tensor(writer, OCTI_STORAGE_I64, qparams->zero_points,
                            qparams->channels * sizeof *qparams->zero_points);
        tensor->shape = shape;
        name_tensor(writer, tensor, "", value->name, ".zero_points");
    }
}

static void list_tensors(struct octi_octet_writer *writer)
{
    const struct oct_octet_golden *golden = &writer->file->golden;
    for (oct_value_id id = 0; id < oct_graph_value_count(writer->graph); id++) {
        struct oct_value_info value = oct_graph_value(writer->graph, id);
        if (value.kind == OCT_VALUE_CONSTANT) {
            list_constant(writer, &value);
        }
    }
    for (size_t i = 0; golden->present && i < oct_graph_input_count(writer->graph); i++) {
        struct oct_value_info input = oct_graph_value(writer->graph, oct_graph_input(writer->graph, i));
        struct octi_written_tensor *tensor =
            add_tensor(writer, octi_storage_of(input.desc.dtype), golden->inputs[i], golden->input_bytes[i]);
        tensor->shape = oct_shape_at(&input.desc.shape, golden->rows);
        name_tensor(writer, tensor, "golden.", input.name, "");
    }
}

/// Large elements first. Element sizes in the order of data.
static const size_t sizes[] = {8, 4, 2, 1};

static bool place_tensors(struct octi_octet_writer *writer)
{
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t i = 0; i < writer->n_tensors; i++) {
            struct octi_written_tensor *tensor = &writer->tensors[i];
            if (octi_storage_bytes(tensor->storage) == sizes[s]) {
                tensor->begin = writer->data_bytes;
                if (__builtin_add_overflow(writer->data_bytes, tensor->n_bytes, &writer->data_bytes)) {
                    return false;
                }
            }
        }
    }
    return true;
}

// --------------------------------------------------------------------------------------------------- the file

static enum oct_status put_header(const struct octi_octet_writer *writer, const char *graph, struct oct_buffer *header)
{
    struct oct_json_writer json;
    oct_json_writer_init(&json, header, 0);
    oct_json_object_begin(&json);
    oct_json_key(&json, "__metadata__");
    oct_json_object_begin(&json);
    octi_octet_put_pair(&json, "octet", graph);
    oct_json_object_end(&json);
    for (size_t i = 0; i < writer->n_tensors; i++) {
        const struct octi_written_tensor *tensor = &writer->tensors[i];
        oct_json_key(&json, tensor->name);
        oct_json_object_begin(&json);
        octi_octet_put_pair(&json, "dtype", octi_storage_name(tensor->storage));
        oct_json_key(&json, "shape");
        oct_json_array_begin(&json);
        for (int d = 0; d < tensor->shape.rank; d++) {
            oct_json_integer(&json, tensor->shape.dims[d]);
        }
        oct_json_array_end(&json);
        oct_json_key(&json, "data_offsets");
        oct_json_array_begin(&json);
        oct_json_unsigned(&json, tensor->begin);
        oct_json_unsigned(&json, tensor->begin + tensor->n_bytes);
        oct_json_array_end(&json);
        oct_json_object_end(&json);
    }
    oct_json_object_end(&json);
    enum oct_status status = oct_json_writer_finish(&json);
    while (status == OCT_OK && header->length % HEADER_ALIGN != 0) {
        status = oct_buffer_append(header, " ", 1);
    }
    return status;
}

static enum oct_status put_data(const struct octi_octet_writer *writer, struct oct_buffer *out)
{
    enum oct_status status = OCT_OK;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t i = 0; i < writer->n_tensors && status == OCT_OK; i++) {
            const struct octi_written_tensor *tensor = &writer->tensors[i];
            if (octi_storage_bytes(tensor->storage) == sizes[s]) {
                status = oct_buffer_append(out, tensor->data, tensor->n_bytes);
            }
        }
    }
    return status;
}

static enum oct_status put_file(const struct octi_octet_writer *writer, struct oct_buffer *out)
{
    struct oct_buffer graph, header;
    oct_buffer_init(&graph, out->allocator, OCT_OCTET_MAX_GRAPH_BYTES + 1);
    oct_buffer_init(&header, out->allocator, OCT_OCTET_MAX_HEADER_BYTES);
    enum oct_status status = octi_octet_put_graph(writer, &graph);
    if (status == OCT_OK) {
        status = put_header(writer, (const char *)graph.data, &header);
    }
    if (status == OCT_OK) {
        uint64_t length = header.length;
        status = oct_buffer_append(out, &length, sizeof length);
    }
    if (status == OCT_OK) {
        status = oct_buffer_append(out, header.data, header.length);
    }
    if (status == OCT_OK) {
        status = put_data(writer, out);
    }
    oct_buffer_deinit(&graph);
    oct_buffer_deinit(&header);
    return status;
}

/// A file says what a reader accepts: operators that only rewriting makes are none of it.
static enum oct_status check_nodes(const struct oct_graph *graph, struct oct_error *error)
{
    for (size_t i = 0; i < oct_graph_node_count(graph); i++) {
        struct oct_node_info node = oct_graph_node(graph, i);
        if ((node.op->flags & OCT_OP_INTERNAL) != 0) {
            return oct_error_set(error, OCT_ERR_UNSUPPORTED, node.name, OCT_POSITION_NONE,
                                 "operator %s has no place in a file: write the graph before it is rewritten",
                                 node.op->name);
        }
    }
    return OCT_OK;
}

enum oct_status oct_octet_write(const struct oct_octet_file *file, struct oct_buffer *out, struct oct_error *error)
{
    const struct oct_allocator *allocator = out->allocator;
    struct octi_octet_writer writer = {.file = file, .graph = file->graph, .capacity = count_tensors(file)};
    enum oct_status status = check_nodes(file->graph, error);
    if (status != OCT_OK) {
        return status;
    }
    if (writer.capacity > OCT_OCTET_MAX_TENSORS) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "%zu tensors, a file holds at most %d",
                             writer.capacity, OCT_OCTET_MAX_TENSORS);
    }
    size_t list_bytes = (writer.capacity + 1) * sizeof *writer.tensors;
    writer.tensors = allocator->allocate(allocator->context, list_bytes, OCT_ALIGN);
    if (writer.tensors == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the list of tensors");
    }
    list_tensors(&writer);
    status = place_tensors(&writer) ? put_file(&writer, out) : OCT_ERR_LIMIT;
    allocator->release(allocator->context, writer.tensors, list_bytes);
    return status == OCT_OK ? OCT_OK
                            : oct_error_set(error, status, NULL, OCT_POSITION_NONE,
                                            "the file takes more than %zu bytes or memory there is", out->max_bytes);
}
