// DESIGN: the QDQ rewrite. ONNX files and PT2E exports say "dequantize, compute in float, quantize"; so do hand-written
// models. Each island around one operator becomes the quantized operator, when the values between are read by nobody
// else and the new node turns out to have exactly the dtype, shape and parameters the quantize node had. A pair that
// cancels is exact. add, hardswish, sigmoid and hardsigmoid give the same real numbers, but a quantized operator adds
// the zero point after it has rounded and quantize_per_tensor before: one step where a value lies at or next to a tie.
// linear and the convolutions are summed in integers besides, which differs from float sums by rounding. mul stays: its
// quantized formula is another one.
#include "engine/graph/desc.h"
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <math.h>
#include <string.h>

/// Between these bounds no product of a scale and a byte overflows or goes denormal, and dequantize -> quantize is the
/// identity.
#define TAME_SCALE_MIN 1e-30
#define TAME_SCALE_MAX 1e30

/// The quantize node under consideration and what is known of it.
struct island {
    size_t quantize;
    oct_value_id out;
    oct_value_id real; ///< the float value it reads
};

static bool is_byte_tensor(const struct oct_tensor_desc *desc)
{
    return (desc->dtype == OCT_DTYPE_QUINT8 || desc->dtype == OCT_DTYPE_QINT8) &&
           desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE;
}

/// The quantized value behind a dequantized one, or OCT_VALUE_NONE.
static oct_value_id quantized_source(struct oct_graph *graph, oct_value_id real)
{
    size_t node = octi_edit_match(graph, real, "aten::dequantize", false);
    return node == OCTI_NODE_NONE ? OCT_VALUE_NONE : octi_edit_input(graph, node, 0);
}

static oct_value_id byte_source(struct oct_graph *graph, oct_value_id real)
{
    oct_value_id source = quantized_source(graph, real);
    return source != OCT_VALUE_NONE && is_byte_tensor(octi_edit_desc(graph, source)) ? source : OCT_VALUE_NONE;
}

/// Takes `made` for the island if it is what the quantize node gave, else drops it again.
static bool adopt(struct oct_graph *graph, const struct island *island, oct_value_id made)
{
    if (made == OCT_VALUE_NONE) {
        return false;
    }
    if (!octi_desc_equal(octi_edit_desc(graph, made), octi_edit_desc(graph, island->out))) {
        octi_edit_remove(graph, graph->values[made].node);
        return false;
    }
    octi_edit_replace(graph, island->out, made);
    octi_edit_remove(graph, island->quantize);
    return true;
}

static bool cancel(struct oct_graph *graph, const struct island *island)
{
    oct_value_id source = byte_source(graph, island->real);
    if (source == OCT_VALUE_NONE ||
        !octi_desc_equal(octi_edit_desc(graph, source), octi_edit_desc(graph, island->out))) {
        return false;
    }
    double scale = octi_edit_desc(graph, source)->qparams.scale;
    if (scale < TAME_SCALE_MIN || scale > TAME_SCALE_MAX) {
        return false;
    }
    octi_edit_replace(graph, island->out, source);
    octi_edit_remove(graph, island->quantize);
    return true;
}

/// Inserts `op_name` over `inputs` with the island's output parameters under the given attribute names (NULL: it has
/// fixed ones).
static enum oct_status replace_island(struct oct_graph *graph,
                                      const struct island *island,
                                      const char *op_name,
                                      const oct_value_id *inputs,
                                      size_t n_inputs,
                                      size_t attributes_of,
                                      const char *scale_name,
                                      const char *zero_point_name,
                                      bool *done,
                                      struct oct_error *error)
{
    const struct oct_op *op = oct_op_registry_find(graph->registry, op_name);
    if (!op) {
        return OCT_OK;
    }
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    if (attributes_of != OCTI_NODE_NONE) {
        octi_edit_give_common(given, &n_given, &graph->nodes[attributes_of], op);
    }
    const struct oct_qparams qparams = octi_edit_desc(graph, island->out)->qparams;
    if (scale_name) {
        octi_edit_give_float(given, &n_given, scale_name, qparams.scale);
        octi_edit_give_int(given, &n_given, zero_point_name, qparams.zero_point);
    }
    oct_value_id made;
    const char *name = graph->values[island->out].name;
    enum oct_status status = octi_edit_insert(graph, name, op_name, inputs, n_inputs, given, n_given, &made, error);
    if (status == OCT_OK) {
        *done = adopt(graph, island, made);
    }
    return status;
}

struct unary_row {
    const char *real_op, *quantized_op;
    const char *scale_name, *zero_point_name;
};
static const struct unary_row UNARY[] = {
    {"aten::hardswish", "quantized::hardswish", "output_scale", "output_zero_point"},
    {"aten::sigmoid", "quantized::sigmoid", "output_scale", "output_zero_point"},
    {"aten::hardsigmoid", "aten::hardsigmoid", NULL, NULL},
};

static enum oct_status
rewrite_unary(struct oct_graph *graph, const struct island *island, bool *done, struct oct_error *error)
{
    for (size_t i = 0; i < sizeof UNARY / sizeof UNARY[0]; i++) {
        const struct unary_row *row = &UNARY[i];
        size_t node = octi_edit_match(graph, island->real, row->real_op, true);
        oct_value_id source =
            node == OCTI_NODE_NONE ? OCT_VALUE_NONE : byte_source(graph, octi_edit_input(graph, node, 0));
        if (source == OCT_VALUE_NONE) {
            continue;
        }
        enum oct_status status = replace_island(graph, island, row->quantized_op, &source, 1, OCTI_NODE_NONE,
                                                row->scale_name, row->zero_point_name, done, error);
        if (status == OCT_OK && *done) {
            octi_edit_remove(graph, node);
        }
        return status;
    }
    return OCT_OK;
}

