#include "engine/runtime/plan_impl.h"

size_t oct_plan_input_count(const struct oct_plan *plan)
{
    return plan->graph->n_inputs;
}

size_t oct_plan_output_count(const struct oct_plan *plan)
{
    return plan->graph->n_outputs;
}

const struct oct_port *oct_plan_input(const struct oct_plan *plan, size_t index)
{
    return &plan->inputs[index];
}

const struct oct_port *oct_plan_output(const struct oct_plan *plan, size_t index)
{
    return &plan->outputs[index];
}

int64_t oct_plan_max_rows(const struct oct_plan *plan)
{
    return plan->max_rows;
}

bool oct_plan_rows_independent(const struct oct_plan *plan, const char **reason)
{
    return oct_graph_rows_independent(plan->graph, reason);
}

bool oct_plan_is_class_f(const struct oct_plan *plan)
{
    return plan->class_f;
}

size_t oct_plan_arena_bytes(const struct oct_plan *plan, int64_t rows)
{
    return octi_plan_layout(plan, rows)->arena_bytes;
}

uint64_t oct_plan_resident_bytes(const struct oct_plan *plan)
{
    return plan->budget.budget.live_bytes + sizeof *plan;
}

const struct oct_graph *oct_plan_graph(const struct oct_plan *plan)
{
    return plan->graph;
}

size_t oct_plan_step_count(const struct oct_plan *plan)
{
    return plan->graph->n_nodes;
}

struct oct_step_info oct_plan_step(const struct oct_plan *plan, size_t index)
{
    const struct octi_step *step = &plan->steps[index];
    return (struct oct_step_info){.kernel = step->kernel,
                                  .head = step->head,
                                  .class_f = step->class_f,
                                  .state_bytes = step->state_bytes,
                                  .scratch_bytes =
                                      step->scratch_bytes + step->scratch_row_bytes * (uint64_t)plan->max_rows};
}

struct oct_slot_info oct_plan_slot(const struct oct_plan *plan, oct_value_id value, int64_t rows)
{
    struct oct_slot_info slot = {.in_arena = false};
    if (oct_tensor_bytes(&plan->graph->values[value].desc, rows, &slot.bytes) != OCT_OK) {
        slot.bytes = 0; // cannot be for rows within max_rows
    }
    uint32_t block = plan->value_blocks[value];
    if (block != OCTI_BLOCK_NONE) {
        slot.in_arena = true;
        slot.offset_bytes = octi_plan_layout(plan, rows)->offsets[block] + octi_plan_slice_bytes(plan, value);
        slot.part = plan->slices[value].whole != OCT_VALUE_NONE;
    }
    return slot;
}
