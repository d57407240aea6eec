#include "engine/runtime/plan_impl.h"

#include "engine/base/checked.h"
#include "engine/graph/passes/passes.h"
#include "octet/cpu.h"

#include <string.h>

struct oct_plan_options oct_plan_options_default(void)
{
    return (struct oct_plan_options){.max_rows = OCT_PLAN_DEFAULT_MAX_ROWS,
                                     .budget_bytes = OCT_PLAN_DEFAULT_BUDGET,
                                     .cpu_features = oct_cpu_detect()};
}

static enum oct_status settle_options(const struct oct_graph *graph,
                                      const struct oct_plan_options *given,
                                      struct oct_plan_options *options,
                                      struct oct_error *error)
{
    *options = given ? *given : oct_plan_options_default();
    options->allocator = options->allocator ? options->allocator : oct_allocator_default();
    options->max_rows = options->max_rows ? options->max_rows : OCT_PLAN_DEFAULT_MAX_ROWS;
    options->budget_bytes = options->budget_bytes ? options->budget_bytes : OCT_PLAN_DEFAULT_BUDGET;
    if (options->max_rows < 1 || options->max_rows > OCT_PLAN_MAX_ROWS) {
        return oct_error_set(error, OCT_ERR_INVALID, "max_rows", OCT_POSITION_NONE, "%lld: expected 1..%d",
                             (long long)options->max_rows, OCT_PLAN_MAX_ROWS);
    }
    if (!graph->finished) {
        return oct_error_set(error, OCT_ERR_INVALID, "graph", OCT_POSITION_NONE, "the graph is not finished");
    }
    return OCT_OK;
}

static bool has_batched_input(const struct oct_graph *graph)
{
    for (size_t i = 0; i < graph->n_inputs; i++) {
        if (oct_shape_has_batch(&graph->values[graph->inputs[i]].desc.shape)) {
            return true;
        }
    }
    return false;
}

/// A value that alone breaks the budget is refused before anything is allocated in proportion to anything.
static enum oct_status check_values(const struct oct_plan *plan, const struct oct_graph *graph, struct oct_error *error)
{
    for (size_t v = 0; v < graph->n_values; v++) {
        const struct octi_value *value = &graph->values[v];
        size_t bytes = SIZE_MAX;
        if (oct_tensor_bytes(&value->desc, plan->max_rows, &bytes) == OCT_OK && bytes <= plan->options.budget_bytes) {
            continue;
        }
        char shape[96];
        oct_shape_format(&value->desc.shape, shape, sizeof shape);
        return oct_error_set(error, OCT_ERR_LIMIT, value->name, OCT_POSITION_NONE,
                             "%s %s takes %s%llu bytes for %lld rows, the budget of the plan is %llu",
                             oct_dtype_name(value->desc.dtype), shape, bytes == SIZE_MAX ? "more than " : "",
                             (unsigned long long)bytes, (long long)plan->max_rows,
                             (unsigned long long)plan->options.budget_bytes);
    }
    return OCT_OK;
}

/// Plan and the largest arena together stay within the budget.
static enum oct_status check_arena(const struct oct_plan *plan, struct oct_error *error)
{
    uint64_t held = plan->budget.budget.live_bytes;
    uint64_t arena = plan->layouts[plan->n_layouts - 1].arena_bytes;
    if (arena <= plan->options.budget_bytes && held <= plan->options.budget_bytes - arena) {
        return OCT_OK;
    }
    return oct_error_set(error, OCT_ERR_LIMIT, NULL, OCT_POSITION_NONE,
                         "a plan of %llu bytes and an arena of %llu for %lld rows exceed the budget of %llu bytes",
                         (unsigned long long)held, (unsigned long long)arena, (long long)plan->max_rows,
                         (unsigned long long)plan->options.budget_bytes);
}

