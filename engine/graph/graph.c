#include "engine/graph/graph_impl.h"

#include "engine/graph/desc.h"

#include <stdio.h>
#include <string.h>

/// Smaller constants are read at once.
#define DEFERRED_BYTES 16384

enum oct_status octi_graph_no_memory(struct oct_error *error)
{
    return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "out of memory");
}

enum oct_status oct_graph_create(const struct oct_allocator *allocator,
                                 const struct oct_op_registry *registry,
                                 struct oct_graph **graph,
                                 struct oct_error *error)
{
    if (!allocator) {
        allocator = oct_allocator_default();
    }
    struct oct_graph *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (!made) {
        return octi_graph_no_memory(error);
    }
    memset(made, 0, sizeof *made);
    made->allocator = allocator;
    made->registry = registry;
    octi_region_init(&made->region, allocator);
    octi_names_init(&made->names, allocator);
    *graph = made;
    return OCT_OK;
}

void oct_graph_destroy(struct oct_graph *graph)
{
    if (!graph) {
        return;
    }
    const struct oct_allocator *allocator = graph->allocator;
    allocator->release(allocator->context, graph->values, graph->value_capacity * sizeof *graph->values);
    allocator->release(allocator->context, graph->nodes, graph->node_capacity * sizeof *graph->nodes);
    octi_names_deinit(&graph->names);
    octi_region_deinit(&graph->region);
    allocator->release(allocator->context, graph, sizeof *graph);
}

void oct_graph_fix_batch(struct oct_graph *graph, int64_t rows, const char *reason)
{
    graph->fixed_rows = rows > 0 ? rows : 1;
    snprintf(graph->reason, sizeof graph->reason, "%s", reason ? reason : "the batch is fixed");
}

enum oct_status octi_graph_append_value(struct oct_graph *graph,
                                        const struct octi_value *value,
                                        oct_value_id *id,
                                        struct oct_error *error)
{
    if (graph->n_values == graph->value_capacity) {
        size_t capacity = graph->value_capacity ? graph->value_capacity * 2 : 64;
        const struct oct_allocator *allocator = graph->allocator;
        struct octi_value *grown = allocator->allocate(allocator->context, capacity * sizeof *grown, OCT_ALIGN);
        if (!grown) {
            return octi_graph_no_memory(error);
        }
        if (graph->n_values) {
            memcpy(grown, graph->values, graph->n_values * sizeof *grown);
        }
        allocator->release(allocator->context, graph->values, graph->value_capacity * sizeof *grown);
        graph->values = grown;
        graph->value_capacity = capacity;
    }
    graph->values[graph->n_values] = *value;
    graph->values[graph->n_values].replaced_by = OCT_VALUE_NONE;
    *id = (oct_value_id)graph->n_values++;
    return OCT_OK;
}

enum oct_status octi_graph_append_constant(struct oct_graph *graph,
                                           const char *name,
                                           const struct oct_tensor_desc *desc,
                                           void *data,
                                           oct_value_id *id,
                                           struct oct_error *error)
{
    struct octi_value value = {.kind = OCT_VALUE_CONSTANT};
    value.name = octi_region_strdup(&graph->region, name, strlen(name));
    value.constant = octi_region_alloc_small(&graph->region, sizeof *value.constant);
    if (!value.name || !value.constant || octi_desc_copy(&graph->region, desc, &value.desc) != OCT_OK) {
        return octi_graph_no_memory(error);
    }
    *value.constant = oct_view_dense(&value.desc, 1, data);
    return octi_graph_append_value(graph, &value, id, error);
}

enum oct_status octi_graph_check_name(const struct oct_graph *graph, const char *name, struct oct_error *error)
{
    if (!name || !*name) {
        return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "a value needs a name");
    }
    size_t length = strnlen(name, OCT_GRAPH_MAX_NAME_BYTES + 1);
    if (length > OCT_GRAPH_MAX_NAME_BYTES) {
        return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "longer than %d bytes",
                             OCT_GRAPH_MAX_NAME_BYTES);
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f) {
            return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "control character at byte %zu", i);
        }
    }
    if (graph && oct_graph_find(graph, name) != OCT_VALUE_NONE) {
        return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "'%.100s' is taken", name);
    }
    return OCT_OK;
}

