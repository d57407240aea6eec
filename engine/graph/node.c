// DESIGN: a node is inferred when it is added, so that the first bad node is reported at its own place and everything
// behind it sees complete descriptors. The inputs of an operator that is not variadic are padded with absent ones up to
// its arity: operators index their inputs without looking at the count.
#include "engine/graph/desc.h"
#include "engine/graph/evaluate.h"
#include "engine/graph/graph_impl.h"
#include "engine/ops/attributes.h"

#include <stdio.h>
#include <string.h>

/// Evaluated values: a dequantized weight takes four times its bytes, a few views and casts of it as much again.
#define KNOWN_MAX_GROWTH 8
#define KNOWN_FREE_BYTES 65536

bool octi_input_is_weight(const struct oct_op *op, size_t index)
{
    for (size_t i = 0; i <= index; i++) {
        if (!op->input_names[i]) {
            return false; // variadic operators name only their first inputs
        }
    }
    return strcmp(op->input_names[index], "weight") == 0;
}

const struct oct_attribute *octi_node_attribute(const struct octi_node *node, const char *name)
{
    for (size_t i = 0; node->op->attributes[i].name; i++) {
        if (strcmp(node->op->attributes[i].name, name) == 0) {
            return &node->attributes[i];
        }
    }
    return NULL;
}

static enum oct_status refuse_output(const struct octi_node *node, size_t index, struct oct_error *error)
{
    oct_error_prefix(error, "output %zu of %s", index, node->op->name);
    return error->status;
}

enum oct_status octi_node_infer(const struct oct_graph *graph,
                                const struct octi_node *node,
                                struct oct_tensor_desc *outputs,
                                const char **mixes_rows,
                                struct oct_error *error)
{
    const struct oct_tensor_desc *inputs[OCT_OP_MAX_INPUTS];
    const struct oct_view *constants[OCT_OP_MAX_INPUTS];
    for (size_t i = 0; i < node->n_inputs; i++) {
        oct_value_id id = node->inputs[i];
        const struct octi_value *value = id == OCT_VALUE_NONE ? NULL : &graph->values[id];
        inputs[i] = value ? &value->desc : NULL;
        constants[i] = value ? value->constant : NULL;
    }
    memset(outputs, 0, OCT_OP_MAX_OUTPUTS * sizeof *outputs);
    struct oct_error report = OCT_ERROR_INIT; // operators may rely on one
    struct oct_op_infer_call call = {.op = node->op,
                                     .attributes = node->attributes,
                                     .n_inputs = node->n_inputs,
                                     .inputs = inputs,
                                     .constants = constants,
                                     .n_outputs = node->n_outputs,
                                     .outputs = outputs,
                                     .error = &report};
    enum oct_status status = node->op->infer(&call);
    if (status == OCT_OK) {
        for (size_t i = 0; i < node->n_outputs && status == OCT_OK; i++) {
            outputs[i].format = OCT_FORMAT_CONTIGUOUS; // an operator may have copied its input's
            status = octi_desc_check(&outputs[i], &report);
            if (status != OCT_OK) {
                refuse_output(node, i, &report);
            }
        }
    } else {
        oct_error_set(&report, status, NULL, OCT_POSITION_NONE, "%s refuses its inputs", node->op->name);
    }
    if (status != OCT_OK && error && error->status == OCT_OK) {
        *error = report;
        error->status = status;
    }
    if (mixes_rows) {
        *mixes_rows = call.mixes_rows;
    }
    return status;
}

static enum oct_status check_inputs(const struct oct_graph *graph,
                                    const struct oct_op *op,
                                    const oct_value_id *inputs,
                                    size_t n_inputs,
                                    struct oct_error *error)
{
    if (n_inputs < op->min_inputs || n_inputs > op->max_inputs || n_inputs > OCT_OP_MAX_INPUTS) {
        return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE, "%zu inputs: expected %zu to %zu",
                             n_inputs, op->min_inputs, op->max_inputs);
    }
    for (size_t i = 0; i < n_inputs; i++) {
        if (inputs[i] == OCT_VALUE_NONE && (i == 0 || (op->flags & OCT_OP_VARIADIC))) {
            return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE, "input %zu may not be absent", i);
        }
        if (inputs[i] != OCT_VALUE_NONE && inputs[i] >= graph->n_values) {
            return oct_error_set(error, OCT_ERR_INVALID, "inputs", OCT_POSITION_NONE,
                                 "input %zu is not a value added before this node", i);
        }
    }
    return OCT_OK;
}

