// DESIGN: what a folded value needs is asked of the graph's allocator, which a plan has put under its budget: a small
// file that declares a huge constant expression is refused there. The rule of octi_node_is_foldable() bounds the work.
// The pass is required: kernels pack weights, so a weight that is computed from constants must have become one.
#include "engine/graph/edit.h"
#include "engine/graph/evaluate.h"
#include "engine/graph/passes/passes.h"

enum oct_status octi_pass_fold_constants(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        // A pass starts tidy and this one replaces nothing: inputs need no resolving.
        if (!octi_node_is_foldable(graph, &graph->nodes[n])) {
            continue;
        }
        enum oct_status status = octi_node_evaluate(graph, &graph->nodes[n], error);
        if (status != OCT_OK) {
            return status;
        }
        octi_edit_become_constant(graph, graph->nodes[n].outputs[0]);
    }
    return OCT_OK;
}
