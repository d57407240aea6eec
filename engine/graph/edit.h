/// Changing a graph that rewriting owns: what passes are written with.
///
/// New nodes are appended with octi_edit_insert() wherever they belong; octi_graph_tidy(), which the driver calls after
/// every pass, drops what was removed and puts nodes back into topological order. Between two tidies a value may be
/// *replaced* by another: readers are redirected lazily, so a pass looks at a node's inputs through octi_edit_input().
/// Use counts are kept up to date. Ids and pointers to nodes or values do not survive an insertion (the arrays may
/// move) or a tidy.
#ifndef OCTET_ENGINE_GRAPH_EDIT_H
#define OCTET_ENGINE_GRAPH_EDIT_H

#include "engine/graph/graph_impl.h"

#define OCTI_NODE_NONE ((size_t)SIZE_MAX)
/// Attributes of one inserted node.
#define OCTI_EDIT_MAX_ATTRIBUTES OCT_OP_MAX_ATTRIBUTES

/// The value that stands for `value` now.
oct_value_id octi_edit_resolve(struct oct_graph *graph, oct_value_id value);
/// Input `index` of a node, resolved; OCT_VALUE_NONE when it is absent.
oct_value_id octi_edit_input(struct oct_graph *graph, size_t node, size_t index);
/// The descriptor of a value.
const struct oct_tensor_desc *octi_edit_desc(const struct oct_graph *graph, oct_value_id value);
bool octi_edit_is_constant(const struct oct_graph *graph, oct_value_id value);

/// Is `node` alive and of the operator `op_name`?
bool octi_edit_is(const struct oct_graph *graph, size_t node, const char *op_name);
/// The living node that produces `value` (resolved first), or OCTI_NODE_NONE.
size_t octi_edit_producer(struct oct_graph *graph, oct_value_id value);
/// The same, if it is of operator `op_name`; `single_use` also asks that nobody else reads the value.
size_t octi_edit_match(struct oct_graph *graph, oct_value_id value, const char *op_name, bool single_use);

/// Adds a node of one output, named `name`. Where the registry has no such operator or it refuses the inputs, `*output`
/// becomes OCT_VALUE_NONE and the status is OCT_OK: the rewriting does not apply. OCT_ERR_NOMEM, OCT_ERR_LIMIT.
OCT_NODISCARD enum oct_status octi_edit_insert(struct oct_graph *graph,
                                               const char *name,
                                               const char *op_name,
                                               const oct_value_id *inputs,
                                               size_t n_inputs,
                                               const struct oct_attribute_given *attributes,
                                               size_t n_attributes,
                                               oct_value_id *output,
                                               struct oct_error *error);
/// Removes a node; whoever still reads its outputs must have been given others.
void octi_edit_remove(struct oct_graph *graph, size_t node);
/// From now on everybody who reads `old` reads `with`, also graph outputs.
void octi_edit_replace(struct oct_graph *graph, oct_value_id old, oct_value_id with);

/// Adds `value` of a node's attribute to a list for octi_edit_insert() under the name `as`, if it is present.
/// @param given  [OCTI_EDIT_MAX_ATTRIBUTES]
void octi_edit_give(struct oct_attribute_given *given, size_t *n, const char *as, const struct oct_attribute *value);
void octi_edit_give_float(struct oct_attribute_given *given, size_t *n, const char *as, double value);
void octi_edit_give_int(struct oct_attribute_given *given, size_t *n, const char *as, int64_t value);
/// All present attributes of a node whose names `op` knows too.
void octi_edit_give_common(struct oct_attribute_given *given,
                           size_t *n,
                           const struct octi_node *node,
                           const struct oct_op *op);

/// Makes the value of a node's only output, which octi_node_evaluate() has found, a constant and removes the node.
void octi_edit_become_constant(struct oct_graph *graph, oct_value_id value);

/// Removes every node that no graph output depends on.
OCT_NODISCARD enum oct_status octi_graph_prune(struct oct_graph *graph, struct oct_error *error);
/// Applies replacements, drops removed nodes and the values nobody knows any more, restores topological order (keeping
/// the present order where it is one), recounts uses. OCT_ERR_NOMEM, OCT_ERR_INTERNAL when a pass left nonsense.
OCT_NODISCARD enum oct_status octi_graph_tidy(struct oct_graph *graph, struct oct_error *error);

#endif