static enum oct_status grow_nodes(struct oct_graph *graph, struct oct_error *error)
{
    if (graph->n_nodes < graph->node_capacity) {
        return OCT_OK;
    }
    size_t capacity = graph->node_capacity ? graph->node_capacity * 2 : 32;
    const struct oct_allocator *allocator = graph->allocator;
    struct octi_node *grown = allocator->allocate(allocator->context, capacity * sizeof *grown, OCT_ALIGN);
    if (!grown) {
        return octi_graph_no_memory(error);
    }
    if (graph->n_nodes) {
        memcpy(grown, graph->nodes, graph->n_nodes * sizeof *grown);
    }
    allocator->release(allocator->context, graph->nodes, graph->node_capacity * sizeof *grown);
    graph->nodes = grown;
    graph->node_capacity = capacity;
    return OCT_OK;
}

/// Copies inputs (padded) and names into the region and matches the attributes.
static enum oct_status make_node(struct oct_graph *graph,
                                 const char *name,
                                 const oct_value_id *inputs,
                                 size_t n_inputs,
                                 const struct oct_attribute_given *attributes,
                                 size_t n_attributes,
                                 struct octi_node *node,
                                 struct oct_error *error)
{
    const struct oct_op *op = node->op;
    struct oct_attribute *matched;
    enum oct_status status = octi_attributes_match(op, attributes, n_attributes, &graph->region, &matched, error);
    if (status != OCT_OK) {
        return status;
    }
    node->attributes = matched;
    node->n_outputs = op->n_outputs;
    node->n_inputs = op->flags & OCT_OP_VARIADIC ? n_inputs : op->max_inputs;
    node->name = octi_region_strdup(&graph->region, name, strlen(name));
    node->inputs = octi_region_alloc_small(&graph->region, (node->n_inputs + 1) * sizeof *node->inputs);
    if (!node->name || !node->inputs) {
        return octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < node->n_inputs; i++) {
        node->inputs[i] = i < n_inputs ? inputs[i] : OCT_VALUE_NONE;
    }
    return OCT_OK;
}

/// The values a node gives, with everything they point to in the region.
static enum oct_status make_outputs(struct oct_graph *graph,
                                    const struct octi_node *node,
                                    const struct oct_tensor_desc *descs,
                                    const char *const *names,
                                    struct octi_value *values,
                                    struct oct_error *error)
{
    bool reached = false;
    for (size_t i = 0; i < node->n_inputs; i++) {
        reached |= node->inputs[i] != OCT_VALUE_NONE && graph->values[node->inputs[i]].reached;
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        char numbered[OCT_GRAPH_MAX_NAME_BYTES + 24];
        const char *name = names ? names[i] : node->name;
        if (!names && i > 0) {
            snprintf(numbered, sizeof numbered, "%.*s.%zu", OCT_GRAPH_MAX_NAME_BYTES, node->name, i);
            name = numbered;
        }
        values[i] = (struct octi_value){.kind = OCT_VALUE_NODE, .reached = reached, .output = (uint32_t)i};
        values[i].node = (uint32_t)graph->n_nodes;
        values[i].name = octi_region_strdup(&graph->region, name, strlen(name));
        if (!values[i].name || octi_desc_copy(&graph->region, &descs[i], &values[i].desc) != OCT_OK) {
            return octi_graph_no_memory(error);
        }
    }
    return OCT_OK;
}

