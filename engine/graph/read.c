#include "engine/graph/graph_impl.h"

#include <string.h>

oct_value_id oct_graph_find(const struct oct_graph *graph, const char *name)
{
    uint32_t id = octi_names_find(&graph->names, name);
    // A name may have been entered for a value whose adding then failed.
    if (id >= graph->n_values || strcmp(graph->values[id].name, name) != 0) {
        return OCT_VALUE_NONE;
    }
    return id;
}

size_t oct_graph_value_count(const struct oct_graph *graph)
{
    return graph->n_values;
}

size_t oct_graph_node_count(const struct oct_graph *graph)
{
    return graph->n_nodes;
}

size_t oct_graph_input_count(const struct oct_graph *graph)
{
    return graph->n_inputs;
}

size_t oct_graph_output_count(const struct oct_graph *graph)
{
    return graph->n_outputs;
}

struct oct_value_info oct_graph_value(const struct oct_graph *graph, oct_value_id value)
{
    const struct octi_value *found = &graph->values[value];
    return (struct oct_value_info){.name = found->name,
                                   .kind = found->kind,
                                   .desc = found->desc,
                                   .data = found->kind == OCT_VALUE_CONSTANT ? found->constant->data : NULL,
                                   .node = found->node,
                                   .output = found->output};
}

struct oct_node_info oct_graph_node(const struct oct_graph *graph, size_t index)
{
    const struct octi_node *node = &graph->nodes[index];
    return (struct oct_node_info){.name = node->name,
                                  .op = node->op,
                                  .n_inputs = node->n_inputs,
                                  .inputs = node->inputs,
                                  .n_outputs = node->n_outputs,
                                  .outputs = node->outputs,
                                  .attributes = node->attributes};
}

oct_value_id oct_graph_input(const struct oct_graph *graph, size_t index)
{
    return graph->inputs[index];
}

oct_value_id oct_graph_output(const struct oct_graph *graph, size_t index)
{
    return graph->outputs[index].value;
}

const char *oct_graph_output_name(const struct oct_graph *graph, size_t index)
{
    return graph->outputs[index].name;
}

const struct oct_op_registry *oct_graph_registry(const struct oct_graph *graph)
{
    return graph->registry;
}
