/// A case of a shape file as a graph of one operator, with weights and quantization of a fixed seed. Threads: [one].
///
/// Activations are quint8 with a zero point that is not 0, weights qint8 with a scale for each channel and zero point
/// 0, biases float. Images stand channels-last in the graph's inputs and outputs (N, H, W, C); the permutations around
/// the operator only rename dimensions, so nothing but the operator takes time.
#ifndef OCTET_SERVER_CLI_BENCH_CASE_GRAPH_H
#define OCTET_SERVER_CLI_BENCH_CASE_GRAPH_H

#include "octet/graph.h"
#include "server/cli/bench/shape_file.h"

/// The registry's operator that stands for the case.
const char *oct_bench_case_operator(const struct oct_bench_case *shape);
/// Rows of the batch that a run of the graph takes.
int64_t oct_bench_case_rows(const struct oct_bench_case *shape);
/// Errors: those of the graph builder (a window that does not fit its image), OCT_ERR_UNSUPPORTED (the registry has no
/// such operator), OCT_ERR_LIMIT (more than OCT_BENCH_MAX_WEIGHTS), OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status oct_bench_case_graph(const struct oct_bench_case *shape,
                                                   const struct oct_op_registry *registry,
                                                   struct oct_graph **graph,
                                                   struct oct_error *error);
#define OCT_BENCH_MAX_WEIGHTS ((int64_t)1 << 30)

#endif
