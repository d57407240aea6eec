// DESIGN: readings stand between cases, each the last of one and the first of the next. A case is judged with its two
// readings and those of all cases printed before; one that shows somebody else on the core is measured again, and only
// readings that belong to a printed line are kept: a neighbour's burst costs a second, not the run.
#include "server/cli/bench/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "octet/cpu.h"
#include "octet/plan.h"
#include "server/cli/bench/blocks.h"
#include "server/cli/bench/case_graph.h"
#include "server/cli/bench/limits.h"
#include "server/cli/bench/report.h"
#include "server/cli/bench/threads.h"
#include "server/cli/bench/timing.h"
#include "server/cli/bench/work.h"
#include "server/pool/team.h"

#define ATTEMPTS       40
#define FIRST_READINGS 5 ///< until the frequency has settled
#define REASON_BYTES   200

struct oct_bench_run {
    struct oct_bench_run_options options;
    struct oct_op_registry *registry;
    struct oct_team *team;               ///< NULL: one thread
    const struct oct_executor *executor; ///< over the team
    struct oct_yardstick yardstick;
    const char *isa;
    struct oct_bench_reading last;
    struct oct_bench_around *kept; ///< [n_kept] one for each case that was printed
    size_t n_kept, capacity;
};

bool oct_bench_filter_takes(const char *filter, const char *set, const struct oct_bench_case *shape)
{
    char name[2 * OCT_BENCH_NAME_BYTES];
    snprintf(name, sizeof(name), "%s/%s", set, shape->name);
    return filter == NULL || strstr(name, filter) != NULL || strstr(shape->row, filter) != NULL ||
           strstr(oct_bench_op_info(shape->op)->name, filter) != NULL;
}

/// Is the core quiet, as the first `n` of `kept` tell?
static enum oct_status judge(const struct oct_bench_run *run, size_t n, struct oct_error *error)
{
    char reason[REASON_BYTES];
    if (run->options.allow_disturbed ||
        oct_bench_is_quiet(run->kept, n, run->yardstick.least_macs_per_cycle, reason, sizeof(reason))) {
        return OCT_OK;
    }
    return oct_error_set(error, OCT_ERR_UNAVAILABLE, "refused as disturbed", OCT_POSITION_NONE,
                         "%s; somebody else uses the core, or its frequency moves (--allow-disturbed measures anyway)",
                         reason);
}

/// For one more of `kept`.
static enum oct_status make_room(struct oct_bench_run *run, struct oct_error *error)
{
    if (run->n_kept < run->capacity) {
        return OCT_OK;
    }
    size_t capacity = 64 + 2 * run->capacity;
    struct oct_bench_around *grown = realloc(run->kept, capacity * sizeof(*grown));
    if (grown == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "out of memory");
    }
    run->kept = grown;
    run->capacity = capacity;
    return OCT_OK;
}

enum oct_status
oct_bench_run_open(const struct oct_bench_run_options *options, struct oct_bench_run **run, struct oct_error *error)
{
    struct oct_bench_run *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "out of memory");
    }
    made->options = *options;
    made->yardstick = oct_yardstick_select(options->cpu_features);
    made->isa = oct_cpu_isa_name(options->cpu_features);
    enum oct_status status = oct_bench_threads_open(options->threads, &made->team, error);
    if (status == OCT_OK) {
        made->executor = oct_bench_threads_executor(made->team);
        status = oct_op_registry_create(NULL, &made->registry, error);
    }
    for (size_t i = 0; i < FIRST_READINGS && status == OCT_OK; ++i) {
        made->last = oct_bench_take_reading(&made->yardstick, made->executor);
    }
    if (status != OCT_OK) {
        oct_bench_run_close(made);
        return status;
    }
    *run = made;
    return OCT_OK;
}

void oct_bench_run_close(struct oct_bench_run *run)
{
    if (run != NULL) {
        oct_op_registry_destroy(run->registry);
        oct_team_destroy(run->team);
        free(run->kept);
        free(run);
    }
}

/// The kernel of the step that is not a mere view, and how many there are.
static void name_kernel(const struct oct_plan *plan, struct oct_bench_result *result)
{
    double most = -1;
    for (size_t i = 0; i < oct_plan_step_count(plan); ++i) {
        const char *kernel = oct_plan_step(plan, i).kernel;
        double macs = oct_bench_node_macs(oct_plan_graph(plan), i, 1);
        if (strcmp(kernel, "view") == 0) {
            continue;
        }
        result->n_steps += 1;
        if (macs > most) {
            result->kernel = kernel;
            most = macs;
        }
    }
}

