#include "engine/base/checked.h"
#include "engine/graph/memplan.h"
#include "engine/runtime/plan_impl.h"

static void add_scratch_blocks(struct oct_plan *plan)
{
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        struct octi_step *step = &plan->steps[n];
        step->scratch_block = OCTI_BLOCK_NONE;
        if (step->scratch_bytes > 0 || step->scratch_row_bytes > 0) {
            step->scratch_block = (uint32_t)plan->n_blocks;
            plan->blocks[plan->n_blocks++] = (struct octi_plan_block){
                .value = OCT_VALUE_NONE, .step = (uint32_t)n, .first = (uint32_t)n, .last = (uint32_t)n};
        }
    }
}

static bool block_bytes(const struct oct_plan *plan, const struct octi_plan_block *block, int64_t rows, size_t *bytes)
{
    if (block->value != OCT_VALUE_NONE) {
        return oct_tensor_bytes(&plan->graph->values[block->value].desc, rows, bytes) == OCT_OK;
    }
    const struct octi_step *step = &plan->steps[block->step];
    size_t of_rows;
    return octi_mul_size(step->scratch_row_bytes, (size_t)rows, &of_rows) &&
           octi_add_size(of_rows, step->scratch_bytes, bytes);
}

static enum oct_status
lay_out(struct oct_plan *plan, struct octi_block *blocks, struct octi_layout *layout, struct oct_error *error)
{
    enum oct_status status = OCT_OK;
    for (size_t b = 0; b < plan->n_blocks && status == OCT_OK; b++) {
        blocks[b] = (struct octi_block){.first = plan->blocks[b].first, .last = plan->blocks[b].last};
        if (!block_bytes(plan, &plan->blocks[b], layout->rows, &blocks[b].bytes)) {
            status = OCT_ERR_LIMIT;
        }
    }
    if (status == OCT_OK) {
        status = octi_memplan(&plan->budget.allocator, blocks, plan->n_blocks, &layout->arena_bytes);
    }
    if (status == OCT_ERR_LIMIT) {
        return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE,
                             "the arena for %lld rows is larger than the address space", (long long)layout->rows);
    }
    if (status != OCT_OK) {
        return octi_graph_no_memory(error);
    }
    layout->offsets = octi_region_alloc_small(&plan->region, plan->n_blocks * sizeof *layout->offsets);
    if (!layout->offsets) {
        return octi_graph_no_memory(error);
    }
    for (size_t b = 0; b < plan->n_blocks; b++) {
        layout->offsets[b] = blocks[b].offset;
    }
    return OCT_OK;
}

/// Buckets of rows: powers of two and the maximum. Graphs too large for the greedy planner get one for all batches.
static size_t count_layouts(const struct oct_plan *plan)
{
    size_t n = 1;
    for (int64_t rows = 1; rows < plan->max_rows && plan->n_blocks <= OCTI_MEMPLAN_GREEDY_BLOCKS; rows *= 2) {
        n++;
    }
    return n;
}

enum oct_status octi_plan_lay_out(struct oct_plan *plan, struct oct_error *error)
{
    add_scratch_blocks(plan);
    plan->n_layouts = count_layouts(plan);
    plan->layouts = octi_region_alloc_small(&plan->region, plan->n_layouts * sizeof *plan->layouts);
    const struct oct_allocator *allocator = &plan->budget.allocator;
    size_t bytes = plan->n_blocks * sizeof(struct octi_block);
    struct octi_block *blocks = allocator->allocate(allocator->context, bytes, OCT_ALIGN);
    enum oct_status status = OCT_OK;
    if (!plan->layouts || !blocks) {
        status = octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < plan->n_layouts && status == OCT_OK; i++) {
        plan->layouts[i].rows = i + 1 == plan->n_layouts ? plan->max_rows : (int64_t)1 << i;
        status = lay_out(plan, blocks, &plan->layouts[i], error);
    }
    allocator->release(allocator->context, blocks, bytes);
    return status;
}

const struct octi_layout *octi_plan_layout(const struct oct_plan *plan, int64_t rows)
{
    size_t i = 0;
    while (i + 1 < plan->n_layouts && plan->layouts[i].rows < rows) {
        i++;
    }
    return &plan->layouts[i];
}
