// DESIGN: works on the blocks that plan_storage has made: what shares a block is one class, known by the first value
// made in it. A class that becomes a part gives up its block; its values get the strides of the whole.
#include "engine/ops/part.h"
#include "engine/runtime/plan_impl.h"

#include <string.h>

/// The first value made in the storage of `value`, or OCT_VALUE_NONE for constants.
static oct_value_id root_of(const struct oct_plan *plan, oct_value_id value)
{
    uint32_t block = plan->value_blocks[value];
    return block == OCTI_BLOCK_NONE ? OCT_VALUE_NONE : plan->blocks[block].value;
}

/// Can everything that makes `value` up to its storage write rows with a pitch, and does nobody else read it?
static bool takes_pitch(const struct oct_plan *plan, oct_value_id value)
{
    const oct_value_id root = root_of(plan, value);
    for (;;) {
        const struct octi_value *v = &plan->graph->values[value];
        if (v->kind != OCT_VALUE_NODE || v->uses != 1 || !(plan->graph->nodes[v->node].op->flags & OCT_OP_PITCHED)) {
            return false;
        }
        if (value == root) {
            return true;
        }
        const struct octi_node *node = &plan->graph->nodes[v->node];
        size_t i = 0; // one input has the same storage, or `value` would be the root
        while (node->inputs[i] == OCT_VALUE_NONE || root_of(plan, node->inputs[i]) != root) {
            i++;
        }
        value = node->inputs[i];
    }
}

static bool is_part(const struct oct_plan *plan, oct_value_id value, const struct oct_tensor_desc *whole)
{
    const struct oct_tensor_desc *desc = &plan->graph->values[value].desc;
    return takes_pitch(plan, value) && desc->format == whole->format &&
           (!oct_dtype_is_quantized(whole->dtype) || oct_qparams_equal(&desc->qparams, &whole->qparams));
}

/// Has the parts of concatenation `index` made where they belong. All of them: there is nothing left to do.
static void place_parts(struct oct_plan *plan, size_t index)
{
    const struct octi_node *node = &plan->graph->nodes[index];
    const struct oct_tensor_desc *whole = &plan->graph->values[node->outputs[0]].desc;
    const struct oct_attribute *attribute = octi_node_attribute(node, "dim");
    const int32_t inner = octi_part_inner_dim(whole);
    int64_t dim = attribute ? attribute->integer : 0;
    dim += dim < 0 ? whole->shape.rank : 0;
    if (dim != inner || whole->shape.dims[inner] < 0) {
        return; // no constant share of a row
    }
    int64_t first = 0;
    bool all = true;
    for (size_t i = 0; i < node->n_inputs; i++) {
        bool part = is_part(plan, node->inputs[i], whole);
        if (part) {
            plan->slices[root_of(plan, node->inputs[i])] = (struct octi_slice){node->outputs[0], first};
        }
        all = all && part;
        first += plan->graph->values[node->inputs[i]].desc.shape.dims[inner];
    }
    plan->steps[index].shared = all;
}

/// Parts of parts become parts of the outermost value; what shares the storage of a part is one too.
static void settle_slices(struct oct_plan *plan)
{
    struct octi_slice *slices = plan->slices;
    for (size_t n = plan->graph->n_nodes; n-- > 0;) { // a whole is made after its parts
        const struct octi_node *node = &plan->graph->nodes[n];
        for (size_t i = 0; i < node->n_outputs; i++) {
            struct octi_slice *slice = &slices[node->outputs[i]];
            if (slice->whole != OCT_VALUE_NONE && slices[slice->whole].whole != OCT_VALUE_NONE) {
                slice->first += slices[slice->whole].first;
                slice->whole = slices[slice->whole].whole;
            }
        }
    }
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        oct_value_id root = root_of(plan, (oct_value_id)v);
        if (root != OCT_VALUE_NONE) {
            slices[v] = slices[root];
        }
    }
}

/// Drops the blocks of parts. @param moved  [n_blocks] working memory
static void merge_blocks(struct oct_plan *plan, uint32_t *moved)
{
    for (size_t b = 0; b < plan->n_blocks; b++) {
        oct_value_id whole = plan->slices[plan->blocks[b].value].whole;
        if (whole != OCT_VALUE_NONE) {
            struct octi_plan_block *into = &plan->blocks[plan->value_blocks[whole]];
            into->first = plan->blocks[b].first < into->first ? plan->blocks[b].first : into->first;
        }
    }
    size_t kept = 0;
    for (size_t b = 0; b < plan->n_blocks; b++) {
        moved[b] = (uint32_t)kept;
        if (plan->slices[plan->blocks[b].value].whole == OCT_VALUE_NONE) {
            plan->blocks[kept++] = plan->blocks[b];
        }
    }
    plan->n_blocks = kept;
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        if (plan->value_blocks[v] != OCTI_BLOCK_NONE && plan->slices[v].whole == OCT_VALUE_NONE) {
            plan->value_blocks[v] = moved[plan->value_blocks[v]];
        }
    }
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        if (plan->slices[v].whole != OCT_VALUE_NONE) { // a whole is no part, so its block is settled
            plan->value_blocks[v] = plan->value_blocks[plan->slices[v].whole];
        }
    }
}

enum oct_status octi_plan_place_parts(struct oct_plan *plan, struct oct_error *error)
{
    const struct oct_allocator *allocator = &plan->budget.allocator;
    size_t bytes = (plan->n_blocks + 1) * sizeof(uint32_t);
    plan->slices = octi_region_alloc_small(&plan->region, plan->graph->n_values * sizeof *plan->slices);
    uint32_t *moved = allocator->allocate(allocator->context, bytes, OCT_ALIGN);
    if (!plan->slices || !moved) {
        allocator->release(allocator->context, moved, bytes);
        return octi_graph_no_memory(error);
    }
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        plan->slices[v].whole = OCT_VALUE_NONE;
    }
    for (size_t n = 0; n < plan->graph->n_nodes && !plan->options.reference_only; n++) {
        if (plan->graph->nodes[n].op->flags & OCT_OP_JOINS) {
            place_parts(plan, n);
        }
    }
    settle_slices(plan);
    merge_blocks(plan, moved);
    allocator->release(allocator->context, moved, bytes);
    return OCT_OK;
}

size_t octi_plan_slice_bytes(const struct oct_plan *plan, oct_value_id value)
{
    const struct octi_slice *slice = &plan->slices[value];
    size_t bytes = oct_dtype_bytes(plan->graph->values[value].desc.dtype);
    return slice->whole == OCT_VALUE_NONE ? 0 : (size_t)slice->first * bytes; // within the block: it fits
}
