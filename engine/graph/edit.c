#include "engine/graph/edit.h"

#include <string.h>

oct_value_id octi_edit_resolve(struct oct_graph *graph, oct_value_id value)
{
    if (value == OCT_VALUE_NONE) {
        return value;
    }
    oct_value_id root = value;
    while (graph->values[root].replaced_by != OCT_VALUE_NONE) {
        root = graph->values[root].replaced_by;
    }
    while (graph->values[value].replaced_by != OCT_VALUE_NONE) { // the next look-up is one step
        oct_value_id next = graph->values[value].replaced_by;
        graph->values[value].replaced_by = root;
        value = next;
    }
    return root;
}

oct_value_id octi_edit_input(struct oct_graph *graph, size_t node, size_t index)
{
    return index < graph->nodes[node].n_inputs ? octi_edit_resolve(graph, graph->nodes[node].inputs[index])
                                               : OCT_VALUE_NONE;
}

const struct oct_tensor_desc *octi_edit_desc(const struct oct_graph *graph, oct_value_id value)
{
    return &graph->values[value].desc;
}

bool octi_edit_is_constant(const struct oct_graph *graph, oct_value_id value)
{
    return value != OCT_VALUE_NONE && graph->values[value].kind == OCT_VALUE_CONSTANT;
}

bool octi_edit_is(const struct oct_graph *graph, size_t node, const char *op_name)
{
    return node < graph->n_nodes && !graph->nodes[node].removed && strcmp(graph->nodes[node].op->name, op_name) == 0;
}

size_t octi_edit_producer(struct oct_graph *graph, oct_value_id value)
{
    value = octi_edit_resolve(graph, value);
    if (value == OCT_VALUE_NONE || graph->values[value].kind != OCT_VALUE_NODE ||
        graph->nodes[graph->values[value].node].removed) {
        return OCTI_NODE_NONE;
    }
    return graph->values[value].node;
}

size_t octi_edit_match(struct oct_graph *graph, oct_value_id value, const char *op_name, bool single_use)
{
    value = octi_edit_resolve(graph, value);
    size_t node = octi_edit_producer(graph, value);
    if (node == OCTI_NODE_NONE || !octi_edit_is(graph, node, op_name) ||
        (single_use && graph->values[value].uses != 1)) {
        return OCTI_NODE_NONE;
    }
    return node;
}

enum oct_status octi_edit_insert(struct oct_graph *graph,
                                 const char *name,
                                 const char *op_name,
                                 const oct_value_id *inputs,
                                 size_t n_inputs,
                                 const struct oct_attribute_given *attributes,
                                 size_t n_attributes,
                                 oct_value_id *output,
                                 struct oct_error *error)
{
    *output = OCT_VALUE_NONE;
    const struct oct_op *op = oct_op_registry_find(graph->registry, op_name);
    if (!op || op->n_outputs != 1) {
        return OCT_OK;
    }
    struct oct_error report = OCT_ERROR_INIT;
    enum oct_status status =
        octi_graph_append_node(graph, name, op, inputs, n_inputs, attributes, n_attributes, NULL, output, &report);
    if (status == OCT_ERR_NOMEM || status == OCT_ERR_LIMIT) {
        if (error && error->status == OCT_OK) {
            *error = report;
        }
        return status;
    }
    return OCT_OK;
}

void octi_edit_remove(struct oct_graph *graph, size_t node)
{
    if (graph->nodes[node].removed) {
        return;
    }
    graph->nodes[node].removed = true;
    for (size_t i = 0; i < graph->nodes[node].n_inputs; i++) {
        oct_value_id input = octi_edit_input(graph, node, i);
        if (input != OCT_VALUE_NONE) {
            graph->values[input].uses--;
        }
    }
}

void octi_edit_replace(struct oct_graph *graph, oct_value_id old, oct_value_id with)
{
    old = octi_edit_resolve(graph, old);
    with = octi_edit_resolve(graph, with);
    if (old == with) {
        return;
    }
    graph->values[with].uses += graph->values[old].uses;
    graph->values[old].uses = 0;
    graph->values[old].replaced_by = with;
}

void octi_edit_give(struct oct_attribute_given *given, size_t *n, const char *as, const struct oct_attribute *value)
{
    if (value && value->present && *n < OCTI_EDIT_MAX_ATTRIBUTES) {
        given[(*n)++] = (struct oct_attribute_given){as, *value};
    }
}

void octi_edit_give_float(struct oct_attribute_given *given, size_t *n, const char *as, double value)
{
    struct oct_attribute attribute = {.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = value};
    octi_edit_give(given, n, as, &attribute);
}

void octi_edit_give_int(struct oct_attribute_given *given, size_t *n, const char *as, int64_t value)
{
    struct oct_attribute attribute = {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = value};
    octi_edit_give(given, n, as, &attribute);
}

void octi_edit_give_common(struct oct_attribute_given *given,
                           size_t *n,
                           const struct octi_node *node,
                           const struct oct_op *op)
{
    for (size_t i = 0; op->attributes[i].name; i++) {
        octi_edit_give(given, n, op->attributes[i].name, octi_node_attribute(node, op->attributes[i].name));
    }
}

void octi_edit_become_constant(struct oct_graph *graph, oct_value_id value)
{
    octi_edit_remove(graph, graph->values[value].node);
    graph->values[value].kind = OCT_VALUE_CONSTANT;
}
