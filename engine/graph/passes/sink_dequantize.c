// DESIGN: dequantizing later is exact where the operator only moves or compares elements: x -> scale * (x - zero_point)
// keeps order, and the zero point becomes 0. What stands behind then works on bytes, and a following quantize meets its
// dequantize.
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <string.h>

static const char *const TRANSPARENT[] = {"aten::flatten",   "aten::reshape",    "aten::view", "aten::permute",
                                          "aten::transpose", "aten::max_pool2d", "aten::relu"};

static bool is_transparent(const struct octi_node *node)
{
    for (size_t i = 0; i < sizeof TRANSPARENT / sizeof TRANSPARENT[0]; i++) {
        if (strcmp(node->op->name, TRANSPARENT[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum oct_status sink(struct oct_graph *graph, size_t index, size_t dequantize, struct oct_error *error)
{
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    const struct octi_node *node = &graph->nodes[index];
    const char *op_name = node->op->name, *name = node->name;
    oct_value_id real = node->outputs[0], bytes, again;
    octi_edit_give_common(given, &n_given, node, node->op);
    oct_value_id source = octi_edit_input(graph, dequantize, 0);
    enum oct_status status = octi_edit_insert(graph, name, op_name, &source, 1, given, n_given, &bytes, error);
    if (status != OCT_OK || bytes == OCT_VALUE_NONE) {
        return status;
    }
    const char *shown = graph->values[real].name;
    status = octi_edit_insert(graph, shown, "aten::dequantize", &bytes, 1, NULL, 0, &again, error);
    if (status != OCT_OK) {
        return status;
    }
    const struct oct_tensor_desc *before = octi_edit_desc(graph, real);
    if (again == OCT_VALUE_NONE || !oct_shape_equal(&octi_edit_desc(graph, again)->shape, &before->shape) ||
        !oct_qparams_equal(&octi_edit_desc(graph, bytes)->qparams, &octi_edit_desc(graph, source)->qparams)) {
        if (again != OCT_VALUE_NONE) {
            octi_edit_remove(graph, graph->values[again].node);
        }
        octi_edit_remove(graph, graph->values[bytes].node);
        return OCT_OK;
    }
    octi_edit_replace(graph, real, again);
    octi_edit_remove(graph, index);
    octi_edit_remove(graph, dequantize);
    return OCT_OK;
}

enum oct_status octi_pass_sink_dequantize(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (graph->nodes[n].removed || !is_transparent(&graph->nodes[n])) {
            continue;
        }
        size_t dequantize = octi_edit_match(graph, octi_edit_input(graph, n, 0), "aten::dequantize", true);
        if (dequantize == OCTI_NODE_NONE) {
            continue;
        }
        const struct oct_tensor_desc *source = octi_edit_desc(graph, octi_edit_input(graph, dequantize, 0));
        if (oct_dtype_bytes(source->dtype) != 1 || source->qparams.scheme != OCT_QSCHEME_PER_TENSOR_AFFINE ||
            octi_edit_is_constant(graph, octi_edit_input(graph, dequantize, 0))) {
            continue;
        }
        enum oct_status status = sink(graph, n, dequantize, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}
