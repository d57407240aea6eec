#include "engine/graph/desc.h"
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <string.h>

struct fusion {
    const char *plain, *with_relu;
};
static const struct fusion FUSIONS[] = {
#define OCT_FUSE_RELU(plain, with_relu) {plain, with_relu},
#include "engine/graph/passes/fuse_relu.def"
#undef OCT_FUSE_RELU
};

static const char *fused_name(const char *plain)
{
    for (size_t i = 0; i < sizeof FUSIONS / sizeof FUSIONS[0]; i++) {
        if (strcmp(FUSIONS[i].plain, plain) == 0) {
            return FUSIONS[i].with_relu;
        }
    }
    return NULL;
}

static enum oct_status
fuse(struct oct_graph *graph, size_t relu, size_t producer, const char *op_name, struct oct_error *error)
{
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    oct_value_id inputs[OCT_OP_MAX_INPUTS], made;
    const struct octi_node *node = &graph->nodes[producer];
    size_t n_inputs = node->n_inputs;
    for (size_t i = 0; i < n_inputs; i++) {
        inputs[i] = octi_edit_input(graph, producer, i);
    }
    octi_edit_give_common(given, &n_given, node, node->op);
    oct_value_id old = graph->nodes[relu].outputs[0];
    const char *name = graph->values[old].name;
    enum oct_status status = octi_edit_insert(graph, name, op_name, inputs, n_inputs, given, n_given, &made, error);
    if (status != OCT_OK || made == OCT_VALUE_NONE) {
        return status;
    }
    if (!octi_desc_equal(octi_edit_desc(graph, made), octi_edit_desc(graph, old))) {
        octi_edit_remove(graph, graph->values[made].node);
        return OCT_OK;
    }
    octi_edit_replace(graph, old, made);
    octi_edit_remove(graph, relu);
    octi_edit_remove(graph, producer);
    return OCT_OK;
}

enum oct_status octi_pass_fuse_relu(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (!octi_edit_is(graph, n, "aten::relu")) {
            continue;
        }
        oct_value_id input = octi_edit_input(graph, n, 0);
        size_t producer = octi_edit_producer(graph, input);
        if (producer == OCTI_NODE_NONE || graph->values[input].uses != 1) {
            continue;
        }
        const char *op_name = fused_name(graph->nodes[producer].op->name);
        if (op_name) {
            enum oct_status status = fuse(graph, n, producer, op_name, error);
            if (status != OCT_OK) {
                return status;
            }
        }
    }
    return OCT_OK;
}
