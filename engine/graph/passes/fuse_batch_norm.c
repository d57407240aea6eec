// DESIGN: torch's fuse_conv_bn: w' = w * (gamma * rsqrt(var + eps)) per output channel, b' = (b - mean) * rsqrt(var +
// eps) * gamma + beta. Done in double and rounded once to float32, so that the fused weights are the nearest there are.
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/// Inputs of aten::batch_norm.
enum { BN_INPUT, BN_WEIGHT, BN_BIAS, BN_MEAN, BN_VARIANCE, BN_COUNT };

struct match {
    size_t product, batch_norm;
    oct_value_id input, weight, bias;
    oct_value_id bn[BN_COUNT];
    size_t channels;
    size_t weights_per_channel;
    double eps;
};

static bool is_float_constant(struct oct_graph *graph, oct_value_id value, size_t elements)
{
    int64_t found;
    return octi_edit_is_constant(graph, value) && octi_edit_desc(graph, value)->dtype == OCT_DTYPE_FLOAT32 &&
           oct_shape_elements(&octi_edit_desc(graph, value)->shape, 1, &found) == OCT_OK && (uint64_t)found == elements;
}

static const float *floats(const struct oct_graph *graph, oct_value_id value)
{
    return value == OCT_VALUE_NONE ? NULL : graph->values[value].constant->data;
}

/// The convolution, or linear layer, that the batch norm reads alone.
static size_t find_product(struct oct_graph *graph, oct_value_id normalized)
{
    static const char *const convolutions[] = {"aten::conv1d", "aten::conv2d", "aten::conv3d"};
    for (size_t i = 0; i < sizeof convolutions / sizeof convolutions[0]; i++) {
        size_t node = octi_edit_match(graph, normalized, convolutions[i], true);
        if (node != OCTI_NODE_NONE) {
            return node;
        }
    }
    // Only for [N, C] is the linear layer's last dimension the channel.
    return octi_edit_desc(graph, normalized)->shape.rank == 2 ? octi_edit_match(graph, normalized, "aten::linear", true)
                                                              : OCTI_NODE_NONE;
}

static bool find_match(struct oct_graph *graph, size_t batch_norm, struct match *match)
{
    for (size_t i = 0; i < BN_COUNT; i++) {
        match->bn[i] = octi_edit_input(graph, batch_norm, i);
    }
    match->batch_norm = batch_norm;
    match->product = find_product(graph, match->bn[BN_INPUT]);
    if (match->product == OCTI_NODE_NONE) {
        return false;
    }
    match->input = octi_edit_input(graph, match->product, 0);
    match->weight = octi_edit_input(graph, match->product, 1);
    match->bias = octi_edit_input(graph, match->product, 2);
    const struct oct_attribute *eps = octi_node_attribute(&graph->nodes[batch_norm], "eps");
    int64_t elements;
    if (!eps || !eps->present || !octi_edit_is_constant(graph, match->weight)) {
        return false;
    }
    match->eps = eps->number;
    const struct oct_shape *shape = &octi_edit_desc(graph, match->weight)->shape;
    if (shape->rank < 1 || oct_shape_elements(shape, 1, &elements) != OCT_OK) {
        return false;
    }
    match->channels = (size_t)shape->dims[0];
    match->weights_per_channel = (size_t)elements / match->channels;
    if (!is_float_constant(graph, match->weight, (size_t)elements) ||
        (match->bias != OCT_VALUE_NONE && !is_float_constant(graph, match->bias, match->channels))) {
        return false;
    }
    for (size_t i = BN_WEIGHT; i < BN_COUNT; i++) {
        bool optional = i == BN_WEIGHT || i == BN_BIAS;
        if (!(optional && match->bn[i] == OCT_VALUE_NONE) && !is_float_constant(graph, match->bn[i], match->channels)) {
            return false;
        }
    }
    return true;
}

/// Fills the fused arrays; false when a factor is not finite, which is better left as it was.
static bool fold_numbers(const struct oct_graph *graph, const struct match *match, float *weights, float *biases)
{
    const float *weight = floats(graph, match->weight), *bias = floats(graph, match->bias);
    const float *gamma = floats(graph, match->bn[BN_WEIGHT]), *beta = floats(graph, match->bn[BN_BIAS]);
    const float *mean = floats(graph, match->bn[BN_MEAN]), *variance = floats(graph, match->bn[BN_VARIANCE]);
    for (size_t c = 0; c < match->channels; c++) {
        double inverse = 1.0 / sqrt((double)variance[c] + match->eps);
        double factor = (gamma ? (double)gamma[c] : 1.0) * inverse;
        double shifted = (bias ? (double)bias[c] : 0.0) - (double)mean[c];
        double fused = shifted * factor + (beta ? (double)beta[c] : 0.0);
        if (!isfinite(factor) || !isfinite((float)fused)) {
            return false;
        }
        biases[c] = (float)fused;
        for (size_t i = 0; i < match->weights_per_channel; i++) {
            size_t at = c * match->weights_per_channel + i;
            weights[at] = (float)((double)weight[at] * factor);
        }
    }
    return true;
}

static enum oct_status fuse(struct oct_graph *graph, const struct match *match, struct oct_error *error)
{
    size_t n_weights = match->channels * match->weights_per_channel;
    float *weights = octi_region_alloc(&graph->region, n_weights * sizeof *weights);
    float *biases = octi_region_alloc(&graph->region, match->channels * sizeof *biases);
    if (!weights || !biases) {
        return octi_graph_no_memory(error);
    }
    if (!fold_numbers(graph, match, weights, biases)) {
        return OCT_OK;
    }
    struct oct_tensor_desc bias_desc = {.dtype = OCT_DTYPE_FLOAT32};
    bias_desc.shape = (struct oct_shape){.rank = 1, .dims = {(int64_t)match->channels}};
    char name[OCT_GRAPH_MAX_NAME_BYTES + 16];
    const char *base = graph->values[match->weight].name;
    oct_value_id inputs[3] = {match->input, OCT_VALUE_NONE, OCT_VALUE_NONE};
    snprintf(name, sizeof name, "%.*s.fused", OCT_GRAPH_MAX_NAME_BYTES, base);
    struct oct_tensor_desc weight_desc = *octi_edit_desc(graph, match->weight);
    enum oct_status status = octi_graph_append_constant(graph, name, &weight_desc, weights, &inputs[1], error);
    if (status != OCT_OK) {
        return status;
    }
    snprintf(name, sizeof name, "%.*s.fused_bias", OCT_GRAPH_MAX_NAME_BYTES, base);
    status = octi_graph_append_constant(graph, name, &bias_desc, biases, &inputs[2], error);
    if (status != OCT_OK) {
        return status;
    }
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    const struct octi_node *product = &graph->nodes[match->product];
    octi_edit_give_common(given, &n_given, product, product->op);
    oct_value_id old = graph->nodes[match->batch_norm].outputs[0], made;
    status =
        octi_edit_insert(graph, graph->values[old].name, product->op->name, inputs, 3, given, n_given, &made, error);
    if (status != OCT_OK || made == OCT_VALUE_NONE) {
        return status;
    }
    octi_edit_replace(graph, old, made);
    octi_edit_remove(graph, match->batch_norm);
    octi_edit_remove(graph, match->product);
    return OCT_OK;
}

enum oct_status octi_pass_fuse_batch_norm(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        struct match match;
        if (octi_edit_is(graph, n, "aten::batch_norm") && find_match(graph, n, &match)) {
            enum oct_status status = fuse(graph, &match, error);
            if (status != OCT_OK) {
                return status;
            }
        }
    }
    return OCT_OK;
}
