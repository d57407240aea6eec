/// Graphs: a builder for untrusted models, the checks, shape inference, and a read-only view for tools.
///
/// A graph is values and nodes. A value is a graph input, a constant, or an output of a node; nodes are added in
/// topological order, so a cycle cannot be written down: a node that names a later value is refused. Everything a
/// caller passes is checked when it is passed and reported with its name; after `oct_graph_finish` the graph is legal,
/// every value has dtype, shape and quantization parameters, and it never changes again. The rewriting passes work on
/// copies.
///
/// Threads: building is [one]; a finished graph may be read from any thread.
#ifndef OCTET_GRAPH_H
#define OCTET_GRAPH_H

#include "octet/op.h"

/// Bounds on hostile graphs: far above real networks, far below what hurts.
#define OCT_GRAPH_MAX_NODES      65536
#define OCT_GRAPH_MAX_VALUES     262144
#define OCT_GRAPH_MAX_INPUTS     256
#define OCT_GRAPH_MAX_OUTPUTS    256
#define OCT_GRAPH_MAX_NAME_BYTES 256
#define OCT_GRAPH_MAX_ELEMENTS   ((int64_t)1 << 40) ///< of one value, for N = 1

typedef uint32_t oct_value_id;
#define OCT_VALUE_NONE ((oct_value_id)UINT32_MAX)

struct oct_graph;

/// An attribute as a file gives it, before it is matched with the operator's specification.
struct oct_attribute_given {
    const char *name;
    struct oct_attribute value; ///< `present` false: null
};

/// @param registry  borrowed; must outlive the graph
/// Errors: OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_graph_create(const struct oct_allocator *allocator,
                                                       const struct oct_op_registry *registry,
                                                       struct oct_graph **graph,
                                                       struct oct_error *error);
/// NULL is allowed.
OCT_API void oct_graph_destroy(struct oct_graph *graph);

/// For a model that cannot run with a symbolic batch: from here on OCT_DIM_BATCH of an added input stands for the
/// number `rows` (>= 1). Call it before the first input. The graph's rows then count as dependent, and `reason`
/// (copied, may be cut; NULL: a stock sentence) says why: a reader that builds a graph, fails and tries again with rows
/// = 1 passes the first error.
OCT_API void oct_graph_fix_batch(struct oct_graph *graph, int64_t rows, const char *reason);

/// Adds an input. `desc->shape` may have OCT_DIM_BATCH in dimension 0 only; format must be contiguous.
/// Errors: OCT_ERR_INVALID (name empty, too long, taken; shape; qparams out of range or not finite), OCT_ERR_LIMIT,
/// OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_graph_add_input(struct oct_graph *graph,
                                                          const char *name,
                                                          const struct oct_tensor_desc *desc,
                                                          oct_value_id *value,
                                                          struct oct_error *error);
/// Adds a constant of concrete shape; copies `bytes` (dense, row-major, little-endian; need not be aligned) and the
/// per-channel arrays. OCT_ERR_INVALID also when `n_bytes` is not what the descriptor asks for.
OCT_API OCT_NODISCARD enum oct_status oct_graph_add_constant(struct oct_graph *graph,
                                                             const char *name,
                                                             const struct oct_tensor_desc *desc,
                                                             const void *bytes,
                                                             size_t n_bytes,
                                                             oct_value_id *value,
                                                             struct oct_error *error);
/// Where bytes of constants are read when they are needed. `read` gives exactly n_bytes from `offset` on, or an error
/// (OCT_ERR_IO); the bytes at a place are always the same. Must outlive graphs with constants from it, and work from
/// any thread that makes a plan of one.
struct oct_constant_source {
    void *context;
    enum oct_status (*read)(void *context, uint64_t offset, void *bytes, size_t n_bytes, struct oct_error *error);
};
/// The same as oct_graph_add_constant() for bytes in `source`. Large weights of quantized operators are read when a
/// plan packs them, and not kept: oct_graph_value() has no data of them. All else is read at once. Errors also of
/// `source`.
OCT_API OCT_NODISCARD enum oct_status oct_graph_defer_constant(struct oct_graph *graph,
                                                               const char *name,
                                                               const struct oct_tensor_desc *desc,
                                                               const struct oct_constant_source *source,
                                                               uint64_t offset,
                                                               size_t n_bytes,
                                                               oct_value_id *value,
                                                               struct oct_error *error);
