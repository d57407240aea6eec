// DESIGN: a plan keeps nothing of the graph it was made from. While steps are prepared, which packs the large
// constants, they read the graph's bytes; what some step will read while running is copied afterwards. Constants that
// wait in a source are read in pieces while the step that packs them is prepared (constant_pieces), or as a whole for
// an operator that cannot do with pieces.
#include "engine/graph/desc.h"
#include "engine/runtime/constant_pieces.h"
#include "engine/runtime/plan_impl.h"

#include <string.h>

#define READABLE_PAST_END 64

/// What a plan keeps of a column beside its weights: a start, a bias, a multiplier and a zero point packed, and what
/// they were made from.
#define COLUMN_BYTES 28

struct preparing {
    struct oct_plan *plan;
    unsigned char *needed;              ///< [n_values] read while running
    struct octi_constant_pieces pieces; ///< of the weight of the step that is being prepared, where it was deferred
};

static enum oct_status keep_constant(struct oct_plan *plan, oct_value_id id, struct oct_error *error)
{
    struct octi_value *value = &plan->graph->values[id];
    const struct oct_allocator *allocator = &plan->budget.allocator;
    size_t bytes = octi_constant_bytes(value);
    unsigned char *block = allocator->allocate(allocator->context, bytes + READABLE_PAST_END, oct_align_of(bytes));
    if (!block) {
        return oct_error_set(error, OCT_ERR_NOMEM, value->name, OCT_POSITION_NONE,
                             "no memory for a constant of %zu bytes", bytes);
    }
    plan->constant_blocks[id] = block;
    if (octi_desc_copy(&plan->region, &value->desc, &value->desc) != OCT_OK) {
        return octi_graph_no_memory(error);
    }
    value->constant->desc.qparams = value->desc.qparams;
    if (octi_value_is_deferred(value)) {
        enum oct_status status = octi_value_read(value, 0, block, bytes, error);
        if (status != OCT_OK) {
            return status;
        }
    } else {
        memcpy(block, value->constant->data, bytes);
    }
    memset(block + bytes, 0, READABLE_PAST_END);
    value->constant->data = block;
    return OCT_OK;
}

// The graph's bytes and parameters per channel, which nobody reads any more.
static void forget_constant(struct octi_value *value)
{
    if (value->desc.qparams.scheme == OCT_QSCHEME_PER_CHANNEL_AFFINE) {
        value->desc.qparams.channels = 0;
        value->desc.qparams.scales = NULL;
        value->desc.qparams.zero_points = NULL;
    }
    value->constant->desc.qparams = value->desc.qparams;
    value->constant->data = NULL;
}

void octi_plan_release_constants(struct oct_plan *plan)
{
    const struct oct_allocator *allocator = &plan->budget.allocator;
    for (size_t v = 0; plan->constant_blocks && v < plan->graph->n_values; v++) {
        if (plan->constant_blocks[v]) {
            size_t bytes = octi_constant_bytes(&plan->graph->values[v]) + READABLE_PAST_END;
            allocator->release(allocator->context, plan->constant_blocks[v], bytes);
        }
    }
}

// What a step may read of a constant while it is prepared; `staged` is its weight's view.
static enum oct_status settle_constant(struct preparing *p,
                                       const struct octi_node *node,
                                       size_t input,
                                       struct oct_view *staged,
                                       const struct oct_view **constant,
                                       struct oct_error *error)
{
    const oct_value_id id = node->inputs[input];
    struct octi_value *value = id == OCT_VALUE_NONE ? NULL : &p->plan->graph->values[id];
    *constant = value && value->kind == OCT_VALUE_CONSTANT ? value->constant : NULL;
    if (!*constant || !octi_value_is_deferred(value)) {
        return OCT_OK;
    }
    if (!octi_input_is_weight(node->op, input)) {
        return octi_graph_fetch(p->plan->graph, id, error);
    }
    octi_constant_pieces_of(&p->pieces, value);
    if (node->op->flags & OCT_OP_READS_PIECES) {
        return OCT_OK;
    }
    *staged = *value->constant;
    staged->data = (void *)(uintptr_t)octi_constant_pieces_read(&p->pieces, 0, octi_constant_bytes(value), error);
    *constant = staged;
    return staged->data ? OCT_OK : error->status;
}