static enum oct_status rewrite(struct oct_plan *plan, struct oct_graph *work, struct oct_error *error)
{
    // The reference without rewriting is the answer to compare with: it shares nothing with what it checks.
    if (plan->options.no_rewrite && plan->options.reference_only) {
        return OCT_OK;
    }
    enum oct_status status = octi_graph_rewrite(work, plan->options.no_rewrite, error);
    return status == OCT_OK ? check_values(plan, work, error) : status;
}

static enum oct_status
compile(struct oct_plan *plan, const struct oct_graph *source, struct oct_graph *work, struct oct_error *error)
{
    enum oct_status status = rewrite(plan, work, error);
    if (status == OCT_OK) {
        status = octi_graph_copy(work, &plan->budget.allocator, &plan->graph, error);
    }
    if (status != OCT_OK) {
        return status;
    }
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        plan->n_operands += plan->graph->nodes[n].n_inputs + plan->graph->nodes[n].n_outputs;
    }
    plan->steps = octi_region_alloc_small(&plan->region, plan->graph->n_nodes * sizeof *plan->steps);
    if (!plan->steps) {
        return octi_graph_no_memory(error);
    }
    status = octi_plan_share(plan, error);
    if (status == OCT_OK) {
        status = octi_plan_place_parts(plan, error);
    }
    if (status == OCT_OK) {
        status = octi_plan_prepare(plan, error);
    }
    if (status == OCT_OK) {
        status = octi_plan_follow(plan, error);
    }
    if (status == OCT_OK) {
        status = octi_plan_lay_out(plan, error);
    }
    return status == OCT_OK ? octi_plan_make_ports(plan, source, error) : status;
}

static enum oct_status build(struct oct_plan *plan, const struct oct_graph *source, struct oct_error *error)
{
    enum oct_status status = check_values(plan, source, error);
    struct oct_graph *work = NULL;
    if (status == OCT_OK) {
        status = octi_graph_copy(source, &plan->budget.allocator, &work, error);
    }
    if (status == OCT_OK) {
        status = compile(plan, source, work, error);
    }
    oct_graph_destroy(work);
    return status == OCT_OK ? check_arena(plan, error) : status;
}

static void destroy(struct oct_plan *plan)
{
    octi_plan_release_constants(plan);
    oct_graph_destroy(plan->graph);
    octi_region_deinit(&plan->region);
    plan->allocator->release(plan->allocator->context, plan, sizeof *plan);
}

enum oct_status oct_plan_create(const struct oct_graph *graph,
                                const struct oct_plan_options *options,
                                struct oct_plan **plan,
                                struct oct_error *error)
{
    struct oct_plan_options settled;
    enum oct_status status = settle_options(graph, options, &settled, error);
    if (status != OCT_OK) {
        return status;
    }
    const struct oct_allocator *allocator = settled.allocator;
    struct oct_plan *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (!made) {
        return octi_graph_no_memory(error);
    }
    memset(made, 0, sizeof *made);
    atomic_init(&made->references, 1);
    made->allocator = allocator;
    made->options = settled;
    made->max_rows = has_batched_input(graph) ? settled.max_rows : 1;
    octi_plan_budget_init(&made->budget, allocator, settled.budget_bytes);
    octi_region_init(&made->region, &made->budget.allocator);
    octi_interned_init(&made->shared, &made->region);
    struct oct_error report = OCT_ERROR_INIT;
    status = build(made, graph, &report);
    if (status != OCT_OK) {
        status = octi_plan_budget_explain(&made->budget, status, &report);
        if (error && error->status == OCT_OK) {
            *error = report;
        }
        destroy(made);
        return status;
    }
    *plan = made;
    return OCT_OK;
}

struct oct_plan *oct_plan_retain(struct oct_plan *plan)
{
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
    return plan;
}

void oct_plan_release(struct oct_plan *plan)
{
    // Whoever frees must see everything the others did with the plan.
    if (plan && atomic_fetch_sub_explicit(&plan->references, 1, memory_order_acq_rel) == 1) {
        destroy(plan);
    }
}
