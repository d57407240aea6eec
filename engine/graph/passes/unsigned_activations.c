// DESIGN: kernels see one kind of activation, quint8. A qint8 tensor and the quint8 tensor whose bytes have the sign
// bit flipped and whose zero point is 128 higher stand for the same numbers, and every operator's arithmetic uses q -
// zero_point only, so answers are the same bit for bit after flipping back. The exception is quantizing, which rounds
// with the zero point inside: it becomes octet::quantize_signed. Nodes are inferred again from their changed inputs;
// those that state an output zero point get it raised. Weights and values that are constants at the graph's outputs
// stay as they are.
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <stdio.h>
#include <string.h>

#define SIGN_OFFSET 128
#define SIGN_BIT    0x80

/// Names under which torch's schemas state an output's zero point.
static const char *const ZERO_POINTS[] = {"zero_point", "output_zero_point", "Y_zero_point_i"};

struct pass {
    struct oct_graph *graph;
    unsigned char *changed; ///< [n_values] its descriptor is another one now
    oct_value_id *flipped;  ///< [n_values] constants: their unsigned copy, or OCT_VALUE_NONE
    size_t n_values, bytes;
    unsigned char *block;
};

static enum oct_status open_pass(struct oct_graph *graph, struct pass *pass, struct oct_error *error)
{
    pass->graph = graph;
    pass->n_values = graph->n_values;
    pass->bytes = graph->n_values * (sizeof *pass->flipped + 1) + 1;
    pass->block = graph->allocator->allocate(graph->allocator->context, pass->bytes, OCT_ALIGN);
    if (!pass->block) {
        return octi_graph_no_memory(error);
    }
    pass->flipped = (oct_value_id *)(void *)pass->block;
    pass->changed = pass->block + graph->n_values * sizeof *pass->flipped;
    memset(pass->changed, 0, graph->n_values);
    for (size_t i = 0; i < graph->n_values; i++) {
        pass->flipped[i] = OCT_VALUE_NONE;
    }
    return OCT_OK;
}

/// The unsigned form of a signed descriptor. Per-channel zero points are copied into the region.
static enum oct_status to_unsigned(struct oct_graph *graph, struct oct_tensor_desc *desc, struct oct_error *error)
{
    desc->dtype = OCT_DTYPE_QUINT8;
    if (desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE) {
        desc->qparams.zero_point += SIGN_OFFSET;
        return OCT_OK;
    }
    size_t n = desc->qparams.channels;
    int64_t *raised = octi_region_alloc_small(&graph->region, n * sizeof *raised);
    if (!raised) {
        return octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        raised[i] = desc->qparams.zero_points[i] + SIGN_OFFSET;
    }
    desc->qparams.zero_points = raised;
    return OCT_OK;
}

/// Makes an unsigned copy of a constant that is read as an activation.
static enum oct_status flip_constant(struct pass *pass, oct_value_id *id, struct oct_error *error)
{
    struct oct_graph *graph = pass->graph;
    if (pass->flipped[*id] == OCT_VALUE_NONE) {
        enum oct_status status = octi_graph_fetch(graph, *id, error);
        if (status != OCT_OK) {
            return status;
        }
        const struct octi_value value = graph->values[*id];
        struct oct_tensor_desc desc = value.desc;
        status = to_unsigned(graph, &desc, error);
        if (status != OCT_OK) {
            return status;
        }
        size_t bytes;
        uint8_t *data = NULL;
        if (oct_tensor_bytes(&desc, 1, &bytes) == OCT_OK) {
            data = octi_region_alloc(&graph->region, bytes);
        }
        if (!data) {
            return octi_graph_no_memory(error);
        }
        const uint8_t *from = value.constant->data;
        for (size_t i = 0; i < bytes; i++) {
            data[i] = from[i] ^ SIGN_BIT;
        }
        status = octi_graph_append_constant(graph, value.name, &desc, data, &pass->flipped[*id], error);
        if (status != OCT_OK) {
            return status;
        }
    }
    *id = pass->flipped[*id];
    return OCT_OK;
}

static bool is_signed(const struct oct_graph *graph, oct_value_id id)
{
    return graph->values[id].desc.dtype == OCT_DTYPE_QINT8;
}

