/// What a graph asks of a processor: multiplications, bytes, elements. Threads: [any], pure functions.
#ifndef OCTET_SERVER_CLI_BENCH_WORK_H
#define OCTET_SERVER_CLI_BENCH_WORK_H

#include "octet/graph.h"

/// Multiply-accumulates of node `index` for `rows` rows: an output element of a layer with weights takes as many as a
/// channel has weights; padding counts as if it were multiplied, as is usual. 0 for nodes without weights.
double oct_bench_node_macs(const struct oct_graph *graph, size_t index, int64_t rows);
/// Of all nodes.
double oct_bench_graph_macs(const struct oct_graph *graph, int64_t rows);
/// Bytes of the graph's inputs, outputs and constants: what a run must at least read or write.
double oct_bench_graph_bytes(const struct oct_graph *graph, int64_t rows);
/// Elements of the graph's outputs.
double oct_bench_graph_outputs(const struct oct_graph *graph, int64_t rows);

#endif
