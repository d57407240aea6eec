// DESIGN: a concatenation converts what has other parameters than its result. Said as a node of its own, the conversion
// can follow the step that makes the part and write it where it belongs; what is left of the concatenation are bytes,
// which the plan often need not even copy. A concatenation of a single part is that part.
#include "engine/graph/desc.h"
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <stdio.h>

#define CONVERT_OP "octet::requantize"

static enum oct_status convert(
    struct oct_graph *graph, oct_value_id part, const struct oct_qparams *to, oct_value_id *out, struct oct_error *e)
{
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    octi_edit_give_float(given, &n_given, "scale", to->scale);
    octi_edit_give_int(given, &n_given, "zero_point", to->zero_point);
    char name[OCT_GRAPH_MAX_NAME_BYTES + 16];
    snprintf(name, sizeof name, "%.*s.requantized", OCT_GRAPH_MAX_NAME_BYTES, graph->values[part].name);
    return octi_edit_insert(graph, name, CONVERT_OP, &part, 1, given, n_given, out, e);
}

static enum oct_status settle(struct oct_graph *graph, size_t node, struct oct_error *error)
{
    for (size_t i = 0; i < graph->nodes[node].n_inputs; i++) {
        oct_value_id part = octi_edit_input(graph, node, i), converted;
        const struct oct_tensor_desc *out = octi_edit_desc(graph, graph->nodes[node].outputs[0]);
        if (!oct_dtype_is_quantized(out->dtype) || part == OCT_VALUE_NONE ||
            oct_qparams_equal(&octi_edit_desc(graph, part)->qparams, &out->qparams)) {
            continue;
        }
        const struct oct_qparams to = out->qparams; // the arrays may move
        enum oct_status status = convert(graph, part, &to, &converted, error);
        if (status != OCT_OK) {
            return status;
        }
        if (converted != OCT_VALUE_NONE) {
            graph->nodes[node].inputs[i] = converted;
            graph->values[converted].uses++;
            graph->values[part].uses--;
        }
    }
    return OCT_OK;
}

static void drop_if_single(struct oct_graph *graph, size_t node)
{
    oct_value_id joined = graph->nodes[node].outputs[0], part = octi_edit_input(graph, node, 0);
    if (graph->nodes[node].n_inputs == 1 && part != OCT_VALUE_NONE &&
        octi_desc_equal(octi_edit_desc(graph, part), octi_edit_desc(graph, joined))) {
        octi_edit_replace(graph, joined, part);
        octi_edit_remove(graph, node);
    }
}

enum oct_status octi_pass_requantize_parts(struct oct_graph *graph, struct oct_error *error)
{
    size_t n_nodes = graph->n_nodes; // conversions are appended behind
    for (size_t n = 0; n < n_nodes; n++) {
        if (!graph->nodes[n].removed && (graph->nodes[n].op->flags & OCT_OP_JOINS)) {
            enum oct_status status = settle(graph, n, error);
            if (status != OCT_OK) {
                return status;
            }
            drop_if_single(graph, n);
        }
    }
    return OCT_OK;
}
