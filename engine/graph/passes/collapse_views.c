// DESIGN: views cost nothing at run time (the planner shares storage); collapsing them keeps the graph readable and
// lets later passes see through them. A chain becomes one aten::reshape to the last shape, with the batch written as
// -1.
#include "engine/graph/desc.h"
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

static bool is_view(const struct oct_graph *graph, size_t node)
{
    return !graph->nodes[node].removed && (graph->nodes[node].op->flags & OCT_OP_VIEW) &&
           graph->nodes[node].n_outputs == 1;
}

/// The shape as aten::reshape takes it; false where N stands in two places.
static bool reshape_target(const struct oct_shape *shape, int64_t *dims)
{
    size_t symbolic = 0;
    for (int32_t d = 0; d < shape->rank; d++) {
        symbolic += shape->dims[d] < 0;
        dims[d] = shape->dims[d] < 0 ? -1 : shape->dims[d];
    }
    return symbolic <= 1;
}

static enum oct_status bypass(struct oct_graph *graph, size_t node, size_t producer, struct oct_error *error)
{
    int64_t dims[OCT_MAX_RANK];
    oct_value_id old = graph->nodes[node].outputs[0], made;
    struct oct_tensor_desc desc = *octi_edit_desc(graph, old);
    if (!reshape_target(&desc.shape, dims)) {
        return OCT_OK;
    }
    struct oct_attribute_given given = {
        "shape", {.present = true, .type = OCT_ATTRIBUTE_INTS, .integers = dims, .count = (size_t)desc.shape.rank}};
    oct_value_id source = octi_edit_input(graph, producer, 0);
    enum oct_status status =
        octi_edit_insert(graph, graph->values[old].name, "aten::reshape", &source, 1, &given, 1, &made, error);
    if (status != OCT_OK || made == OCT_VALUE_NONE) {
        return status;
    }
    if (!octi_desc_equal(octi_edit_desc(graph, made), &desc)) {
        octi_edit_remove(graph, graph->values[made].node);
        return OCT_OK;
    }
    octi_edit_replace(graph, old, made);
    octi_edit_remove(graph, node);
    if (graph->values[graph->nodes[producer].outputs[0]].uses == 0) {
        octi_edit_remove(graph, producer);
    }
    return OCT_OK;
}

enum oct_status octi_pass_collapse_views(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (!is_view(graph, n)) {
            continue;
        }
        oct_value_id input = octi_edit_input(graph, n, 0);
        if (octi_desc_equal(octi_edit_desc(graph, input), octi_edit_desc(graph, graph->nodes[n].outputs[0]))) {
            octi_edit_replace(graph, graph->nodes[n].outputs[0], input);
            octi_edit_remove(graph, n);
            continue;
        }
        size_t producer = octi_edit_producer(graph, input);
        if (producer != OCTI_NODE_NONE && is_view(graph, producer)) {
            enum oct_status status = bypass(graph, n, producer, error);
            if (status != OCT_OK) {
                return status;
            }
        }
    }
    return OCT_OK;
}
