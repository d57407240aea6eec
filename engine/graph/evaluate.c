#include "engine/graph/evaluate.h"

#include "engine/base/checked.h"

#include <string.h>

/// A dequantized weight has as many elements as the weight; broadcasting a scale over it still fits.
#define FOLD_MAX_GROWTH    4
#define FOLD_FREE_ELEMENTS 4096
/// Elements read and written, or multiply-adds, spent on one graph: some seconds on the references at worst.
#define FOLD_MAX_WORK ((int64_t)1 << 30)

static bool is_product(const struct oct_op *op)
{
    return (op->flags & OCT_OP_CHANNELS_LAST) || strstr(op->name, "linear") != NULL;
}

/// What evaluating costs; false when an input is not known, the result is too large, or the cost is beyond counting.
static bool count_work(const struct oct_graph *graph, const struct octi_node *node, int64_t *work)
{
    int64_t inputs = 0, largest = 0, elements = 0;
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i] == OCT_VALUE_NONE) {
            continue;
        }
        const struct octi_value *value = &graph->values[node->inputs[i]];
        if (!value->constant || oct_shape_elements(&value->desc.shape, 1, &elements) != OCT_OK ||
            !octi_add_int64(inputs, elements, &inputs)) {
            return false;
        }
        largest = elements > largest ? elements : largest;
    }
    const struct oct_tensor_desc *desc = &graph->values[node->outputs[0]].desc;
    if (inputs == 0 || oct_shape_has_batch(&desc->shape) || oct_shape_elements(&desc->shape, 1, &elements) != OCT_OK) {
        return false;
    }
    if (is_product(node->op)) {
        return octi_mul_int64(elements, largest, work);
    }
    return (elements <= FOLD_FREE_ELEMENTS || elements / FOLD_MAX_GROWTH <= inputs) &&
           octi_add_int64(inputs, elements, work);
}

bool octi_node_is_foldable(const struct oct_graph *graph, const struct octi_node *node)
{
    int64_t work;
    if (node->removed || node->n_outputs != 1) {
        return false;
    }
    return graph->values[node->outputs[0]].constant ||
           (count_work(graph, node, &work) && work <= FOLD_MAX_WORK - graph->folding_work);
}

enum oct_status octi_node_evaluate(struct oct_graph *graph, const struct octi_node *node, struct oct_error *error)
{
    struct octi_value *value = &graph->values[node->outputs[0]];
    int64_t work;
    if (value->constant || !count_work(graph, node, &work)) {
        return OCT_OK;
    }
    for (size_t i = 0; i < node->n_inputs; i++) {
        enum oct_status status =
            node->inputs[i] == OCT_VALUE_NONE ? OCT_OK : octi_graph_fetch(graph, node->inputs[i], error);
        if (status != OCT_OK) {
            return status;
        }
    }
    graph->folding_work += work;
    size_t bytes;
    void *data = NULL;
    if (oct_tensor_bytes(&value->desc, 1, &bytes) == OCT_OK) {
        data = octi_region_alloc(&graph->region, bytes);
    }
    struct oct_view *inputs = octi_region_alloc_small(&graph->region, node->n_inputs * sizeof *inputs);
    struct oct_view *output = octi_region_alloc_small(&graph->region, sizeof *output);
    if (!data || !inputs || !output) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for the folded value '%.64s'",
                             value->name);
    }
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i] != OCT_VALUE_NONE) {
            inputs[i] = *graph->values[node->inputs[i]].constant;
        }
    }
    *output = oct_view_dense(&value->desc, 1, data);
    struct oct_op_run_call call = {.attributes = node->attributes,
                                   .n_inputs = node->n_inputs,
                                   .inputs = inputs,
                                   .n_outputs = 1,
                                   .outputs = output};
    node->op->reference(&call);
    value->constant = output;
    return OCT_OK;
}