/// Adds a node, checks arity and attributes, infers its outputs.
/// @param inputs        OCT_VALUE_NONE for an absent optional input
/// @param output_names  unique over all values
/// @param outputs       [n_outputs] receives the new values; may be NULL
/// Errors: OCT_ERR_UNSUPPORTED (unknown operator, dtype combination), OCT_ERR_INVALID (arity, attribute unknown,
/// missing, of another type or out of range, shapes that do not fit), OCT_ERR_LIMIT, OCT_ERR_NOMEM.
OCT_API OCT_NODISCARD enum oct_status oct_graph_add_node(struct oct_graph *graph,
                                                         const char *name,
                                                         const char *op_name,
                                                         const oct_value_id *inputs,
                                                         size_t n_inputs,
                                                         const struct oct_attribute_given *attributes,
                                                         size_t n_attributes,
                                                         const char *const *output_names,
                                                         size_t n_outputs,
                                                         oct_value_id *outputs,
                                                         struct oct_error *error);
/// Declares the next graph output, shown under the public `name`. One value may be shown more than once.
OCT_API OCT_NODISCARD enum oct_status
oct_graph_add_output(struct oct_graph *graph, const char *name, oct_value_id value, struct oct_error *error);
/// Ends building: at least one input and one output. A constant may be an output.
OCT_API OCT_NODISCARD enum oct_status oct_graph_finish(struct oct_graph *graph, struct oct_error *error);

// ------------------------------------------------------------------------------------------------------- reading

enum oct_value_kind { OCT_VALUE_INPUT, OCT_VALUE_CONSTANT, OCT_VALUE_NODE };

/// All pointers are borrowed from the graph.
struct oct_value_info {
    const char *name;
    enum oct_value_kind kind;
    struct oct_tensor_desc desc;
    const void *data;    ///< constants: dense, 64-byte aligned; NULL: deferred and not read so far
    size_t node, output; ///< OCT_VALUE_NODE: which output of which node
};
struct oct_node_info {
    const char *name;
    const struct oct_op *op;
    size_t n_inputs;
    const oct_value_id *inputs;
    size_t n_outputs;
    const oct_value_id *outputs;
    const struct oct_attribute *attributes; ///< one per row of op->attributes
};

OCT_API oct_value_id oct_graph_find(const struct oct_graph *graph, const char *name); ///< OCT_VALUE_NONE when absent
OCT_API size_t oct_graph_value_count(const struct oct_graph *graph);
OCT_API size_t oct_graph_node_count(const struct oct_graph *graph);
OCT_API size_t oct_graph_input_count(const struct oct_graph *graph);
OCT_API size_t oct_graph_output_count(const struct oct_graph *graph);
OCT_API struct oct_value_info oct_graph_value(const struct oct_graph *graph, oct_value_id value);
OCT_API struct oct_node_info oct_graph_node(const struct oct_graph *graph, size_t index);
OCT_API oct_value_id oct_graph_input(const struct oct_graph *graph, size_t index);
OCT_API oct_value_id oct_graph_output(const struct oct_graph *graph, size_t index);
OCT_API const char *oct_graph_output_name(const struct oct_graph *graph, size_t index);
OCT_API const struct oct_op_registry *oct_graph_registry(const struct oct_graph *graph);

/// Are the rows of the batch independent, so that requests may be merged and large ones cut?
/// On false, `reason` (may be NULL; borrowed from the graph) names the node and what it does.
OCT_API bool oct_graph_rows_independent(const struct oct_graph *graph, const char **reason);

#endif