static enum oct_status rewrite_add(
    struct oct_graph *graph, const struct island *island, size_t node, bool relu, bool *done, struct oct_error *error)
{
    const struct oct_attribute *alpha = octi_node_attribute(&graph->nodes[node], "alpha");
    if (alpha && alpha->present && alpha->number != 1.0) {
        return OCT_OK;
    }
    oct_value_id inputs[2];
    for (size_t i = 0; i < 2; i++) {
        inputs[i] = byte_source(graph, octi_edit_input(graph, node, i));
        if (inputs[i] == OCT_VALUE_NONE) {
            return OCT_OK;
        }
    }
    const char *op_name = relu ? "quantized::add_relu" : "quantized::add";
    return replace_island(graph, island, op_name, inputs, 2, OCTI_NODE_NONE, "scale", "zero_point", done, error);
}

/// ONNX keeps biases as int32 with a scale, which a dequantize makes floats: the quantized operators take those. Leaves
/// OCT_VALUE_NONE where there is no bias; `*known` says whether the bias, if any, is known.
static enum oct_status settle_bias(struct oct_graph *graph, oct_value_id *bias, bool *known, struct oct_error *error)
{
    *known = *bias == OCT_VALUE_NONE || graph->values[*bias].constant;
    if (*bias == OCT_VALUE_NONE || octi_edit_is_constant(graph, *bias) || !*known) {
        return OCT_OK;
    }
    const struct octi_value value = graph->values[*bias];
    return octi_graph_append_constant(graph, value.name, &value.desc, value.constant->data, bias, error);
}

struct product_row {
    const char *real_op, *quantized_op, *with_relu;
    const char *scale_name, *zero_point_name;
};
static const struct product_row PRODUCTS[] = {
    {"aten::linear", "quantized::linear", "quantized::linear_relu", "Y_scale_i", "Y_zero_point_i"},
    {"aten::conv1d", "quantized::conv1d", "quantized::conv1d_relu", "output_scale", "output_zero_point"},
    {"aten::conv2d", "quantized::conv2d", "quantized::conv2d_relu", "output_scale", "output_zero_point"},
    {"aten::conv3d", "quantized::conv3d", "quantized::conv3d_relu", "output_scale", "output_zero_point"},
};

static const struct product_row *product_row(const struct oct_graph *graph, size_t node)
{
    for (size_t i = 0; i < sizeof PRODUCTS / sizeof PRODUCTS[0]; i++) {
        if (octi_edit_is(graph, node, PRODUCTS[i].real_op)) {
            return &PRODUCTS[i];
        }
    }
    return NULL;
}

static enum oct_status rewrite_product(struct oct_graph *graph,
                                       const struct island *island,
                                       size_t node,
                                       const struct product_row *row,
                                       bool relu,
                                       bool *done,
                                       struct oct_error *error)
{
    oct_value_id inputs[3] = {byte_source(graph, octi_edit_input(graph, node, 0)),
                              quantized_source(graph, octi_edit_input(graph, node, 1)),
                              octi_edit_input(graph, node, 2)};
    if (inputs[0] == OCT_VALUE_NONE || inputs[1] == OCT_VALUE_NONE || !octi_edit_is_constant(graph, inputs[1]) ||
        octi_edit_desc(graph, inputs[1])->dtype != OCT_DTYPE_QINT8) {
        return OCT_OK;
    }
    bool known;
    enum oct_status status = settle_bias(graph, &inputs[2], &known, error);
    if (status != OCT_OK || !known) {
        return status;
    }
    return replace_island(graph, island, relu ? row->with_relu : row->quantized_op, inputs, 3, node, row->scale_name,
                          row->zero_point_name, done, error);
}

/// [relu of] add, linear or a convolution.
static enum oct_status
rewrite_binary(struct oct_graph *graph, const struct island *island, bool *done, struct oct_error *error)
{
    size_t relu = octi_edit_match(graph, island->real, "aten::relu", true);
    oct_value_id real = relu == OCTI_NODE_NONE ? island->real : octi_edit_input(graph, relu, 0);
    size_t node = octi_edit_producer(graph, real);
    if (node == OCTI_NODE_NONE || graph->values[octi_edit_resolve(graph, real)].uses != 1) {
        return OCT_OK;
    }
    enum oct_status status = OCT_OK;
    bool has_relu = relu != OCTI_NODE_NONE;
    if (octi_edit_is(graph, node, "aten::add")) {
        status = rewrite_add(graph, island, node, has_relu, done, error);
    } else if (product_row(graph, node) != NULL) {
        status = rewrite_product(graph, island, node, product_row(graph, node), has_relu, done, error);
    }
    if (status == OCT_OK && *done) {
        if (has_relu) {
            octi_edit_remove(graph, relu);
        }
        octi_edit_remove(graph, node);
    }
    return status;
}

enum oct_status octi_pass_quantize_islands(struct oct_graph *graph, struct oct_error *error)
{
    for (size_t n = 0; n < graph->n_nodes; n++) {
        if (!octi_edit_is(graph, n, "aten::quantize_per_tensor")) {
            continue;
        }
        struct island island = {n, graph->nodes[n].outputs[0], octi_edit_input(graph, n, 0)};
        if (!is_byte_tensor(octi_edit_desc(graph, island.out)) || cancel(graph, &island)) {
            continue;
        }
        bool done = false;
        enum oct_status status = rewrite_unary(graph, &island, &done, error);
        if (status == OCT_OK && !done) {
            status = rewrite_binary(graph, &island, &done, error);
        }
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}
