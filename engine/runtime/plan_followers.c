// DESIGN: nothing is rewritten. A follower stays a node of the graph with a call of its own; its step merely runs
// inside an earlier one, part by part. That is right because it works in place on a value that nobody else reads, and
// what else it reads was made before and, being read by the later step, is not written over until then.
#include "engine/runtime/plan_impl.h"

/// The step at which a value is there; steps are done along with their heads, which come earlier.
static int64_t ready_at(const struct oct_plan *plan, oct_value_id id)
{
    const struct octi_value *value = &plan->graph->values[id];
    return value->kind == OCT_VALUE_NODE ? (int64_t)plan->steps[value->node].head : -1;
}

/// Could step `index` follow the step that makes input `over`, whose storage its output has?
static bool may_follow(const struct oct_plan *plan, size_t index, size_t over, uint32_t *head)
{
    const struct octi_node *node = &plan->graph->nodes[index];
    const struct octi_value *made = &plan->graph->values[node->inputs[over]];
    if (made->kind != OCT_VALUE_NODE || made->uses != 1 ||
        plan->value_blocks[node->inputs[over]] != plan->value_blocks[node->outputs[0]]) {
        return false;
    }
    *head = plan->steps[made->node].head;
    bool handed_on = *head != made->node || plan->steps[made->node].takes_followers;
    for (size_t i = 0; i < node->n_inputs && handed_on; i++) {
        handed_on = i == over || node->inputs[i] == OCT_VALUE_NONE || ready_at(plan, node->inputs[i]) < (int64_t)*head;
    }
    return handed_on;
}

static void choose_heads(struct oct_plan *plan)
{
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        const struct octi_node *node = &plan->graph->nodes[n];
        struct octi_step *step = &plan->steps[n];
        step->head = (uint32_t)n;
        for (size_t i = 0; i < node->n_inputs && step->run_part && step->head == n; i++) {
            uint32_t head;
            if (node->inputs[i] != OCT_VALUE_NONE && may_follow(plan, n, i, &head)) {
                step->head = head;
                step->run = NULL;
                plan->steps[head].n_followers++;
                plan->n_followers++;
            }
        }
    }
}

enum oct_status octi_plan_follow(struct oct_plan *plan, struct oct_error *error)
{
    choose_heads(plan);
    plan->followers = octi_region_alloc_small(&plan->region, plan->n_followers * sizeof *plan->followers);
    if (!plan->followers) {
        return octi_graph_no_memory(error);
    }
    uint32_t next = 0;
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        plan->steps[n].first_follower = next;
        next += plan->steps[n].n_followers;
        plan->steps[n].n_followers = 0; // counted again below
    }
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        struct octi_step *head = &plan->steps[plan->steps[n].head];
        if (plan->steps[n].head != n) {
            plan->followers[head->first_follower + head->n_followers++] = (uint32_t)n;
        }
    }
    return OCT_OK;
}
