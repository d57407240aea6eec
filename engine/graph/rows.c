// DESIGN: rows are independent when every value that depends on a graph input has the batch N as dimension 0 and
// nowhere else, no operator says that it mixes rows behind such a shape, and every input and output is such a value.
// The proof is conservative: a value that leaves dimension 0 and returns (time-first layouts) counts as mixed.
#include "engine/graph/graph_impl.h"

#include <stdio.h>

#define SHAPE_TEXT_BYTES 96

static void blame_input(struct oct_graph *graph, const struct octi_value *value)
{
    char shape[SHAPE_TEXT_BYTES];
    oct_shape_format(&value->desc.shape, shape, sizeof shape);
    snprintf(graph->reason, sizeof graph->reason,
             "input '%.64s' of shape %s has no batch dimension: requests cannot share it", value->name, shape);
}

static void blame_node(struct oct_graph *graph, const struct octi_node *node, const struct octi_value *value)
{
    char shape[SHAPE_TEXT_BYTES];
    oct_shape_format(&value->desc.shape, shape, sizeof shape);
    snprintf(graph->reason, sizeof graph->reason,
             "node '%.64s' (%s) gives '%.64s' the shape %s: dimension 0 is not the batch alone", node->name,
             node->op->name, value->name, shape);
}

static void blame_output(struct oct_graph *graph, const struct octi_graph_port *port)
{
    snprintf(graph->reason, sizeof graph->reason,
             "output '%.64s' does not depend on the inputs: it has no rows to hand out", port->name);
}

/// Fills `reason` with the first obstacle in the order of the graph; leaves it empty when there is none.
static void find_obstacle(struct oct_graph *graph)
{
    for (size_t i = 0; i < graph->n_inputs; i++) {
        const struct octi_value *value = &graph->values[graph->inputs[i]];
        if (!oct_shape_is_batched(&value->desc.shape)) {
            blame_input(graph, value);
            return;
        }
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        const struct octi_node *node = &graph->nodes[n];
        for (size_t i = 0; i < node->n_outputs; i++) {
            const struct octi_value *value = &graph->values[node->outputs[i]];
            if (!value->reached) {
                continue;
            }
            if (node->mixes_rows) {
                snprintf(graph->reason, sizeof graph->reason, "node '%.64s' (%s): %s", node->name, node->op->name,
                         node->mixes_rows);
                return;
            }
            if (!oct_shape_is_batched(&value->desc.shape)) {
                blame_node(graph, node, value);
                return;
            }
        }
    }
    for (size_t i = 0; i < graph->n_outputs; i++) {
        if (!graph->values[graph->outputs[i].value].reached) {
            blame_output(graph, &graph->outputs[i]);
            return;
        }
    }
}

void octi_graph_prove_rows(struct oct_graph *graph)
{
    if (graph->fixed_rows == 0) {
        graph->reason[0] = '\0';
        find_obstacle(graph);
    }
    graph->rows_independent = graph->fixed_rows == 0 && graph->reason[0] == '\0';
}

bool oct_graph_rows_independent(const struct oct_graph *graph, const char **reason)
{
    if (reason) {
        *reason = graph->rows_independent ? "" : graph->reason;
    }
    return graph->rows_independent;
}
