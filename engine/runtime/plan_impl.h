/// What a plan is inside, for the files of engine/runtime.
///
/// Making one goes through: copy and rewrite the graph, decide which values share storage (plan_storage), prepare each
/// step (plan_prepare), lay memory out for each batch bucket (plan_layout). Everything made lives in the plan's region
/// or in blocks of its budget, and never changes after oct_plan_create() has returned.
#ifndef OCTET_ENGINE_RUNTIME_PLAN_IMPL_H
#define OCTET_ENGINE_RUNTIME_PLAN_IMPL_H

#include "engine/base/interned.h"
#include "engine/graph/graph_impl.h"
#include "engine/runtime/plan_budget.h"
#include "octet/plan.h"

#include <stdatomic.h>

#define OCTI_BLOCK_NONE UINT32_MAX

/// One node of the rewritten graph, ready to run.
struct octi_step {
    oct_op_run_fn run; ///< NULL: output 0 is input 0 under another shape, there is nothing to do; or it follows `head`
    oct_op_part_fn run_part;
    bool takes_followers;
    uint32_t head;                        ///< the step that does this one along with itself; its own index: none
    uint32_t first_follower, n_followers; ///< in plan->followers
    const void *state;
    const char *kernel;
    bool shared; ///< output 0 has the storage of input 0 and no work
    bool class_f;
    uint64_t state_bytes;
    size_t scratch_bytes, scratch_row_bytes;
    uint32_t scratch_block; ///< OCTI_BLOCK_NONE: none
};

/// A value that lies within another one, as the part that a concatenation would make of it: it has that one's strides.
struct octi_slice {
    oct_value_id whole; ///< OCT_VALUE_NONE: the value lies in a block of its own, or shares a whole one
    int64_t first;      ///< element of `whole` that it begins at, along the dimension that is innermost in memory
};

/// A piece of arena that one value, or several that share it, lie in; or a step's scratch.
struct octi_plan_block {
    oct_value_id value; ///< whose size it has; OCT_VALUE_NONE: scratch
    uint32_t step;      ///< scratch: of which step
    uint32_t first, last;
};

/// Where blocks lie for batches of at most `rows`.
struct octi_layout {
    int64_t rows;
    size_t arena_bytes;
    size_t *offsets; ///< [n_blocks]
};

struct oct_plan {
    atomic_uint references;
    const struct oct_allocator *allocator; ///< of this struct
    struct octi_plan_budget budget;        ///< of everything else
    struct octi_region region;
    struct octi_interned shared; ///< tables in it that steps have in common
    struct oct_graph *graph;     ///< rewritten
    struct oct_plan_options options;
    int64_t max_rows;
    struct octi_step *steps; ///< [graph->n_nodes]
    uint32_t *followers;     ///< [n_followers] steps, those of one head side by side in their order
    size_t n_followers;
    uint32_t *value_blocks;    ///< [graph->n_values], OCTI_BLOCK_NONE for constants
    struct octi_slice *slices; ///< [graph->n_values]
    void **constant_blocks;    ///< [graph->n_values] bytes of constants the plan keeps
    struct octi_plan_block *blocks;
    size_t n_blocks;
    struct octi_layout *layouts; ///< rising rows, the last for max_rows
    size_t n_layouts;
    struct oct_port *inputs, *outputs;
    oct_value_id *flips_in, *flips_out; ///< values whose bytes get their sign bit flipped before and after a run
    size_t n_flips_in, n_flips_out;
    size_t n_operands; ///< inputs and outputs of all steps
    bool class_f;
};

/// Decides which values share storage and fills blocks (without scratch), value_blocks and steps[].shared.
/// OCT_ERR_NOMEM.
///
/// Shared are: the output of a view over row-major bytes, and the output of an in-place operator whose input nobody
/// reads afterwards and that has the same dtype, shape and format; of several such inputs the one that was made last,
/// which octi_plan_follow() can make the most of. Constants are never shared, nor written.
OCT_NODISCARD enum oct_status octi_plan_share(struct oct_plan *plan, struct oct_error *error);

/// Has what a concatenation along the innermost dimension joins made in its place, where nobody else reads it and
/// whoever makes it can write rows with a pitch (OCT_OP_PITCHED): such values give up their blocks. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_plan_place_parts(struct oct_plan *plan, struct oct_error *error);
/// How far within its block a value begins.
size_t octi_plan_slice_bytes(const struct oct_plan *plan, oct_value_id value);

/// Prepares every step that has work, then copies the constants that some step reads while running. OCT_ERR_* of the
/// operators.
OCT_NODISCARD enum oct_status octi_plan_prepare(struct oct_plan *plan, struct oct_error *error);
/// Frees what octi_plan_prepare copied.
void octi_plan_release_constants(struct oct_plan *plan);

/// Decides which steps are done along with an earlier one, while the parts it has finished are in the cache: those that
/// can be done by parts, over a value that nobody else reads and a step made that hands its parts on, when everything
/// else they read is there before that step. Their `run` becomes NULL. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_plan_follow(struct oct_plan *plan, struct oct_error *error);

/// Adds scratch blocks and lays out the arena for 1, 2, 4 ... max_rows. OCT_ERR_LIMIT, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_plan_lay_out(struct oct_plan *plan, struct oct_error *error);
/// The layout that a run of `rows` uses. `rows` is 1..max_rows.
const struct octi_layout *octi_plan_layout(const struct oct_plan *plan, int64_t rows);

/// Describes inputs and outputs as `source` declares them and finds what must be flipped. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status
octi_plan_make_ports(struct oct_plan *plan, const struct oct_graph *source, struct oct_error *error);

#endif