/// Gives a node that produces a signed tensor the attributes that make it unsigned.
static enum oct_status raise_attributes(struct oct_graph *graph, struct octi_node *node, struct oct_error *error)
{
    size_t n = 0;
    while (node->op->attributes[n].name) {
        n++;
    }
    struct oct_attribute *attributes = octi_region_alloc_small(&graph->region, (n + 1) * sizeof *attributes);
    if (!attributes) {
        return octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        attributes[i] = node->attributes[i];
        if (!attributes[i].present) {
            continue;
        }
        for (size_t z = 0; z < sizeof ZERO_POINTS / sizeof ZERO_POINTS[0]; z++) {
            if (strcmp(node->op->attributes[i].name, ZERO_POINTS[z]) == 0 && attributes[i].type == OCT_ATTRIBUTE_INT) {
                attributes[i].integer += SIGN_OFFSET;
            }
        }
        if (attributes[i].type == OCT_ATTRIBUTE_STRING && strcmp(attributes[i].string, "qint8") == 0) {
            attributes[i].string = "quint8";
        }
    }
    node->attributes = attributes;
    if (strcmp(node->op->name, "aten::quantize_per_tensor") == 0) {
        const struct oct_op *op = oct_op_registry_find(graph->registry, "octet::quantize_signed");
        node->op = op ? op : node->op; // a registry of custom operators alone has neither
    }
    return OCT_OK;
}

static enum oct_status unsupported(const struct octi_node *node, struct oct_error *error)
{
    oct_error_clear(error);
    return oct_error_set(error, OCT_ERR_UNSUPPORTED, node->name, OCT_POSITION_NONE,
                         "%s cannot run on unsigned activations, to which signed ones are turned", node->op->name);
}

static enum oct_status rewrite_node(struct pass *pass, size_t index, struct oct_error *error)
{
    struct oct_graph *graph = pass->graph;
    struct octi_node *node = &graph->nodes[index];
    bool dirty = false, makes_signed = false;
    for (size_t i = 0; i < node->n_inputs; i++) {
        oct_value_id id = node->inputs[i];
        if (id == OCT_VALUE_NONE) {
            continue;
        }
        if (graph->values[id].kind != OCT_VALUE_CONSTANT) {
            dirty |= pass->changed[id] != 0;
        } else if (is_signed(graph, id) && !octi_input_is_weight(node->op, i)) {
            enum oct_status status = flip_constant(pass, &node->inputs[i], error);
            if (status != OCT_OK) {
                return status;
            }
            dirty = true;
        }
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        makes_signed |= is_signed(graph, node->outputs[i]);
    }
    if (!dirty && !makes_signed) {
        return OCT_OK;
    }
    enum oct_status status = makes_signed ? raise_attributes(graph, node, error) : OCT_OK;
    if (status != OCT_OK) {
        return status;
    }
    struct oct_tensor_desc outputs[OCT_OP_MAX_OUTPUTS];
    struct oct_error report = OCT_ERROR_INIT;
    status = octi_node_infer(graph, node, outputs, NULL, &report);
    if (status == OCT_ERR_NOMEM) {
        return octi_graph_no_memory(error);
    }
    if (status != OCT_OK) {
        return unsupported(node, error);
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        struct oct_tensor_desc *desc = &graph->values[node->outputs[i]].desc;
        if (desc->dtype == OCT_DTYPE_QINT8) {
            status = to_unsigned(graph, desc, error);
            if (status != OCT_OK) {
                return status;
            }
            pass->changed[node->outputs[i]] = 1;
        }
        if (desc->dtype != outputs[i].dtype || !oct_shape_equal(&desc->shape, &outputs[i].shape) ||
            !oct_qparams_equal(&desc->qparams, &outputs[i].qparams)) {
            return unsupported(node, error);
        }
    }
    return OCT_OK;
}

enum oct_status octi_pass_unsigned_activations(struct oct_graph *graph, struct oct_error *error)
{
    struct pass pass = {0};
    enum oct_status status = open_pass(graph, &pass, error);
    if (status != OCT_OK) {
        return status;
    }
    for (size_t i = 0; i < graph->n_inputs && status == OCT_OK; i++) {
        if (is_signed(graph, graph->inputs[i])) {
            status = to_unsigned(graph, &graph->values[graph->inputs[i]].desc, error);
            pass.changed[graph->inputs[i]] = 1;
        }
    }
    for (size_t n = 0; n < graph->n_nodes && status == OCT_OK; n++) {
        status = rewrite_node(&pass, n, error);
    }
    graph->allocator->release(graph->allocator->context, pass.block, pass.bytes);
    return status;
}
