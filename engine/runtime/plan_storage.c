#include "engine/graph/desc.h"
#include "engine/runtime/plan_impl.h"

#include <string.h>

/// Values are grouped into classes that share one block. A class is known by its first value, its root.
struct sharing {
    struct oct_plan *plan;
    struct oct_graph *graph;
    uint32_t *root;     ///< [n_values]
    uint32_t *last_use; ///< [n_values] last step that reads the value; n_nodes for outputs of the graph
    uint32_t *last;     ///< [n_values] of roots: last use of any member so far
};

static void find_last_uses(struct sharing *s)
{
    for (size_t v = 0; v < s->graph->n_values; v++) {
        const struct octi_value *value = &s->graph->values[v];
        s->root[v] = (uint32_t)v;
        s->last_use[v] = value->kind == OCT_VALUE_NODE ? value->node : 0;
    }
    for (size_t n = 0; n < s->graph->n_nodes; n++) {
        const struct octi_node *node = &s->graph->nodes[n];
        for (size_t i = 0; i < node->n_inputs; i++) {
            if (node->inputs[i] != OCT_VALUE_NONE) {
                s->last_use[node->inputs[i]] = (uint32_t)n;
            }
        }
    }
    for (size_t i = 0; i < s->graph->n_outputs; i++) {
        s->last_use[s->graph->outputs[i].value] = (uint32_t)s->graph->n_nodes;
    }
    memcpy(s->last, s->last_use, s->graph->n_values * sizeof *s->last);
}

static bool same_bytes(const struct oct_tensor_desc *a, const struct oct_tensor_desc *b, int64_t rows)
{
    size_t bytes_a, bytes_b;
    return oct_tensor_bytes(a, rows, &bytes_a) == OCT_OK && oct_tensor_bytes(b, rows, &bytes_b) == OCT_OK &&
           bytes_a == bytes_b;
}

/// Do elements of input 0 and output 0 with the same place in memory have the same place in the output's dimensions?
static bool permuted_strides_equal(const struct octi_node *node,
                                   const struct oct_tensor_desc *in,
                                   const struct oct_tensor_desc *out,
                                   int64_t rows)
{
    int32_t dims[OCT_MAX_RANK];
    struct oct_view from = oct_view_dense(in, rows, NULL), to = oct_view_dense(out, rows, NULL);
    node->op->permutation(node->attributes, in->shape.rank, dims);
    for (int32_t d = 0; d < to.desc.shape.rank; d++) {
        if (to.desc.shape.dims[d] > 1 && to.strides[d] != from.strides[dims[d]]) {
            return false;
        }
    }
    return true;
}

/// A permutation that only undoes, or makes, a memory format: an image given as (N, H, W, C) that channels-last readers
/// want, or their result in that order. Strides are products with powers of N: those equal for 2 and 3 rows always are.
static bool is_renaming(const struct sharing *s, const struct octi_node *node)
{
    const struct octi_value *in = &s->graph->values[node->inputs[0]];
    const struct octi_value *out = &s->graph->values[node->outputs[0]];
    return node->op->permutation != NULL && in->kind != OCT_VALUE_CONSTANT &&
           permuted_strides_equal(node, &in->desc, &out->desc, 2) &&
           permuted_strides_equal(node, &in->desc, &out->desc, 3);
}

/// Has output 0 the bytes of input 0 in the same order?
static bool is_view(const struct sharing *s, const struct octi_node *node)
{
    const struct octi_value *in = &s->graph->values[node->inputs[0]];
    const struct octi_value *out = &s->graph->values[node->outputs[0]];
    bool keeps_order = (node->op->flags & OCT_OP_VIEW) || strcmp(node->op->name, "octet::memory_format") == 0;
    if (is_renaming(s, node)) {
        return true;
    }
    return keeps_order && in->kind != OCT_VALUE_CONSTANT && octi_desc_is_row_major(&in->desc) &&
           octi_desc_is_row_major(&out->desc) && same_bytes(&in->desc, &out->desc, 1) &&
           same_bytes(&in->desc, &out->desc, s->plan->max_rows);
}