enum oct_status octi_graph_check_open(const struct oct_graph *graph, struct oct_error *error)
{
    if (graph->finished) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "the graph is finished");
    }
    return OCT_OK;
}

static enum oct_status enter_name(struct oct_graph *graph, oct_value_id id, struct oct_error *error)
{
    if (octi_names_add(&graph->names, graph->values[id].name, id) != OCT_OK) {
        graph->n_values--; // it is the last one
        return octi_graph_no_memory(error);
    }
    return OCT_OK;
}

static enum oct_status add_input(struct oct_graph *graph,
                                 const char *name,
                                 const struct oct_tensor_desc *desc,
                                 oct_value_id *id,
                                 struct oct_error *error)
{
    enum oct_status status = octi_graph_check_open(graph, error);
    if (status == OCT_OK) {
        status = octi_graph_check_name(graph, name, error);
    }
    if (status == OCT_OK) {
        status = octi_desc_check(desc, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    if (graph->n_inputs == OCT_GRAPH_MAX_INPUTS) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "more than %d inputs",
                             OCT_GRAPH_MAX_INPUTS);
    }
    if (oct_shape_has_batch(&desc->shape) && !oct_shape_is_batched(&desc->shape)) {
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE,
                             "the batch may only stand in dimension 0, and only once");
    }
    struct octi_value value = {.kind = OCT_VALUE_INPUT, .reached = true};
    value.name = octi_region_strdup(&graph->region, name, strlen(name));
    if (!value.name || octi_desc_copy(&graph->region, desc, &value.desc) != OCT_OK) {
        return octi_graph_no_memory(error);
    }
    if (graph->fixed_rows > 0 && value.desc.shape.rank > 0 && value.desc.shape.dims[0] == OCT_DIM_BATCH) {
        value.desc.shape.dims[0] = graph->fixed_rows;
    }
    status = octi_graph_append_value(graph, &value, id, error);
    if (status == OCT_OK) {
        status = enter_name(graph, *id, error);
    }
    if (status == OCT_OK) {
        graph->inputs[graph->n_inputs++] = *id;
    }
    return status;
}

enum oct_status oct_graph_add_input(struct oct_graph *graph,
                                    const char *name,
                                    const struct oct_tensor_desc *desc,
                                    oct_value_id *value,
                                    struct oct_error *error)
{
    oct_value_id id = OCT_VALUE_NONE;
    enum oct_status status = add_input(graph, name, desc, &id, error);
    if (status != OCT_OK) {
        oct_error_prefix(error, "input '%.64s'", name ? name : "");
        return status;
    }
    *value = id;
    return OCT_OK;
}

static enum oct_status check_bytes(const struct oct_tensor_desc *desc, size_t n_bytes, struct oct_error *error)
{
    if (oct_shape_has_batch(&desc->shape)) {
        return oct_error_set(error, OCT_ERR_INVALID, "shape", OCT_POSITION_NONE, "a constant has no batch dimension");
    }
    size_t expected;
    if (oct_tensor_bytes(desc, 1, &expected) != OCT_OK || expected != n_bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, "data", OCT_POSITION_NONE,
                             "%zu bytes do not fill the shape: expected %zu", n_bytes, expected);
    }
    return OCT_OK;
}

static enum oct_status
check_values(const struct oct_tensor_desc *desc, const void *bytes, size_t n_bytes, struct oct_error *error)
{
    if (!bytes) {
        return oct_error_set(error, OCT_ERR_INVALID, "data", OCT_POSITION_NONE, "there are no bytes");
    }
    if (desc->dtype == OCT_DTYPE_BOOL) {
        for (size_t i = 0; i < n_bytes; i++) {
            if (((const uint8_t *)bytes)[i] > 1) {
                return oct_error_set(error, OCT_ERR_INVALID, "data", OCT_POSITION_NONE,
                                     "byte %zu is no bool: expected 0 or 1", i);
            }
        }
    }
    return OCT_OK;
}

