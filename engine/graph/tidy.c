// DESIGN: one depth-first walk orders the nodes. It visits nodes in their present order and, before one is emitted, the
// producers of its inputs that are not: a graph in order stays as it is, an appended node moves in front of its first
// reader. The stack is our own: graphs have up to 65536 nodes in a row.
#include "engine/graph/edit.h"

#include <string.h>

enum mark { UNSEEN, OPEN, DONE };

struct frame {
    uint32_t node;
    uint32_t next_input;
};

/// Working memory of prune and tidy: one block.
struct scratch {
    size_t bytes;
    unsigned char *block;
    struct frame *stack;   ///< [n_nodes]
    uint32_t *order;       ///< [n_nodes]
    uint32_t *node_map;    ///< [n_nodes]
    uint32_t *value_map;   ///< [n_values]
    unsigned char *mark;   ///< [n_nodes]
    unsigned char *wanted; ///< [n_values]
};

static enum oct_status open_scratch(const struct oct_graph *graph, struct scratch *scratch, struct oct_error *error)
{
    size_t n = graph->n_nodes, v = graph->n_values; // both bounded by OCT_GRAPH_MAX_*
    scratch->bytes = n * (sizeof(struct frame) + 2 * sizeof(uint32_t) + 1) + v * (sizeof(uint32_t) + 1);
    scratch->block = graph->allocator->allocate(graph->allocator->context, scratch->bytes + 1, OCT_ALIGN);
    if (!scratch->block) {
        return octi_graph_no_memory(error);
    }
    memset(scratch->block, 0, scratch->bytes);
    scratch->stack = (struct frame *)(void *)scratch->block;
    scratch->order = (uint32_t *)(void *)(scratch->stack + n);
    scratch->node_map = scratch->order + n;
    scratch->value_map = scratch->node_map + n;
    scratch->mark = (unsigned char *)(scratch->value_map + v);
    scratch->wanted = scratch->mark + n;
    return OCT_OK;
}

static void close_scratch(const struct oct_graph *graph, struct scratch *scratch)
{
    graph->allocator->release(graph->allocator->context, scratch->block, scratch->bytes + 1);
}

enum oct_status octi_graph_prune(struct oct_graph *graph, struct oct_error *error)
{
    struct scratch scratch = {0};
    enum oct_status status = open_scratch(graph, &scratch, error);
    if (status != OCT_OK) {
        return status;
    }
    size_t depth = 0;
    for (size_t i = 0; i < graph->n_outputs; i++) {
        size_t node = octi_edit_producer(graph, graph->outputs[i].value);
        if (node != OCTI_NODE_NONE && scratch.mark[node] == UNSEEN) {
            scratch.mark[node] = DONE;
            scratch.stack[depth++].node = (uint32_t)node;
        }
    }
    while (depth > 0) {
        size_t node = scratch.stack[--depth].node;
        for (size_t i = 0; i < graph->nodes[node].n_inputs; i++) {
            size_t producer = octi_edit_producer(graph, graph->nodes[node].inputs[i]);
            if (producer != OCTI_NODE_NONE && scratch.mark[producer] == UNSEEN) {
                scratch.mark[producer] = DONE;
                scratch.stack[depth++].node = (uint32_t)producer;
            }
        }
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (scratch.mark[n] == UNSEEN) {
            octi_edit_remove(graph, n);
        }
    }
    close_scratch(graph, &scratch);
    return OCT_OK;
}

static enum oct_status nonsense(struct oct_error *error, const char *what)
{
    return oct_error_set(error, OCT_ERR_INTERNAL, NULL, OCT_POSITION_NONE, "rewriting left %s", what);
}

/// Emits `root` after everything it depends on.
static enum oct_status
emit(struct oct_graph *graph, struct scratch *scratch, size_t root, size_t *n_order, struct oct_error *error)
{
    size_t depth = 0;
    scratch->stack[depth++] = (struct frame){(uint32_t)root, 0};
    scratch->mark[root] = OPEN;
    while (depth > 0) {
        struct frame *top = &scratch->stack[depth - 1];
        const struct octi_node *node = &graph->nodes[top->node];
        if (top->next_input == node->n_inputs) {
            scratch->mark[top->node] = DONE;
            scratch->order[(*n_order)++] = top->node;
            depth--;
            continue;
        }
        oct_value_id input = node->inputs[top->next_input++];
        if (input == OCT_VALUE_NONE || graph->values[input].kind != OCT_VALUE_NODE) {
            continue;
        }
        uint32_t producer = graph->values[input].node;
        if (graph->nodes[producer].removed) {
            return nonsense(error, "a reader of a removed node");
        }
        if (scratch->mark[producer] == OPEN) {
            return nonsense(error, "a cycle");
        }
        if (scratch->mark[producer] == UNSEEN) {
            scratch->mark[producer] = OPEN;
            scratch->stack[depth++] = (struct frame){producer, 0};
        }
    }
    return OCT_OK;
}