/// May step `index` write output 0 over input 0?
static bool is_in_place(const struct sharing *s, const struct octi_node *node, uint32_t index)
{
    const struct octi_value *in = &s->graph->values[node->inputs[0]];
    const struct octi_value *out = &s->graph->values[node->outputs[0]];
    uint32_t root = s->root[node->inputs[0]];
    if (!(node->op->flags & OCT_OP_IN_PLACE) || s->plan->options.reference_only || in->kind == OCT_VALUE_CONSTANT ||
        s->last[root] != index || in->desc.format != out->desc.format ||
        oct_dtype_bytes(in->desc.dtype) != oct_dtype_bytes(out->desc.dtype) ||
        !oct_shape_equal(&in->desc.shape, &out->desc.shape)) {
        return false;
    }
    for (size_t i = 1; i < node->n_inputs; i++) {
        // Another input over the same bytes might be read in another order.
        if (node->inputs[i] != OCT_VALUE_NONE && s->root[node->inputs[i]] == root) {
            return false;
        }
    }
    return true;
}

static void share_outputs(struct sharing *s)
{
    for (size_t n = 0; n < s->graph->n_nodes; n++) {
        const struct octi_node *node = &s->graph->nodes[n];
        if (node->n_inputs == 0 || node->inputs[0] == OCT_VALUE_NONE) {
            continue;
        }
        bool view = is_view(s, node);
        if (!view && !is_in_place(s, node, (uint32_t)n)) {
            continue;
        }
        uint32_t root = s->root[node->inputs[0]], out = node->outputs[0];
        s->root[out] = root;
        s->last[root] = s->last[root] > s->last_use[out] ? s->last[root] : s->last_use[out];
        s->plan->steps[n].shared = view;
    }
}

static enum oct_status make_blocks(struct sharing *s, struct oct_error *error)
{
    struct oct_plan *plan = s->plan;
    // Room for one scratch block per step as well.
    size_t most = s->graph->n_values + s->graph->n_nodes;
    plan->blocks = octi_region_alloc_small(&plan->region, most * sizeof *plan->blocks);
    if (!plan->blocks) {
        return octi_graph_no_memory(error);
    }
    for (size_t v = 0; v < s->graph->n_values; v++) {
        const struct octi_value *value = &s->graph->values[v];
        plan->value_blocks[v] = OCTI_BLOCK_NONE;
        if (value->kind != OCT_VALUE_CONSTANT && s->root[v] == v) {
            uint32_t first = value->kind == OCT_VALUE_NODE ? value->node : 0;
            plan->value_blocks[v] = (uint32_t)plan->n_blocks;
            plan->blocks[plan->n_blocks++] =
                (struct octi_plan_block){.value = (oct_value_id)v, .first = first, .last = s->last[v]};
        }
    }
    for (size_t v = 0; v < s->graph->n_values; v++) {
        plan->value_blocks[v] = plan->value_blocks[s->root[v]];
    }
    return OCT_OK;
}

enum oct_status octi_plan_share(struct oct_plan *plan, struct oct_error *error)
{
    struct sharing s = {.plan = plan, .graph = plan->graph};
    const struct oct_allocator *allocator = &plan->budget.allocator;
    size_t n = plan->graph->n_values;
    size_t bytes = 3 * n * sizeof(uint32_t);
    plan->value_blocks = octi_region_alloc_small(&plan->region, n * sizeof *plan->value_blocks);
    s.root = allocator->allocate(allocator->context, bytes, OCT_ALIGN);
    if (!plan->value_blocks || !s.root) {
        allocator->release(allocator->context, s.root, bytes);
        return octi_graph_no_memory(error);
    }
    s.last_use = s.root + n;
    s.last = s.last_use + n;
    find_last_uses(&s);
    share_outputs(&s);
    enum oct_status status = make_blocks(&s, error);
    allocator->release(allocator->context, s.root, bytes);
    return status;
}
