// DESIGN: a plan keeps nothing of the graph it was made from. While steps are prepared, which packs the large
// constants, they read the graph's bytes; what some step will read while running is copied afterwards.
#include "engine/runtime/plan_impl.h"

#include <string.h>

#define READABLE_PAST_END 64

struct preparing {
    struct oct_plan *plan;
    unsigned char *needed; ///< [n_values] read while running
};

static size_t constant_bytes(const struct octi_value *value)
{
    size_t bytes;
    return oct_tensor_bytes(&value->desc, 1, &bytes) == OCT_OK ? bytes : 0; // checked when it was added
}

static enum oct_status keep_constant(struct oct_plan *plan, oct_value_id id, struct oct_error *error)
{
    struct octi_value *value = &plan->graph->values[id];
    const struct oct_allocator *allocator = &plan->budget.allocator;
    size_t bytes = constant_bytes(value);
    unsigned char *block = allocator->allocate(allocator->context, bytes + READABLE_PAST_END, oct_align_of(bytes));
    if (!block) {
        return oct_error_set(error, OCT_ERR_NOMEM, value->name, OCT_POSITION_NONE,
                             "no memory for a constant of %zu bytes", bytes);
    }
    memcpy(block, value->constant->data, bytes);
    memset(block + bytes, 0, READABLE_PAST_END);
    plan->constant_blocks[id] = block;
    value->constant->data = block;
    return OCT_OK;
}

void octi_plan_release_constants(struct oct_plan *plan)
{
    const struct oct_allocator *allocator = &plan->budget.allocator;
    for (size_t v = 0; plan->constant_blocks && v < plan->graph->n_values; v++) {
        if (plan->constant_blocks[v]) {
            size_t bytes = constant_bytes(&plan->graph->values[v]) + READABLE_PAST_END;
            allocator->release(allocator->context, plan->constant_blocks[v], bytes);
        }
    }
}

static enum oct_status
call_prepare(struct oct_plan *plan, size_t index, bool *constants_packed, struct oct_error *error)
{
    const struct octi_node *node = &plan->graph->nodes[index];
    struct octi_step *step = &plan->steps[index];
    const struct oct_tensor_desc *inputs[OCT_OP_MAX_INPUTS];
    const struct oct_view *constants[OCT_OP_MAX_INPUTS];
    struct oct_tensor_desc outputs[OCT_OP_MAX_OUTPUTS];
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct octi_value *value =
            node->inputs[i] == OCT_VALUE_NONE ? NULL : &plan->graph->values[node->inputs[i]];
        inputs[i] = value ? &value->desc : NULL;
        constants[i] = value && value->kind == OCT_VALUE_CONSTANT ? value->constant : NULL;
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
        enum oct_status status = call_prepare(plan, index, &packed, error);
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
            value->constant->data = NULL; // borrowed bytes that nobody reads any more
        } else {
            enum oct_status status = keep_constant(plan, (oct_value_id)v, error);
            if (status != OCT_OK) {
                return status;
            }
        }
    }
    return OCT_OK;
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
    enum oct_status status = prepare_all(&p, error);
    allocator->release(allocator->context, p.needed, n + 1);
    return status;
}
