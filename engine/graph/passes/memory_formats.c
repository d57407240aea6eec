// DESIGN: one walk backward asks which values channels-last readers want, one walk forward decides the format of each
// and inserts a copy where a reader needs another one than there is (one per value and format, shared by its readers).
// Operators that may write any format (quantize, dequantize) write what is wanted, so that the graph's row-major inputs
// usually cost no copy of their own; element-wise operators stay in the format of their inputs. What reads weights gets
// them as they are. Constants are permuted here, once. Where both formats are the same bytes the inserted node costs
// nothing: the planner shares storage.
#include "engine/graph/desc.h"
#include "engine/graph/edit.h"
#include "engine/graph/passes/passes.h"

#include <stdio.h>
#include <string.h>

#define CONVERT_OP "octet::memory_format"

struct pass {
    struct oct_graph *graph;
    size_t n_values, bytes;
    unsigned char *block;
    unsigned char *wants_last; ///< [n_values]
    oct_value_id *converted;   ///< [n_values] the value in the other format, or OCT_VALUE_NONE
};

static enum oct_status open_pass(struct oct_graph *graph, struct pass *pass, struct oct_error *error)
{
    pass->graph = graph;
    pass->n_values = graph->n_values;
    pass->bytes = graph->n_values * (sizeof *pass->converted + 1) + 1;
    pass->block = graph->allocator->allocate(graph->allocator->context, pass->bytes, OCT_ALIGN);
    if (!pass->block) {
        return octi_graph_no_memory(error);
    }
    pass->converted = (oct_value_id *)(void *)pass->block;
    pass->wants_last = pass->block + graph->n_values * sizeof *pass->converted;
    memset(pass->wants_last, 0, graph->n_values);
    for (size_t i = 0; i < graph->n_values; i++) {
        pass->converted[i] = OCT_VALUE_NONE;
    }
    return OCT_OK;
}

static bool is_element_wise(const struct oct_op *op)
{
    return (op->flags & (OCT_OP_ANY_FORMAT | OCT_OP_STRIDED)) == OCT_OP_ANY_FORMAT;
}

/// Has the value a choice of format at this input?
static bool is_image(const struct oct_graph *graph, const struct octi_node *node, size_t input)
{
    oct_value_id id = node->inputs[input];
    return id != OCT_VALUE_NONE && oct_format_applies(graph->values[id].desc.shape.rank) &&
           !octi_input_is_weight(node->op, input);
}

/// May the input be channels-last where the node works channels-last? An operand that broadcasts from another rank has
/// its dimensions elsewhere.
static bool goes_along(const struct oct_graph *graph, const struct octi_node *node, size_t input)
{
    int32_t rank = graph->values[node->inputs[input]].desc.shape.rank;
    return oct_op_is_image(node->op, rank) ||
           (is_element_wise(node->op) && rank == graph->values[node->outputs[0]].desc.shape.rank);
}

static bool output_wants_last(const struct pass *pass, const struct octi_node *node)
{
    for (size_t i = 0; i < node->n_outputs; i++) {
        if (pass->wants_last[node->outputs[i]]) {
            return true;
        }
    }
    return false;
}

static void collect_wishes(struct pass *pass)
{
    const struct oct_graph *graph = pass->graph;
    for (size_t n = graph->n_nodes; n-- > 0;) {
        const struct octi_node *node = &graph->nodes[n];
        bool wants =
            (node->op->flags & OCT_OP_CHANNELS_LAST) || (is_element_wise(node->op) && output_wants_last(pass, node));
        for (size_t i = 0; i < node->n_inputs && wants; i++) {
            if (is_image(graph, node, i) && goes_along(graph, node, i)) {
                pass->wants_last[node->inputs[i]] = 1;
            }
        }
    }
}

static enum oct_memory_format other(enum oct_memory_format format)
{
    return format == OCT_FORMAT_CONTIGUOUS ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS;
}

static enum oct_status
convert_constant(struct oct_graph *graph, oct_value_id id, oct_value_id *out, struct oct_error *error)
{
    enum oct_status status = octi_graph_fetch(graph, id, error);
    if (status != OCT_OK) {
        return status;
    }
    const struct octi_value value = graph->values[id];
    struct oct_tensor_desc desc = value.desc;
    desc.format = other(desc.format);
    void *data = value.constant->data;
    if (!octi_desc_is_row_major(&desc)) {
        size_t bytes;
        data = NULL;
        if (oct_tensor_bytes(&desc, 1, &bytes) == OCT_OK) {
            data = octi_region_alloc(&graph->region, bytes);
        }
        if (!data) {
            return octi_graph_no_memory(error);
        }
        struct oct_view to = oct_view_dense(&desc, 1, data);
        oct_view_copy(&to, value.constant);
    }
    return octi_graph_append_constant(graph, value.name, &desc, data, out, error);
}

