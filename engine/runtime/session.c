// DESIGN: binding does all that may fail or take memory, and leaves one array of complete run calls; a run walks it.
// The arrays are filled anew at each bind: a few hundred views cost microseconds, less than looking up a cache that a
// changing batch would defeat.
#include "octet/session.h"

#include "engine/base/clock.h"
#include "engine/runtime/plan_impl.h"

#include <string.h>

#define SIGN_BITS UINT64_C(0x8080808080808080)

struct oct_session {
    const struct oct_allocator *allocator;
    struct oct_plan *plan; ///< NULL: none bound
    int64_t rows;
    unsigned char *arena;
    size_t arena_bytes;
    unsigned char *tables; ///< one block for the five arrays below
    size_t table_bytes;
    struct oct_view *values;           ///< [n_values]
    struct oct_view *operands;         ///< [n_operands]
    struct oct_op_run_call *calls;     ///< [n_nodes]
    struct oct_op_follower *followers; ///< [plan->n_followers]
    uint64_t *step_ns;                 ///< [n_nodes]
};

enum oct_status
oct_session_create(const struct oct_allocator *allocator, struct oct_session **session, struct oct_error *error)
{
    allocator = allocator ? allocator : oct_allocator_default();
    struct oct_session *made = allocator->allocate(allocator->context, sizeof *made, OCT_ALIGN);
    if (!made) {
        return octi_graph_no_memory(error);
    }
    memset(made, 0, sizeof *made);
    made->allocator = allocator;
    *session = made;
    return OCT_OK;
}

void oct_session_destroy(struct oct_session *session)
{
    if (!session) {
        return;
    }
    const struct oct_allocator *allocator = session->allocator;
    oct_plan_release(session->plan);
    allocator->release(allocator->context, session->arena, session->arena_bytes);
    allocator->release(allocator->context, session->tables, session->table_bytes);
    allocator->release(allocator->context, session, sizeof *session);
}

/// Replaces a block by a larger one; the old content is not kept, the old block goes first to keep the peak low.
static enum oct_status
grow(const struct oct_allocator *allocator, unsigned char **block, size_t *held, size_t bytes, struct oct_error *error)
{
    if (*held >= bytes) {
        return OCT_OK;
    }
    allocator->release(allocator->context, *block, *held);
    *held = 0;
    *block = allocator->allocate(allocator->context, bytes, oct_align_of(bytes));
    if (!*block) {
        return oct_error_set(error, OCT_ERR_NOMEM, NULL, OCT_POSITION_NONE, "no memory for %zu bytes of a session",
                             bytes);
    }
    *held = bytes;
    return OCT_OK;
}

static size_t table_bytes(const struct oct_plan *plan)
{
    // All counts are bounded by OCT_GRAPH_MAX_*: no overflow.
    return (plan->graph->n_values + plan->n_operands) * sizeof(struct oct_view) +
           plan->graph->n_nodes * (sizeof(struct oct_op_run_call) + sizeof(uint64_t)) +
           plan->n_followers * sizeof(struct oct_op_follower);
}

static void place_tables(struct oct_session *session, const struct oct_plan *plan)
{
    session->values = (struct oct_view *)(void *)session->tables;
    session->operands = session->values + plan->graph->n_values;
    session->calls = (struct oct_op_run_call *)(void *)(session->operands + plan->n_operands);
    session->followers = (struct oct_op_follower *)(void *)(session->calls + plan->graph->n_nodes);
    session->step_ns = (uint64_t *)(void *)(session->followers + plan->n_followers);
    memset(session->step_ns, 0, plan->graph->n_nodes * sizeof *session->step_ns);
}

/// The view of a value whose block begins at `block`.
static struct oct_view place(const struct oct_plan *plan, oct_value_id id, int64_t rows, unsigned char *block)
{
    const struct octi_slice *slice = &plan->slices[id];
    struct oct_view view = oct_view_dense(&plan->graph->values[id].desc, rows, block + octi_plan_slice_bytes(plan, id));
    if (slice->whole != OCT_VALUE_NONE) {
        struct oct_view whole = oct_view_dense(&plan->graph->values[slice->whole].desc, rows, block);
        memcpy(view.strides, whole.strides, sizeof view.strides);
    }
    return view;
}

static void fill_values(struct oct_session *session, const struct oct_plan *plan, int64_t rows)
{
    const struct octi_layout *layout = octi_plan_layout(plan, rows);
    for (size_t v = 0; v < plan->graph->n_values; v++) {
        const struct octi_value *value = &plan->graph->values[v];
        uint32_t block = plan->value_blocks[v];
        if (value->kind == OCT_VALUE_CONSTANT) {
            session->values[v] = *value->constant;
        } else {
            session->values[v] = place(plan, (oct_value_id)v, rows, session->arena + layout->offsets[block]);
        }
    }
}

