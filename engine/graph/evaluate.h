/// Evaluating nodes whose inputs are all known before anything runs.
///
/// The builder evaluates them as they are added, so that operators that demand constants (weights) also take what is
/// computed from constants, such as a dequantized weight; the node stays in the graph for the rewriting that looks for
/// it. The folding pass then turns such values into constants. Threads: [one] per graph.
#ifndef OCTET_ENGINE_GRAPH_EVALUATE_H
#define OCTET_ENGINE_GRAPH_EVALUATE_H

#include "engine/graph/graph_impl.h"

/// Has the node one output that is known or whose inputs are, and is the work within bounds? The result must not be
/// much larger than the inputs, and all work spent on a graph is bounded; what is beyond runs with the plan.
bool octi_node_is_foldable(const struct oct_graph *graph, const struct octi_node *node);

/// Runs the reference of a foldable node unless its value is known already. The value's bytes come from the graph's
/// region, hence from the budget of a plan that owns the graph. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
octi_node_evaluate(struct oct_graph *graph, const struct octi_node *node, struct oct_error *error);

#endif