static enum oct_status check_room(const struct oct_graph *graph, struct oct_error *error)
{
    if (graph->n_values >= OCT_GRAPH_MAX_VALUES) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "more than %d values",
                             OCT_GRAPH_MAX_VALUES);
    }
    return OCT_OK;
}

/// Where the bytes of a new constant come from.
struct given_bytes {
    const void *bytes;                        ///< copied
    const struct oct_constant_source *source; ///< NULL: `bytes`
    uint64_t offset;
    size_t n_bytes;
};

size_t octi_constant_bytes(const struct octi_value *value)
{
    size_t bytes;
    return oct_tensor_bytes(&value->desc, 1, &bytes) == OCT_OK ? bytes : 0;
}

enum oct_status
octi_value_read(const struct octi_value *value, size_t offset, void *bytes, size_t n_bytes, struct oct_error *error)
{
    const struct oct_constant_source *source = value->source;
    struct oct_error report = OCT_ERROR_INIT;
    const enum oct_status status = source->read(source->context, value->offset + offset, bytes, n_bytes, &report);
    if (status != OCT_OK) {
        oct_error_set(&report, status, NULL, OCT_POSITION_NONE, "the constant cannot be read");
        oct_error_prefix(&report, "constant '%.64s'", value->name);
        if (error && error->status == OCT_OK) {
            *error = report;
        }
    }
    return status;
}

enum oct_status octi_graph_fetch(struct oct_graph *graph, oct_value_id id, struct oct_error *error)
{
    struct octi_value *value = &graph->values[id];
    if (!octi_value_is_deferred(value)) {
        return OCT_OK;
    }
    const size_t n_bytes = octi_constant_bytes(value);
    void *data = octi_region_reserve(&graph->region, n_bytes);
    if (!data) {
        return octi_graph_no_memory(error);
    }
    enum oct_status status = octi_value_read(value, 0, data, n_bytes, error);
    if (status == OCT_OK) {
        value->constant->data = data;
    } else {
        octi_region_undo(&graph->region, data, n_bytes);
    }
    return status;
}

/// Weights alone wait for a plan that packs them; where something else reads them, octi_graph_append_node() fetches
/// them.
static bool may_wait(const struct oct_tensor_desc *desc, size_t n_bytes)
{
    return desc->dtype == OCT_DTYPE_QINT8 && n_bytes >= DEFERRED_BYTES;
}

static enum oct_status append_deferred(struct oct_graph *graph,
                                       const char *name,
                                       const struct oct_tensor_desc *desc,
                                       const struct given_bytes *given,
                                       oct_value_id *id,
                                       struct oct_error *error)
{
    enum oct_status status = octi_graph_append_constant(graph, name, desc, NULL, id, error);
    if (status != OCT_OK) {
        return status;
    }
    struct octi_value *value = &graph->values[*id];
    value->source = given->source;
    value->offset = given->offset;
    if (!may_wait(desc, given->n_bytes)) {
        status = octi_graph_fetch(graph, *id, error);
        if (status == OCT_OK) {
            status = check_values(desc, value->constant->data, given->n_bytes, error);
        }
    }
    if (status != OCT_OK) {
        graph->n_values--; // whole or not at all
    }
    return status;
}

static enum oct_status append_given(struct oct_graph *graph,
                                    const char *name,
                                    const struct oct_tensor_desc *desc,
                                    const struct given_bytes *given,
                                    oct_value_id *id,
                                    struct oct_error *error)
{
    if (given->source) {
        return append_deferred(graph, name, desc, given, id, error);
    }
    enum oct_status status = check_values(desc, given->bytes, given->n_bytes, error);
    if (status != OCT_OK) {
        return status;
    }
    void *data = octi_region_copy(&graph->region, given->bytes, given->n_bytes);
    return data ? octi_graph_append_constant(graph, name, desc, data, id, error) : octi_graph_no_memory(error);
}