static enum oct_status call_prepare(struct preparing *p, size_t index, bool *constants_packed, struct oct_error *error)
{
    struct oct_plan *plan = p->plan;
    const struct octi_node *node = &plan->graph->nodes[index];
    struct octi_step *step = &plan->steps[index];
    const struct oct_tensor_desc *inputs[OCT_OP_MAX_INPUTS];
    const struct oct_view *constants[OCT_OP_MAX_INPUTS];
    struct oct_view staged;
    struct oct_tensor_desc outputs[OCT_OP_MAX_OUTPUTS];
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct octi_value *value =
            node->inputs[i] == OCT_VALUE_NONE ? NULL : &plan->graph->values[node->inputs[i]];
        inputs[i] = value ? &value->desc : NULL;
        enum oct_status status = settle_constant(p, node, i, &staged, &constants[i], error);
        if (status != OCT_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < node->n_outputs; i++) {
        outputs[i] = plan->graph->values[node->outputs[i]].desc;
    }
    struct oct_error report = OCT_ERROR_INIT;
    struct oct_op_prepare_call call = {.op = node->op,
                                       .attributes = node->attributes,
                                       .n_inputs = node->n_inputs,
                                       .inputs = inputs,
                                       .constants = constants,
                                       .n_outputs = node->n_outputs,
                                       .outputs = outputs,
                                       .cpu_features = plan->options.cpu_features,
                                       .max_rows = plan->max_rows,
                                       .plan_memory = &plan->region,
                                       .plan_shared = &plan->shared,
                                       .read = octi_constant_pieces_read,
                                       .read_context = &p->pieces,
                                       .error = &report};
    uint64_t before = plan->region.bytes;
    enum oct_status status = node->op->prepare(&call);
    if (status != OCT_OK) {
        oct_error_set(&report, status, NULL, OCT_POSITION_NONE, "the operator cannot be prepared");
        oct_error_prefix(&report, "node '%.48s' (%.48s)", node->name, node->op->name);
        if (error && error->status == OCT_OK) {
            *error = report;
            error->status = status;
        }
        return status;
    }
    *constants_packed = call.constants_packed && call.run;
    step->run = call.run ? call.run : node->op->reference;
    step->kernel = call.kernel ? call.kernel : "reference";
    step->run_part = call.run_part;
    step->takes_followers = call.takes_followers;
    step->state = call.state;
    step->state_bytes = plan->region.bytes - before;
    step->scratch_bytes = call.scratch_bytes;
    step->scratch_row_bytes = call.scratch_row_bytes;
    step->class_f = call.class_f;
    plan->class_f |= call.class_f;
    return OCT_OK;
}

static enum oct_status prepare_step(struct preparing *p, size_t index, struct oct_error *error)
{
    struct oct_plan *plan = p->plan;
    const struct octi_node *node = &plan->graph->nodes[index];
    struct octi_step *step = &plan->steps[index];
    bool packed = false;
    if (step->shared) {
        step->kernel = "view";
    } else if (node->op->prepare && !plan->options.reference_only) {
        enum oct_status status = call_prepare(p, index, &packed, error);
        if (status != OCT_OK) {
            return status;
        }
    } else {
        step->run = node->op->reference;
        step->kernel = "reference";
    }
    for (size_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i] != OCT_VALUE_NONE) {
            p->needed[node->inputs[i]] |= !packed;
        }
    }
    return OCT_OK;
}

static enum oct_status prepare_all(struct preparing *p, struct oct_error *error)
{
    struct oct_plan *plan = p->plan;
    const struct oct_graph *graph = plan->graph;
    for (size_t i = 0; i < graph->n_outputs; i++) {
        p->needed[graph->outputs[i].value] = 1;
    }
    for (size_t n = 0; n < graph->n_nodes; n++) {
        enum oct_status status = prepare_step(p, n, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    for (size_t v = 0; v < graph->n_values; v++) {
        struct octi_value *value = &plan->graph->values[v];
        if (value->kind != OCT_VALUE_CONSTANT) {
            value->constant = NULL;
        } else if (!p->needed[v]) {
            forget_constant(value);
        } else {
            enum oct_status status = keep_constant(plan, (oct_value_id)v, error);
            if (status != OCT_OK) {
                return status;
            }
        }
        value->source = NULL;
    }
    return OCT_OK;
}

// Packed weights are as large as those that wait in a source, and have parameters for each column; tables and what else
// steps keep may be an eighth more.
static void expect_packed(struct oct_plan *plan)
{
    uint64_t bytes = 0;
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        const struct octi_value *value = &plan->graph->values[v];
        if (octi_value_is_deferred(value) && value->desc.shape.rank > 0) {
            bytes += octi_constant_bytes(value) + COLUMN_BYTES * (uint64_t)value->desc.shape.dims[0];
        }
    }
    octi_region_expect(&plan->region, bytes + bytes / 8);
}

enum oct_status octi_plan_prepare(struct oct_plan *plan, struct oct_error *error)
{
    struct preparing p = {.plan = plan};
    size_t n = plan->graph->n_values;
    const struct oct_allocator *allocator = &plan->budget.allocator;
    plan->constant_blocks = octi_region_alloc_small(&plan->region, n * sizeof *plan->constant_blocks);
    p.needed = allocator->allocate(allocator->context, n + 1, OCT_ALIGN);
    if (!plan->constant_blocks || !p.needed) {
        allocator->release(allocator->context, p.needed, n + 1);
        return octi_graph_no_memory(error);
    }
    memset(p.needed, 0, n + 1);
    // Memory of no budget: that is for what a file merely declares, and for what stays.
    octi_constant_pieces_init(&p.pieces, plan->allocator);
    expect_packed(plan);
    enum oct_status status = prepare_all(&p, error);
    octi_constant_pieces_deinit(&p.pieces);
    allocator->release(allocator->context, p.needed, n + 1);
    return status;
}