/// Bandwidth that a buffer as large as the operands can be read or copied with, by as many threads.
static enum oct_status
measure_limit(const struct oct_bench_run *run, const struct oct_bench_blocks *blocks, struct oct_bench_result *result)
{
    enum oct_bench_limit limit = oct_bench_limit_of(result->shape);
    size_t least = 512 * run->options.threads;
    size_t n_bytes = (size_t)result->bytes < least ? least : (size_t)result->bytes;
    if (limit == OCT_BENCH_LIMIT_NONE) {
        return OCT_OK;
    }
    void *bytes = blocks->allocator.allocate(blocks->allocator.context, n_bytes, OCT_ALIGN);
    if (bytes == NULL) {
        return OCT_ERR_NOMEM;
    }
    memset(bytes, 1, n_bytes);
    result->limit_gbps = limit == OCT_BENCH_LIMIT_READ
                             ? oct_bench_read_gbps(&run->yardstick, run->executor, bytes, n_bytes, run->options.cold)
                             : oct_bench_copy_gbps(run->executor, bytes, n_bytes, run->options.cold);
    blocks->allocator.release(blocks->allocator.context, bytes, n_bytes);
    return OCT_OK;
}

/// Measures until both readings around the measurement are those of a quiet core.
static enum oct_status measure_quietly(struct oct_bench_run *run,
                                       struct oct_plan *plan,
                                       const struct oct_bench_blocks *blocks,
                                       struct oct_bench_result *result,
                                       struct oct_error *error)
{
    const struct oct_bench_timing_options options = {.rows = oct_bench_case_rows(result->shape),
                                                     .min_ns = run->options.min_ns,
                                                     .cold = run->options.cold,
                                                     .blocks = blocks,
                                                     .executor = run->executor};
    enum oct_status status = make_room(run, error);
    for (size_t attempt = 1; status == OCT_OK; ++attempt) {
        struct oct_bench_around *around = &run->kept[run->n_kept];
        around->before = run->last;
        status = oct_bench_time_plan(plan, &options, &result->timing, error);
        if (status == OCT_OK) {
            status = measure_limit(run, blocks, result);
        }
        if (status == OCT_OK) {
            around->after = run->last = oct_bench_take_reading(&run->yardstick, run->executor);
            result->peak = oct_bench_around_peak(around);
            status = judge(run, run->n_kept + 1, attempt < ATTEMPTS ? NULL : error);
            if (status == OCT_OK) {
                run->n_kept += 1;
                return OCT_OK;
            }
            run->last = oct_bench_take_reading(&run->yardstick, run->executor);
            status = attempt < ATTEMPTS ? OCT_OK : status;
        }
    }
    return status;
}

static enum oct_status measure_graph(struct oct_bench_run *run,
                                     const struct oct_graph *graph,
                                     struct oct_bench_blocks *blocks,
                                     struct oct_bench_result *result,
                                     struct oct_error *error)
{
    struct oct_plan_options options = oct_plan_options_default();
    struct oct_plan *plan = NULL;
    int64_t rows = oct_bench_case_rows(result->shape);
    options.allocator = &blocks->allocator;
    options.max_rows = rows;
    options.cpu_features = run->options.cpu_features;
    enum oct_status status = oct_plan_create(graph, &options, &plan, error);
    if (status == OCT_OK) {
        result->macs = oct_bench_graph_macs(graph, rows);
        result->bytes = oct_bench_graph_bytes(graph, rows);
        result->outputs = oct_bench_graph_outputs(graph, rows);
        name_kernel(plan, result);
        status = measure_quietly(run, plan, blocks, result, error);
    }
    oct_plan_release(plan);
    return status;
}

enum oct_status oct_bench_run_case(struct oct_bench_run *run,
                                   const char *set,
                                   const struct oct_bench_case *shape,
                                   struct oct_buffer *out,
                                   struct oct_error *error)
{
    const char *name = oct_bench_case_operator(shape);
    if (oct_op_registry_find(run->registry, name) == NULL) {
        char reason[OCT_BENCH_NAME_BYTES + 64];
        snprintf(reason, sizeof(reason), "operator %s is not registered", name);
        return oct_bench_report_skipped(set, shape, reason, run->options.json, out);
    }
    struct oct_graph *graph = NULL;
    struct oct_bench_blocks blocks;
    struct oct_bench_result result = {.set = set,
                                      .shape = shape,
                                      .isa = run->isa,
                                      .kernel = "view",
                                      .threads = run->options.threads,
                                      .cold = run->options.cold};
    oct_bench_blocks_init(&blocks);
    enum oct_status status = oct_bench_case_graph(shape, run->registry, &graph, error);
    if (status == OCT_OK) {
        status = measure_graph(run, graph, &blocks, &result, error);
    }
    oct_graph_destroy(graph);
    oct_bench_blocks_deinit(&blocks);
    if (status == OCT_OK) {
        status = run->options.json ? oct_bench_report_json(&result, out) : oct_bench_report_text(&result, out);
    }
    if (status != OCT_OK) {
        oct_error_prefix(error, "%s/%s", set, shape->name);
    }
    return status;
}