static enum oct_status add_constant(struct oct_graph *graph,
                                    const char *name,
                                    const struct oct_tensor_desc *desc,
                                    const struct given_bytes *given,
                                    oct_value_id *id,
                                    struct oct_error *error)
{
    enum oct_status status = octi_graph_check_open(graph, error);
    if (status == OCT_OK) {
        status = octi_graph_check_name(graph, name, error);
    }
    if (status == OCT_OK) {
        status = octi_desc_check(desc, error);
    }
    if (status == OCT_OK) {
        status = check_bytes(desc, given->n_bytes, error);
    }
    if (status == OCT_OK) {
        status = check_room(graph, error);
    }
    if (status == OCT_OK) {
        status = append_given(graph, name, desc, given, id, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    graph->constant_bytes += given->n_bytes;
    return enter_name(graph, *id, error);
}

static enum oct_status enter_constant(struct oct_graph *graph,
                                      const char *name,
                                      const struct oct_tensor_desc *desc,
                                      const struct given_bytes *given,
                                      oct_value_id *value,
                                      struct oct_error *error)
{
    oct_value_id id = OCT_VALUE_NONE;
    enum oct_status status = add_constant(graph, name, desc, given, &id, error);
    if (status != OCT_OK) {
        oct_error_prefix(error, "constant '%.64s'", name ? name : "");
        return status;
    }
    *value = id;
    return OCT_OK;
}

enum oct_status oct_graph_add_constant(struct oct_graph *graph,
                                       const char *name,
                                       const struct oct_tensor_desc *desc,
                                       const void *bytes,
                                       size_t n_bytes,
                                       oct_value_id *value,
                                       struct oct_error *error)
{
    const struct given_bytes given = {.bytes = bytes, .n_bytes = n_bytes};
    return enter_constant(graph, name, desc, &given, value, error);
}

enum oct_status oct_graph_defer_constant(struct oct_graph *graph,
                                         const char *name,
                                         const struct oct_tensor_desc *desc,
                                         const struct oct_constant_source *source,
                                         uint64_t offset,
                                         size_t n_bytes,
                                         oct_value_id *value,
                                         struct oct_error *error)
{
    const struct given_bytes given = {.source = source, .offset = offset, .n_bytes = n_bytes};
    return enter_constant(graph, name, desc, &given, value, error);
}

static enum oct_status
add_output(struct oct_graph *graph, const char *name, oct_value_id value, struct oct_error *error)
{
    enum oct_status status = octi_graph_check_open(graph, error);
    if (status == OCT_OK) {
        status = octi_graph_check_name(NULL, name, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    if (value >= graph->n_values) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE, "there is no such value");
    }
    if (graph->n_outputs == OCT_GRAPH_MAX_OUTPUTS) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "more than %d outputs",
                             OCT_GRAPH_MAX_OUTPUTS);
    }
    for (size_t i = 0; i < graph->n_outputs; i++) {
        if (strcmp(graph->outputs[i].name, name) == 0) {
            return oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "another output has this name");
        }
    }
    char *copy = octi_region_strdup(&graph->region, name, strlen(name));
    if (!copy) {
        return octi_graph_no_memory(error);
    }
    graph->outputs[graph->n_outputs++] = (struct octi_graph_port){copy, value};
    graph->values[value].uses++;
    return OCT_OK;
}

enum oct_status
oct_graph_add_output(struct oct_graph *graph, const char *name, oct_value_id value, struct oct_error *error)
{
    enum oct_status status = add_output(graph, name, value, error);
    if (status != OCT_OK) {
        oct_error_prefix(error, "output '%.64s'", name ? name : "");
    }
    return status;
}

enum oct_status oct_graph_finish(struct oct_graph *graph, struct oct_error *error)
{
    enum oct_status status = octi_graph_check_open(graph, error);
    if (status != OCT_OK) {
        return status;
    }
    if (graph->n_inputs == 0 || graph->n_outputs == 0) {
        return oct_error_set(error, OCT_ERR_INVALID, NULL, OCT_POSITION_NONE,
                             "a graph needs at least one input and one output, this one has %zu and %zu",
                             graph->n_inputs, graph->n_outputs);
    }
    octi_graph_prove_rows(graph);
    graph->finished = true;
    return OCT_OK;
}