/// Replacements take effect everywhere; marks the values that stay.
static void settle_values(struct oct_graph *graph, struct scratch *scratch)
{
    for (size_t i = 0; i < graph->n_inputs; i++) {
        scratch->wanted[graph->inputs[i]] = 1;
    }
    for (size_t i = 0; i < graph->n_outputs; i++) {
        graph->outputs[i].value = octi_edit_resolve(graph, graph->outputs[i].value);
        scratch->wanted[graph->outputs[i].value] = 1;
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        struct octi_node *node = &graph->nodes[n];
        if (node->removed) {
            continue;
        }
        for (size_t i = 0; i < node->n_inputs; i++) {
            node->inputs[i] = octi_edit_resolve(graph, node->inputs[i]);
            if (node->inputs[i] != OCT_VALUE_NONE) {
                scratch->wanted[node->inputs[i]] = 1;
            }
        }
        for (size_t i = 0; i < node->n_outputs; i++) {
            scratch->wanted[node->outputs[i]] = 1;
        }
    }
}

static void compact_values(struct oct_graph *graph, struct scratch *scratch)
{
    size_t kept = 0;
    for (size_t v = 0; v < graph->n_values; v++) {
        scratch->value_map[v] = (uint32_t)kept;
        if (!scratch->wanted[v]) {
            continue;
        }
        struct octi_value value = graph->values[v];
        value.uses = 0;
        value.replaced_by = OCT_VALUE_NONE;
        if (value.kind == OCT_VALUE_NODE) {
            value.node = scratch->node_map[value.node];
        }
        graph->values[kept++] = value;
    }
    graph->n_values = kept;
}

static void renumber(struct oct_graph *graph, const struct scratch *scratch)
{
    for (size_t i = 0; i < graph->n_inputs; i++) {
        graph->inputs[i] = scratch->value_map[graph->inputs[i]];
    }
    for (size_t i = 0; i < graph->n_outputs; i++) {
        graph->outputs[i].value = scratch->value_map[graph->outputs[i].value];
        graph->values[graph->outputs[i].value].uses++;
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        struct octi_node *node = &graph->nodes[n];
        for (size_t i = 0; i < node->n_inputs; i++) {
            if (node->inputs[i] != OCT_VALUE_NONE) {
                node->inputs[i] = scratch->value_map[node->inputs[i]];
                graph->values[node->inputs[i]].uses++;
            }
        }
        for (size_t i = 0; i < node->n_outputs; i++) {
            node->outputs[i] = scratch->value_map[node->outputs[i]];
        }
    }
}

static enum oct_status tidy(struct oct_graph *graph, struct scratch *scratch, struct oct_error *error)
{
    settle_values(graph, scratch);
    for (size_t i = 0; i < graph->n_outputs; i++) {
        const struct octi_value *value = &graph->values[graph->outputs[i].value];
        if (value->kind == OCT_VALUE_NODE && graph->nodes[value->node].removed) {
            return nonsense(error, "an output without its node");
        }
    }
    size_t n_order = 0;
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (!graph->nodes[n].removed && scratch->mark[n] == UNSEEN) {
            enum oct_status status = emit(graph, scratch, n, &n_order, error);
            if (status != OCT_OK) {
                return status;
            }
        }
    }
    const struct oct_allocator *allocator = graph->allocator;
    struct octi_node *nodes = NULL;
    if (n_order > 0) {
        nodes = allocator->allocate(allocator->context, n_order * sizeof *nodes, OCT_ALIGN);
        if (!nodes) {
            return octi_graph_no_memory(error);
        }
    }
    for (size_t i = 0; i < n_order; i++) {
        nodes[i] = graph->nodes[scratch->order[i]];
        scratch->node_map[scratch->order[i]] = (uint32_t)i;
    }
    allocator->release(allocator->context, graph->nodes, graph->node_capacity * sizeof *nodes);
    graph->nodes = nodes;
    graph->n_nodes = graph->node_capacity = n_order;
    compact_values(graph, scratch);
    renumber(graph, scratch);
    return OCT_OK;
}

enum oct_status octi_graph_tidy(struct oct_graph *graph, struct oct_error *error)
{
    struct scratch scratch = {0};
    enum oct_status status = open_scratch(graph, &scratch, error);
    if (status != OCT_OK) {
        return status;
    }
    status = tidy(graph, &scratch, error);
    close_scratch(graph, &scratch);
    return status;
}