/// Reads constants that have waited for a plan and are no weights of a quantized operator here.
static enum oct_status fetch_inputs(struct oct_graph *graph,
                                    const struct oct_op *op,
                                    const oct_value_id *inputs,
                                    size_t n_inputs,
                                    struct oct_error *error)
{
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < n_inputs && status == OCT_OK; i++) {
        if (inputs[i] != OCT_VALUE_NONE && (!octi_input_is_weight(op, i) || !op->prepare)) {
            status = octi_graph_fetch(graph, inputs[i], error);
        }
    }
    return status;
}

enum oct_status octi_graph_append_node(struct oct_graph *graph,
                                       const char *name,
                                       const struct oct_op *op,
                                       const oct_value_id *inputs,
                                       size_t n_inputs,
                                       const struct oct_attribute_given *attributes,
                                       size_t n_attributes,
                                       const char *const *output_names,
                                       oct_value_id *outputs,
                                       struct oct_error *error)
{
    struct octi_node node = {.op = op};
    struct oct_tensor_desc descs[OCT_OP_MAX_OUTPUTS];
    struct octi_value values[OCT_OP_MAX_OUTPUTS];
    const char *mixes_rows = NULL;
    enum oct_status status = check_inputs(graph, op, inputs, n_inputs, error);
    if (status == OCT_OK) {
        status = fetch_inputs(graph, op, inputs, n_inputs, error);
    }
    if (status == OCT_OK) {
        status = make_node(graph, name, inputs, n_inputs, attributes, n_attributes, &node, error);
    }
    if (status == OCT_OK) {
        status = octi_node_infer(graph, &node, descs, &mixes_rows, error);
    }
    if (status == OCT_OK) {
        status = make_outputs(graph, &node, descs, output_names, values, error);
    }
    if (status == OCT_OK) {
        status = grow_nodes(graph, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    if (mixes_rows) {
        node.mixes_rows = octi_region_strdup(&graph->region, mixes_rows, strlen(mixes_rows));
        if (!node.mixes_rows) {
            return octi_graph_no_memory(error);
        }
    }
    size_t n_before = graph->n_values;
    for (size_t i = 0; i < node.n_outputs; i++) {
        status = octi_graph_append_value(graph, &values[i], &node.outputs[i], error);
        if (status != OCT_OK) {
            graph->n_values = n_before; // a node is added whole or not at all
            return status;
        }
        if (outputs) {
            outputs[i] = node.outputs[i];
        }
    }
    for (size_t i = 0; i < node.n_inputs; i++) {
        if (node.inputs[i] != OCT_VALUE_NONE) {
            graph->values[node.inputs[i]].uses++;
        }
    }
    graph->nodes[graph->n_nodes++] = node;
    return OCT_OK;
}

static enum oct_status check_names(const struct oct_graph *graph,
                                   const struct oct_op *op,
                                   const char *name,
                                   const char *const *output_names,
                                   size_t n_outputs,
                                   struct oct_error *error)
{
    if (n_outputs != op->n_outputs) {
        return oct_error_set(error, OCT_ERR_INVALID, "outputs", OCT_POSITION_NONE, "%zu outputs: expected %zu",
                             n_outputs, op->n_outputs);
    }
    for (size_t i = 0; i < n_outputs; i++) {
        enum oct_status status = octi_graph_check_name(graph, output_names[i], error);
        for (size_t j = 0; j < i && status == OCT_OK; j++) {
            if (strcmp(output_names[i], output_names[j]) == 0) {
                status = oct_error_set(error, OCT_ERR_INVALID, "name", OCT_POSITION_NONE, "two outputs have one name");
            }
        }
        if (status != OCT_OK) {
            oct_error_prefix(error, "outputs[%zu]", i);
            return status;
        }
    }
    return name && *name ? octi_graph_check_name(NULL, name, error) : OCT_OK;
}

static enum oct_status check_room(const struct oct_graph *graph, struct oct_error *error)
{
    enum oct_status status = octi_graph_check_open(graph, error);
    if (status == OCT_OK && graph->n_nodes >= OCT_GRAPH_MAX_NODES) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "more than %d nodes", OCT_GRAPH_MAX_NODES);
    }
    if (status == OCT_OK && graph->n_values > OCT_GRAPH_MAX_VALUES - OCT_OP_MAX_OUTPUTS) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE, "more than %d values",
                             OCT_GRAPH_MAX_VALUES);
    }
    return status;
}