static enum oct_status
convert_value(struct oct_graph *graph, oct_value_id id, oct_value_id *out, struct oct_error *error)
{
    enum oct_memory_format format = other(graph->values[id].desc.format);
    const char *text = format == OCT_FORMAT_CONTIGUOUS ? "contiguous" : "channels_last";
    struct oct_attribute_given given = {"format", {.present = true, .type = OCT_ATTRIBUTE_STRING, .string = text}};
    char name[OCT_GRAPH_MAX_NAME_BYTES + 16];
    snprintf(name, sizeof name, "%.*s.%s", OCT_GRAPH_MAX_NAME_BYTES, graph->values[id].name, text);
    enum oct_status status = octi_edit_insert(graph, name, CONVERT_OP, &id, 1, &given, 1, out, error);
    if (status != OCT_OK) {
        return status;
    }
    if (*out == OCT_VALUE_NONE) {
        return oct_error_set(error, OCT_ERR_INTERNAL, name, OCT_POSITION_NONE, "%s refuses a tensor", CONVERT_OP);
    }
    graph->values[*out].desc.format = format;
    return OCT_OK;
}

/// Redirects `*id` to the same value in `format`.
static enum oct_status
bring_to(struct pass *pass, oct_value_id *id, enum oct_memory_format format, struct oct_error *error)
{
    struct oct_graph *graph = pass->graph;
    if (graph->values[*id].desc.format == format) {
        return OCT_OK;
    }
    oct_value_id *converted = &pass->converted[*id];
    if (*converted == OCT_VALUE_NONE) {
        enum oct_status status = graph->values[*id].kind == OCT_VALUE_CONSTANT
                                     ? convert_constant(graph, *id, converted, error)
                                     : convert_value(graph, *id, converted, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    *id = *converted;
    return OCT_OK;
}

/// The format that an element-wise node works in: channels-last as soon as one computed input has it.
static enum oct_memory_format common_format(const struct oct_graph *graph, const struct octi_node *node)
{
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (is_image(graph, node, i) && goes_along(graph, node, i) &&
            graph->values[node->inputs[i]].kind != OCT_VALUE_CONSTANT &&
            graph->values[node->inputs[i]].desc.format == OCT_FORMAT_CHANNELS_LAST) {
            return OCT_FORMAT_CHANNELS_LAST;
        }
    }
    return OCT_FORMAT_CONTIGUOUS;
}

static enum oct_status settle_node(struct pass *pass, size_t index, struct oct_error *error)
{
    struct oct_graph *graph = pass->graph;
    const struct octi_node *node = &graph->nodes[index];
    unsigned flags = node->op->flags;
    bool takes_all = (flags & OCT_OP_STRIDED) != 0;
    enum oct_memory_format inside = OCT_FORMAT_CONTIGUOUS;
    if (flags & OCT_OP_CHANNELS_LAST) {
        inside = OCT_FORMAT_CHANNELS_LAST;
    } else if (flags & OCT_OP_ANY_FORMAT) {
        inside = takes_all ? (output_wants_last(pass, node) ? OCT_FORMAT_CHANNELS_LAST : OCT_FORMAT_CONTIGUOUS)
                           : common_format(graph, node);
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        struct octi_value *value = &graph->values[node->outputs[i]];
        int32_t rank = value->desc.shape.rank;
        bool has_choice = (flags & OCT_OP_CHANNELS_LAST) ? oct_op_is_image(node->op, rank) : oct_format_applies(rank);
        value->desc.format = has_choice ? inside : OCT_FORMAT_CONTIGUOUS;
    }
    for (size_t i = 0; i < graph->nodes[index].n_inputs && !takes_all; i++) {
        if (is_image(graph, &graph->nodes[index], i)) {
            oct_value_id id = graph->nodes[index].inputs[i];
            bool along = goes_along(graph, &graph->nodes[index], i);
            enum oct_status status = bring_to(pass, &id, along ? inside : OCT_FORMAT_CONTIGUOUS, error);
            if (status != OCT_OK) {
                return status;
            }
            graph->nodes[index].inputs[i] = id;
        }
    }
    return OCT_OK;
}

enum oct_status octi_pass_memory_formats(struct oct_graph *graph, struct oct_error *error)
{
    struct pass pass = {0};
    enum oct_status status = open_pass(graph, &pass, error);
    if (status != OCT_OK) {
        return status;
    }
    collect_wishes(&pass);
    size_t n_nodes = graph->n_nodes; // conversions are appended behind
    for (size_t n = 0; n < n_nodes && status == OCT_OK; n++) {
        status = settle_node(&pass, n, error);
    }
    for (size_t i = 0; i < graph->n_outputs && status == OCT_OK; i++) {
        status = bring_to(&pass, &graph->outputs[i].value, OCT_FORMAT_CONTIGUOUS, error);
    }
    graph->allocator->release(graph->allocator->context, pass.block, pass.bytes);
    return status;
}
