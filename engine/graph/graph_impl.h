/// What a graph is inside, for the files of engine/graph and the planner.
///
/// A graph is built by the public functions, which check everything, and becomes immutable with oct_graph_finish().
/// Rewriting works on a copy (octi_graph_copy), whose constants are borrowed from the original;
/// engine/graph/edit.h has the operations on it. All names, arrays, attributes and bytes of a graph live in its region.
#ifndef OCTET_ENGINE_GRAPH_GRAPH_IMPL_H
#define OCTET_ENGINE_GRAPH_GRAPH_IMPL_H

#include "engine/base/names.h"
#include "engine/base/region.h"
#include "octet/graph.h"

struct octi_value {
    const char *name;
    enum oct_value_kind kind;
    bool reached; ///< depends on a graph input
    struct oct_tensor_desc desc;
    struct oct_view *constant; ///< constants: their bytes; `data` is NULL when a plan has packed them away, or while
                               ///< they are in `source` only. Nodes: the value where it is known before running
                               ///< (engine/graph/evaluate.h), else NULL
    const struct oct_constant_source *source; ///< constants that were deferred: where their bytes are, from `offset` on
    uint64_t offset;
    uint32_t node, output;    ///< OCT_VALUE_NODE
    uint32_t uses;            ///< rewriting: reads by nodes and graph outputs
    oct_value_id replaced_by; ///< rewriting: who reads this value reads that one, or OCT_VALUE_NONE
};

struct octi_node {
    const char *name;
    const struct oct_op *op;
    const struct oct_attribute *attributes; ///< one per row of op->attributes
    size_t n_inputs;                        ///< max_inputs of the operator unless it is variadic
    oct_value_id *inputs;                   ///< OCT_VALUE_NONE: absent
    size_t n_outputs;
    oct_value_id outputs[OCT_OP_MAX_OUTPUTS];
    const char *mixes_rows; ///< what `infer` said, or NULL
    bool removed;           ///< rewriting: gone at the next octi_graph_tidy
};

struct octi_graph_port {
    const char *name;
    oct_value_id value;
};

struct oct_graph {
    const struct oct_allocator *allocator;
    const struct oct_op_registry *registry;
    struct octi_region region;
    struct octi_names names;
    struct octi_value *values;
    size_t n_values, value_capacity;
    struct octi_node *nodes;
    size_t n_nodes, node_capacity;
    size_t n_inputs, n_outputs;
    oct_value_id inputs[OCT_GRAPH_MAX_INPUTS];
    struct octi_graph_port outputs[OCT_GRAPH_MAX_OUTPUTS];
    bool finished;
    uint64_t constant_bytes, known_bytes; ///< building: of constants given, of values evaluated from them
    int64_t folding_work;                 ///< spent on evaluating so far
    int64_t fixed_rows;                   ///< 0: the batch is symbolic
    bool rows_independent;
    char reason[OCT_ERROR_MESSAGE_BYTES]; ///< why rows are not independent; empty when they are
};

/// "out of memory" with OCT_ERR_NOMEM.
enum oct_status octi_graph_no_memory(struct oct_error *error);

/// Names end up in logs, errors and JSON: bounded, no control characters, and unique in `graph` (NULL: need not be).
OCT_NODISCARD enum oct_status
octi_graph_check_name(const struct oct_graph *graph, const char *name, struct oct_error *error);
/// OCT_ERR_INVALID once the graph is finished.
OCT_NODISCARD enum oct_status octi_graph_check_open(const struct oct_graph *graph, struct oct_error *error);

/// Appends a value; the name and the arrays of its descriptor must live in the region already. The bounds of
/// OCT_GRAPH_MAX_* are for what comes from outside: rewriting may go past them for a while. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_graph_append_value(struct oct_graph *graph,
                                                      const struct octi_value *value,
                                                      oct_value_id *id,
                                                      struct oct_error *error);

/// Appends a constant over `data`, which must stay valid (64-byte aligned, readable 64 bytes past its end) as long as
/// the graph; copies name and descriptor, whose format says how the bytes lie. The name is not entered in the map.
/// OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_graph_append_constant(struct oct_graph *graph,
                                                         const char *name,
                                                         const struct oct_tensor_desc *desc,
                                                         void *data,
                                                         oct_value_id *id,
                                                         struct oct_error *error);

/// Is it a constant whose bytes have not been read?
static inline bool octi_value_is_deferred(const struct octi_value *value)
{
    return value->source && value->constant->data == NULL;
}

/// Bytes of a constant, as its descriptor, which was checked when it was added, asks for.
size_t octi_constant_bytes(const struct octi_value *value);
/// Reads bytes [offset, offset + n_bytes) of the octi_constant_bytes() of a deferred constant. Errors of the source.
OCT_NODISCARD enum oct_status
octi_value_read(const struct octi_value *value, size_t offset, void *bytes, size_t n_bytes, struct oct_error *error);
/// Reads them into the graph where they are deferred. Errors of the source, OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_graph_fetch(struct oct_graph *graph, oct_value_id id, struct oct_error *error);

/// Appends a node of `op` without entering names in the map: arity, attributes and inference are checked as for a node
/// from outside. Its outputs are named `name`, `name.1` and so on unless `output_names` is given.
OCT_NODISCARD enum oct_status octi_graph_append_node(struct oct_graph *graph,
                                                     const char *name,
                                                     const struct oct_op *op,
                                                     const oct_value_id *inputs,
                                                     size_t n_inputs,
                                                     const struct oct_attribute_given *attributes,
                                                     size_t n_attributes,
                                                     const char *const *output_names,
                                                     oct_value_id *outputs,
                                                     struct oct_error *error);

/// Infers what `node` gives from its inputs' present descriptors. Outputs are checked, their arrays are borrowed.
/// @param outputs     [OCT_OP_MAX_OUTPUTS]
/// @param mixes_rows  may be NULL
OCT_NODISCARD enum oct_status octi_node_infer(const struct oct_graph *graph,
                                              const struct octi_node *node,
                                              struct oct_tensor_desc *outputs,
                                              const char **mixes_rows,
                                              struct oct_error *error);

/// Fills rows_independent and reason.
void octi_graph_prove_rows(struct oct_graph *graph);

/// A finished copy in its own region; the bytes of constants and their parameters per channel are borrowed from
/// `source`. OCT_ERR_NOMEM.
OCT_NODISCARD enum oct_status octi_graph_copy(const struct oct_graph *source,
                                              const struct oct_allocator *allocator,
                                              struct oct_graph **copy,
                                              struct oct_error *error);

/// Is input `index` of `op` a parameter (a weight) and no activation: it keeps its signedness and its row-major order?
bool octi_input_is_weight(const struct oct_op *op, size_t index);

/// The attribute of that name, or NULL when the operator has none. An absent one has `present == false`.
const struct oct_attribute *octi_node_attribute(const struct octi_node *node, const char *name);

#endif