static enum oct_status
find_op(const struct oct_graph *graph, const char *op_name, const struct oct_op **op, struct oct_error *error)
{
    *op = op_name ? oct_op_registry_find(graph->registry, op_name) : NULL;
    if (!*op) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "op", OCT_POSITION_NONE, "there is no operator '%.100s'",
                             op_name ? op_name : "");
    }
    if ((*op)->flags & OCT_OP_INTERNAL) {
        return oct_error_set(error, OCT_ERR_UNSUPPORTED, "op", OCT_POSITION_NONE,
                             "operator '%s' is made by rewriting only", (*op)->name);
    }
    return OCT_OK;
}

/// Takes back the node added last: nothing refers to it yet.
static void drop_last_node(struct oct_graph *graph)
{
    const struct octi_node *node = &graph->nodes[--graph->n_nodes];
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i] != OCT_VALUE_NONE) {
            graph->values[node->inputs[i]].uses--;
        }
    }
    graph->n_values -= node->n_outputs;
}

static enum oct_status enter_names(struct oct_graph *graph, struct oct_error *error)
{
    const struct octi_node *node = &graph->nodes[graph->n_nodes - 1];
    for (size_t i = 0; i < node->n_outputs; i++) {
        oct_value_id id = node->outputs[i];
        if (octi_names_add(&graph->names, graph->values[id].name, id) != OCT_OK) {
            drop_last_node(graph);
            return octi_graph_no_memory(error);
        }
    }
    return OCT_OK;
}

/// What is computed from constants is known at once: operators may demand it. All known values together stay in
/// proportion to the constants that were given, whatever chain a hostile graph makes of them.
static enum oct_status evaluate_last(struct oct_graph *graph, struct oct_error *error)
{
    const struct octi_node *node = &graph->nodes[graph->n_nodes - 1];
    size_t bytes;
    if (!octi_node_is_foldable(graph, node) ||
        oct_tensor_bytes(&graph->values[node->outputs[0]].desc, 1, &bytes) != OCT_OK ||
        bytes > KNOWN_FREE_BYTES + KNOWN_MAX_GROWTH * graph->constant_bytes - graph->known_bytes) {
        return OCT_OK;
    }
    graph->known_bytes += bytes;
    enum oct_status status = octi_node_evaluate(graph, node, error);
    if (status != OCT_OK) {
        drop_last_node(graph);
    }
    return status;
}

enum oct_status oct_graph_add_node(struct oct_graph *graph,
                                   const char *name,
                                   const char *op_name,
                                   const oct_value_id *inputs,
                                   size_t n_inputs,
                                   const struct oct_attribute_given *attributes,
                                   size_t n_attributes,
                                   const char *const *output_names,
                                   size_t n_outputs,
                                   oct_value_id *outputs,
                                   struct oct_error *error)
{
    struct oct_error report = OCT_ERROR_INIT;
    const struct oct_op *op = NULL;
    enum oct_status status = check_room(graph, &report);
    if (status == OCT_OK) {
        status = find_op(graph, op_name, &op, &report);
    }
    if (status == OCT_OK) {
        status = check_names(graph, op, name, output_names, n_outputs, &report);
    }
    const char *shown = name && *name ? name : n_outputs > 0 && output_names && output_names[0] ? output_names[0] : "";
    if (status == OCT_OK) {
        status = octi_graph_append_node(graph, shown, op, inputs, n_inputs, attributes, n_attributes, output_names,
                                        outputs, &report);
    }
    if (status == OCT_OK) {
        status = evaluate_last(graph, &report);
    }
    if (status == OCT_OK) {
        status = enter_names(graph, &report);
    }
    if (status != OCT_OK) {
        oct_error_prefix(&report, "node '%.48s' (%.48s)", shown, op_name ? op_name : "");
        if (error && error->status == OCT_OK) {
            *error = report;
        }
    }
    return status;
}