static void fill_calls(struct oct_session *session, const struct oct_plan *plan, int64_t rows)
{
    const struct octi_layout *layout = octi_plan_layout(plan, rows);
    struct oct_view *operand = session->operands;
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        const struct octi_node *node = &plan->graph->nodes[n];
        const struct octi_step *step = &plan->steps[n];
        session->calls[n] = (struct oct_op_run_call){.attributes = node->attributes,
                                                     .n_inputs = node->n_inputs,
                                                     .inputs = operand,
                                                     .n_outputs = node->n_outputs,
                                                     .outputs = operand + node->n_inputs,
                                                     .state = step->state,
                                                     .followers = session->followers + step->first_follower,
                                                     .n_followers = step->n_followers};
        if (step->scratch_block != OCTI_BLOCK_NONE) {
            session->calls[n].scratch = session->arena + layout->offsets[step->scratch_block];
        }
        for (size_t i = 0; i < node->n_inputs; i++, operand++) {
            if (node->inputs[i] == OCT_VALUE_NONE) {
                memset(operand, 0, sizeof *operand);
            } else {
                *operand = session->values[node->inputs[i]];
            }
        }
        for (size_t i = 0; i < node->n_outputs; i++, operand++) {
            *operand = session->values[node->outputs[i]];
        }
    }
    for (size_t i = 0; i < plan->n_followers; i++) {
        uint32_t n = plan->followers[i];
        session->followers[i] = (struct oct_op_follower){plan->steps[n].run_part, &session->calls[n]};
    }
}

enum oct_status
oct_session_bind(struct oct_session *session, struct oct_plan *plan, int64_t rows, struct oct_error *error)
{
    if (plan == session->plan && rows == session->rows) {
        return OCT_OK;
    }
    struct oct_plan *old = session->plan;
    session->plan = NULL;
    if (rows < 1 || rows > plan->max_rows) {
        oct_plan_release(old);
        return oct_error_set(error, OCT_ERR_LIMIT, "rows", OCT_POSITION_NONE, "%lld rows: the plan runs 1..%lld",
                             (long long)rows, (long long)plan->max_rows);
    }
    oct_plan_retain(plan); // first: `old` may be the same plan
    oct_plan_release(old);
    const struct oct_allocator *allocator = session->allocator;
    enum oct_status status =
        grow(allocator, &session->arena, &session->arena_bytes, oct_plan_arena_bytes(plan, rows), error);
    if (status == OCT_OK) {
        status = grow(allocator, &session->tables, &session->table_bytes, table_bytes(plan), error);
    }
    if (status != OCT_OK) {
        oct_plan_release(plan);
        return status;
    }
    place_tables(session, plan);
    fill_values(session, plan, rows);
    fill_calls(session, plan, rows);
    session->plan = plan;
    session->rows = rows;
    return OCT_OK;
}

static size_t value_bytes(const struct oct_session *session, oct_value_id value)
{
    size_t bytes;
    const struct oct_tensor_desc *desc = &session->plan->graph->values[value].desc;
    return oct_tensor_bytes(desc, session->rows, &bytes) == OCT_OK ? bytes : 0; // within the arena: it fits
}

static void *port(const struct oct_session *session, const oct_value_id *value, size_t *n_bytes)
{
    if (n_bytes) {
        *n_bytes = value ? value_bytes(session, *value) : 0;
    }
    return value ? session->values[*value].data : NULL;
}

void *oct_session_input(struct oct_session *session, size_t index, size_t *n_bytes)
{
    bool there = session->plan && index < session->plan->graph->n_inputs;
    return port(session, there ? &session->plan->graph->inputs[index] : NULL, n_bytes);
}

const void *oct_session_output(const struct oct_session *session, size_t index, size_t *n_bytes)
{
    bool there = session->plan && index < session->plan->graph->n_outputs;
    return port(session, there ? &session->plan->graph->outputs[index].value : NULL, n_bytes);
}

/// Flips the sign bit of every byte.
static void flip_signs(const struct oct_session *session, const oct_value_id *values, size_t n)
{
    for (size_t v = 0; v < n; v++) {
        unsigned char *data = session->values[values[v]].data;
        size_t bytes = value_bytes(session, values[v]);
        size_t i = 0;
        for (; i + sizeof(uint64_t) <= bytes; i += sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, data + i, sizeof word);
            word ^= SIGN_BITS;
            memcpy(data + i, &word, sizeof word);
        }
        for (; i < bytes; i++) {
            data[i] ^= 0x80;
        }
    }
}

static void run_step(struct oct_session *session, size_t index, const struct oct_executor *executor)
{
    oct_op_run_fn run = session->plan->steps[index].run;
    if (run) {
        session->calls[index].executor = executor;
        run(&session->calls[index]);
    }
}

void oct_session_run(struct oct_session *session, const struct oct_executor *executor)
{
    const struct oct_plan *plan = session->plan;
    if (!plan) {
        return;
    }
    flip_signs(session, plan->flips_in, plan->n_flips_in);
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        run_step(session, n, executor);
    }
    flip_signs(session, plan->flips_out, plan->n_flips_out);
}

void oct_session_profile(struct oct_session *session, const struct oct_executor *executor)
{
    const struct oct_plan *plan = session->plan;
    if (!plan) {
        return;
    }
    flip_signs(session, plan->flips_in, plan->n_flips_in);
    for (size_t n = 0; n < plan->graph->n_nodes; n++) {
        uint64_t start = octi_clock_ns();
        run_step(session, n, executor);
        session->step_ns[n] = octi_clock_ns() - start;
    }
    flip_signs(session, plan->flips_out, plan->n_flips_out);
}

uint64_t oct_session_step_ns(const struct oct_session *session, size_t step)
{
    return session->plan && step < session->plan->graph->n_nodes ? session->step_ns[step] : 0;
}

size_t oct_session_arena_bytes(const struct oct_session *session)
{
    return session->arena_bytes;
}
