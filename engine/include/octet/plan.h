/// Plans: a graph compiled for one machine. Rewritten, memory formats chosen, weights packed, kernels chosen, memory
/// laid out.
///
/// A plan is immutable and shared: all workers, all batch sizes. It keeps nothing of the graph it was made from.
/// Everything a plan allocates, and the arena its runs will need, is added up against a budget before it is
/// allocated: a small file that declares a huge tensor is refused.
/// Threads: create is [one]; a plan may be used from any number of threads; retain and release are atomic.
#ifndef OCTET_PLAN_H
#define OCTET_PLAN_H

#include "octet/graph.h"

#define OCT_PLAN_DEFAULT_MAX_ROWS 32
#define OCT_PLAN_DEFAULT_BUDGET   ((uint64_t)2 << 30)
#define OCT_PLAN_MAX_ROWS         (1 << 20)

struct oct_plan;

struct oct_plan_options {
    const struct oct_allocator *allocator; ///< NULL: default; must be thread-safe and outlive the plan
    int64_t max_rows;                      ///< largest batch of one run, 1..OCT_PLAN_MAX_ROWS; 0: the default
    uint64_t budget_bytes;                 ///< for plan and arena together; 0: the default
    uint64_t cpu_features;                 ///< what kernels may use; ORed with nothing: pass oct_cpu_detect() or less
    bool reference_only;                   ///< run every operator's reference: the slow answer to compare with
    bool no_rewrite;                       ///< leave the graph as it is
};

/// The defaults, with this machine's features.
OCT_API struct oct_plan_options oct_plan_options_default(void);

/// Errors: OCT_ERR_INVALID (options, unfinished graph), OCT_ERR_LIMIT (budget; says how much was needed),
/// OCT_ERR_UNSUPPORTED, OCT_ERR_NOMEM. On failure nothing is left behind.
OCT_API OCT_NODISCARD enum oct_status oct_plan_create(const struct oct_graph *graph,
                                                      const struct oct_plan_options *options,
                                                      struct oct_plan **plan,
                                                      struct oct_error *error);
OCT_API struct oct_plan *oct_plan_retain(struct oct_plan *plan);
/// NULL is allowed. The last release frees the plan.
OCT_API void oct_plan_release(struct oct_plan *plan);

/// A graph input or output as callers see it: contiguous, in the declared dtype. Borrowed from the plan.
struct oct_port {
    const char *name;
    struct oct_tensor_desc desc; ///< logical; OCT_DIM_BATCH where N stands
    bool batched;                ///< dimension 0 is N
};
OCT_API size_t oct_plan_input_count(const struct oct_plan *plan);
OCT_API size_t oct_plan_output_count(const struct oct_plan *plan);
OCT_API const struct oct_port *oct_plan_input(const struct oct_plan *plan, size_t index);
OCT_API const struct oct_port *oct_plan_output(const struct oct_plan *plan, size_t index);

OCT_API int64_t oct_plan_max_rows(const struct oct_plan *plan);
/// As oct_graph_rows_independent: only then may a caller merge requests or cut one into slices.
OCT_API bool oct_plan_rows_independent(const struct oct_plan *plan, const char **reason);
/// Some step's result may differ with the CPU or the batch (float GEMM).
OCT_API bool oct_plan_is_class_f(const struct oct_plan *plan);
/// Bytes of arena a session needs for `rows` (1..max_rows).
OCT_API size_t oct_plan_arena_bytes(const struct oct_plan *plan, int64_t rows);
/// Bytes the plan itself holds (packed weights, tables).
OCT_API uint64_t oct_plan_resident_bytes(const struct oct_plan *plan);
/// The rewritten graph, for tools; lives as long as the plan.
OCT_API const struct oct_graph *oct_plan_graph(const struct oct_plan *plan);

/// One step, for tools. Step i is node i of oct_plan_graph.
struct oct_step_info {
    const char *kernel; ///< never NULL
    size_t head;        ///< the step whose run does this one too, part by part; its own index when it runs by itself
    bool class_f;
    uint64_t state_bytes;   ///< packed weights and tables
    uint64_t scratch_bytes; ///< at max_rows
};
OCT_API size_t oct_plan_step_count(const struct oct_plan *plan);
OCT_API struct oct_step_info oct_plan_step(const struct oct_plan *plan, size_t index);

/// Where a value of oct_plan_graph lies in the arena for `rows`.
struct oct_slot_info {
    bool in_arena;       ///< false for constants and values nothing stores
    size_t offset_bytes; ///< from the arena's start
    size_t bytes;        ///< of its elements
    bool part;           ///< it lies within the concatenation it is a part of, whose other parts are between its rows
};
OCT_API struct oct_slot_info oct_plan_slot(const struct oct_plan *plan, oct_value_id value, int64_t rows);

#endif
