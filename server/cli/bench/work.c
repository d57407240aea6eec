#include "server/cli/bench/work.h"

#include <string.h>

static double elements_of(const struct oct_tensor_desc *desc, int64_t rows)
{
    double count = 1;
    for (int32_t d = 0; d < desc->shape.rank; ++d) {
        count *= (double)oct_dim_at(desc->shape.dims[d], rows);
    }
    return count;
}

static double bytes_of(const struct oct_tensor_desc *desc, int64_t rows)
{
    return elements_of(desc, rows) * (double)oct_dtype_bytes(desc->dtype);
}

/// The node's weights when it has such an input: of rank 2 or more, with the output's channels in dimension 0.
static bool find_weight(const struct oct_graph *graph, const struct oct_node_info *node, struct oct_tensor_desc *weight)
{
    for (size_t i = 0; i < node->n_inputs && node->op->input_names[i] != NULL; ++i) {
        if (strcmp(node->op->input_names[i], "weight") == 0 && node->inputs[i] != OCT_VALUE_NONE) {
            *weight = oct_graph_value(graph, node->inputs[i]).desc;
            return weight->shape.rank >= 2;
        }
    }
    return false;
}

double oct_bench_node_macs(const struct oct_graph *graph, size_t index, int64_t rows)
{
    struct oct_node_info node = oct_graph_node(graph, index);
    struct oct_tensor_desc weight;
    if (!find_weight(graph, &node, &weight)) {
        return 0;
    }
    struct oct_tensor_desc out = oct_graph_value(graph, node.outputs[0]).desc;
    return elements_of(&out, rows) * elements_of(&weight, rows) / (double)weight.shape.dims[0];
}

double oct_bench_graph_macs(const struct oct_graph *graph, int64_t rows)
{
    double macs = 0;
    for (size_t i = 0; i < oct_graph_node_count(graph); ++i) {
        macs += oct_bench_node_macs(graph, i, rows);
    }
    return macs;
}

double oct_bench_graph_bytes(const struct oct_graph *graph, int64_t rows)
{
    double bytes = 0;
    for (size_t i = 0; i < oct_graph_value_count(graph); ++i) {
        struct oct_value_info value = oct_graph_value(graph, (oct_value_id)i);
        bytes += value.kind == OCT_VALUE_NODE ? 0 : bytes_of(&value.desc, rows);
    }
    for (size_t i = 0; i < oct_graph_output_count(graph); ++i) {
        struct oct_tensor_desc out = oct_graph_value(graph, oct_graph_output(graph, i)).desc;
        bytes += bytes_of(&out, rows);
    }
    return bytes;
}

double oct_bench_graph_outputs(const struct oct_graph *graph, int64_t rows)
{
    double elements = 0;
    for (size_t i = 0; i < oct_graph_output_count(graph); ++i) {
        struct oct_tensor_desc out = oct_graph_value(graph, oct_graph_output(graph, i)).desc;
        elements += elements_of(&out, rows);
    }
    return elements;
}
