#include "engine/graph/desc.h"
#include "engine/graph/graph_impl.h"

#include <string.h>

static bool copy_name(struct octi_region *region, const char *source, const char **copy)
{
    *copy = source ? octi_region_strdup(region, source, strlen(source)) : NULL;
    return *copy || !source;
}

static bool copy_value(struct oct_graph *graph, const struct octi_value *source, struct octi_value *copy)
{
    *copy = *source;
    if (!copy_name(&graph->region, source->name, &copy->name) ||
        (source->kind != OCT_VALUE_CONSTANT && octi_desc_copy(&graph->region, &source->desc, &copy->desc) != OCT_OK)) {
        return false;
    }
    if (source->constant) {
        copy->constant = octi_region_alloc_small(&graph->region, sizeof *copy->constant);
        if (!copy->constant) {
            return false;
        }
        *copy->constant = oct_view_dense(&copy->desc, 1, source->constant->data);
    }
    return true;
}

static bool copy_attributes(struct octi_region *region, const struct octi_node *source, struct octi_node *copy)
{
    size_t n = 0;
    while (source->op->attributes[n].name) {
        n++;
    }
    struct oct_attribute *attributes = octi_region_alloc_small(region, (n + 1) * sizeof *attributes);
    if (!attributes) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        attributes[i] = source->attributes[i];
        if (attributes[i].string && !copy_name(region, attributes[i].string, &attributes[i].string)) {
            return false;
        }
        if (attributes[i].integers) {
            size_t bytes = attributes[i].count * sizeof *attributes[i].integers;
            int64_t *integers = octi_region_alloc_small(region, bytes);
            if (!integers) {
                return false;
            }
            memcpy(integers, attributes[i].integers, bytes);
            attributes[i].integers = integers;
        }
    }
    copy->attributes = attributes;
    return true;
}

static bool copy_node(struct oct_graph *graph, const struct octi_node *source, struct octi_node *copy)
{
    *copy = *source;
    copy->inputs = octi_region_alloc_small(&graph->region, (source->n_inputs + 1) * sizeof *copy->inputs);
    if (!copy->inputs || !copy_name(&graph->region, source->name, &copy->name) ||
        !copy_name(&graph->region, source->mixes_rows, &copy->mixes_rows) ||
        !copy_attributes(&graph->region, source, copy)) {
        return false;
    }
    memcpy(copy->inputs, source->inputs, source->n_inputs * sizeof *copy->inputs);
    return true;
}

static bool copy_all(struct oct_graph *graph, const struct oct_graph *source)
{
    const struct oct_allocator *allocator = graph->allocator;
    graph->values = allocator->allocate(allocator->context, source->n_values * sizeof *graph->values, OCT_ALIGN);
    if (!graph->values) {
        return false;
    }
    graph->value_capacity = source->n_values;
    size_t node_bytes = source->n_nodes * sizeof *graph->nodes;
    graph->nodes = node_bytes ? allocator->allocate(allocator->context, node_bytes, OCT_ALIGN) : NULL;
    if (node_bytes && !graph->nodes) {
        return false;
    }
    graph->node_capacity = source->n_nodes;
    for (size_t i = 0; i < source->n_values; i++) {
        if (!copy_value(graph, &source->values[i], &graph->values[i])) {
            return false;
        }
        graph->n_values++;
        // Inserted nodes may repeat a name: tools find the first, and go by index otherwise.
        if (octi_names_add(&graph->names, graph->values[i].name, (uint32_t)i) == OCT_ERR_NOMEM) {
            return false;
        }
    }
    for (size_t i = 0; i < source->n_nodes; i++) {
        if (!copy_node(graph, &source->nodes[i], &graph->nodes[i])) {
            return false;
        }
        graph->n_nodes++;
    }
    for (size_t i = 0; i < source->n_outputs; i++) {
        graph->outputs[i].value = source->outputs[i].value;
        if (!copy_name(&graph->region, source->outputs[i].name, &graph->outputs[i].name)) {
            return false;
        }
    }
    graph->n_outputs = source->n_outputs;
    graph->n_inputs = source->n_inputs;
    memcpy(graph->inputs, source->inputs, sizeof graph->inputs);
    graph->finished = source->finished;
    graph->fixed_rows = source->fixed_rows;
    graph->rows_independent = source->rows_independent;
    memcpy(graph->reason, source->reason, sizeof graph->reason);
    return true;
}

enum oct_status octi_graph_copy(const struct oct_graph *source,
                                const struct oct_allocator *allocator,
                                struct oct_graph **copy,
                                struct oct_error *error)
{
    struct oct_graph *graph;
    enum oct_status status = oct_graph_create(allocator, source->registry, &graph, error);
    if (status != OCT_OK) {
        return status;
    }
    if (!copy_all(graph, source)) {
        oct_graph_destroy(graph);
        return octi_graph_no_memory(error);
    }
    *copy = graph;
    return OCT_OK;
}
