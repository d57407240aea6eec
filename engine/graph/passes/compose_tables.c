// DESIGN: a pointwise operator on quantized tensors whose inputs all come, through pointwise operators, from one tensor
// is a function of that tensor's bytes. Its table is what its chain of operators makes of a constant that holds every
// byte once: the references that define the answers fill it in, so nothing has to be said about any operator here.
// Nodes are taken in order, and a table is pointwise itself: what follows one joins it.
#include "engine/graph/edit.h"
#include "engine/graph/evaluate.h"
#include "engine/graph/passes/passes.h"

#define TABLE_OP   "octet::table_lookup"
#define N_CODES    256
#define MAX_INPUTS 2 // of a node that is composed
/// Operators between a node and its origin; longer chains are joined table by table.
#define MAX_CHAIN 8

static bool is_bytes(const struct oct_tensor_desc *desc)
{
    return desc->dtype == OCT_DTYPE_QUINT8 && desc->qparams.scheme == OCT_QSCHEME_PER_TENSOR_AFFINE;
}

/// Is `index` a function of the bytes at each place of its inputs, which have its shape, or of one and a table?
static bool is_pointwise(struct oct_graph *graph, size_t index)
{
    const struct octi_node *node = &graph->nodes[index];
    if (node->removed || !(node->op->flags & OCT_OP_POINTWISE) || node->n_outputs != 1) {
        return false;
    }
    const struct oct_tensor_desc *out = octi_edit_desc(graph, node->outputs[0]);
    bool suits = is_bytes(out);
    for (size_t i = 0; i < node->n_inputs && suits; i++) {
        oct_value_id input = octi_edit_input(graph, index, i);
        suits =
            input != OCT_VALUE_NONE && is_bytes(octi_edit_desc(graph, input)) &&
            (octi_edit_is_constant(graph, input) ? octi_edit_is(graph, index, TABLE_OP)
                                                 : oct_shape_equal(&octi_edit_desc(graph, input)->shape, &out->shape));
    }
    return suits;
}

/// The nodes from a value back to where it comes from.
struct chain {
    size_t nodes[MAX_CHAIN]; ///< the value's producer first
    size_t n;
    oct_value_id origin;
};

/// Follows `value` back through nodes that read one tensor.
static struct chain trace(struct oct_graph *graph, oct_value_id value)
{
    struct chain chain = {.origin = value};
    size_t node = octi_edit_producer(graph, value);
    while (node != OCTI_NODE_NONE && chain.n < MAX_CHAIN && is_pointwise(graph, node) &&
           (graph->nodes[node].n_inputs == 1 || octi_edit_is(graph, node, TABLE_OP))) {
        chain.nodes[chain.n++] = node;
        chain.origin = octi_edit_input(graph, node, 0);
        node = octi_edit_producer(graph, chain.origin);
    }
    return chain;
}

/// Two chains of one origin: both begin at the last value that both go through.
static void cut_common(struct oct_graph *graph, struct chain *a, struct chain *b)
{
    while (a->n > 0 && b->n > 0 && a->nodes[a->n - 1] == b->nodes[b->n - 1]) {
        a->origin = b->origin = graph->nodes[a->nodes[a->n - 1]].outputs[0];
        a->n--;
        b->n--;
    }
}

/// Appends what `node` makes of `inputs`, which are known. OCT_VALUE_NONE when its value cannot be.
static enum oct_status evaluate(
    struct oct_graph *graph, size_t node, const oct_value_id *inputs, oct_value_id *result, struct oct_error *error)
{
    struct oct_attribute_given given[OCTI_EDIT_MAX_ATTRIBUTES];
    size_t n_given = 0;
    const struct octi_node from = graph->nodes[node]; // the array may move
    octi_edit_give_common(given, &n_given, &from, from.op);
    enum oct_status status =
        octi_edit_insert(graph, from.name, from.op->name, inputs, from.n_inputs, given, n_given, result, error);
    if (status != OCT_OK || *result == OCT_VALUE_NONE) {
        return status;
    }
    size_t made = graph->values[*result].node;
    if (!octi_node_is_foldable(graph, &graph->nodes[made])) {
        octi_edit_remove(graph, made);
        *result = OCT_VALUE_NONE;
        return OCT_OK;
    }
    status = octi_node_evaluate(graph, &graph->nodes[made], error);
    if (status == OCT_OK) {
        octi_edit_become_constant(graph, *result);
    }
    return status;
}

/// The constant of every byte, with the parameters of `origin`.
static enum oct_status
append_codes(struct oct_graph *graph, oct_value_id origin, oct_value_id *codes, struct oct_error *error)
{
    struct oct_tensor_desc desc = *octi_edit_desc(graph, origin);
    desc.shape = (struct oct_shape){.rank = 1, .dims = {N_CODES}};
    desc.format = OCT_FORMAT_CONTIGUOUS;
    uint8_t *bytes = octi_region_alloc(&graph->region, N_CODES);
    if (!bytes) {
        return octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < N_CODES; i++) {
        bytes[i] = (uint8_t)i;
    }
    return octi_graph_append_constant(graph, graph->values[origin].name, &desc, bytes, codes, error);
}

/// Turns `codes` into what the chain makes of them.
static enum oct_status
send_through(struct oct_graph *graph, const struct chain *chain, oct_value_id *codes, struct oct_error *error)
{
    enum oct_status status = OCT_OK;
    for (size_t i = chain->n; i-- > 0 && status == OCT_OK && *codes != OCT_VALUE_NONE;) {
        size_t node = chain->nodes[i];
        const oct_value_id inputs[MAX_INPUTS] = {*codes, octi_edit_input(graph, node, 1)};
        status = evaluate(graph, node, inputs, codes, error);
    }
    return status;
}

/// Removes what nobody reads any more of a chain.
static void remove_unread(struct oct_graph *graph, const struct chain *chain)
{
    for (size_t i = 0; i < chain->n && graph->values[graph->nodes[chain->nodes[i]].outputs[0]].uses == 0; i++) {
        octi_edit_remove(graph, chain->nodes[i]);
    }
}

static enum oct_status
compose(struct oct_graph *graph, size_t index, const struct chain *chains, size_t n_chains, struct oct_error *error)
{
    const struct octi_node node = graph->nodes[index];
    oct_value_id inputs[MAX_INPUTS] = {OCT_VALUE_NONE, octi_edit_input(graph, index, 1)};
    enum oct_status status = OCT_OK;
    for (size_t i = 0; i < n_chains && status == OCT_OK; i++) {
        status = append_codes(graph, chains[i].origin, &inputs[i], error);
        if (status == OCT_OK) {
            status = send_through(graph, &chains[i], &inputs[i], error);
        }
        if (status != OCT_OK || inputs[i] == OCT_VALUE_NONE) {
            return status;
        }
    }
    oct_value_id pair[2] = {chains[0].origin, OCT_VALUE_NONE}, result;
    status = evaluate(graph, index, inputs, &pair[1], error);
    if (status != OCT_OK || pair[1] == OCT_VALUE_NONE) {
        return status;
    }
    status = octi_edit_insert(graph, node.name, TABLE_OP, pair, 2, NULL, 0, &result, error);
    if (status != OCT_OK || result == OCT_VALUE_NONE) {
        return status;
    }
    octi_edit_replace(graph, node.outputs[0], result);
    octi_edit_remove(graph, index);
    for (size_t i = 0; i < n_chains; i++) {
        remove_unread(graph, &chains[i]);
    }
    return OCT_OK;
}

/// Does a table instead of `index` save a pass over the tensor? Fills the chains of its inputs, `*n` of them.
static bool is_worthwhile(struct oct_graph *graph, size_t index, struct chain *chains, size_t *n)
{
    *n = 0;
    if (!is_pointwise(graph, index) || graph->nodes[index].n_inputs > MAX_INPUTS) {
        return false;
    }
    for (size_t i = 0; i < graph->nodes[index].n_inputs; i++) {
        oct_value_id input = octi_edit_input(graph, index, i);
        if (!octi_edit_is_constant(graph, input)) {
            chains[(*n)++] = trace(graph, input);
        }
    }
    if (*n == 2 && chains[0].origin == chains[1].origin) {
        cut_common(graph, &chains[0], &chains[1]);
        return true;
    }
    return *n == 1 && chains[0].n > 0 && graph->values[octi_edit_input(graph, index, 0)].uses == 1;
}

enum oct_status octi_pass_compose_tables(struct oct_graph *graph, struct oct_error *error)
{
    size_t n_nodes = graph->n_nodes; // tables are appended behind
    for (size_t n = 0; n < n_nodes; n++) {
        struct chain chains[MAX_INPUTS];
        size_t n_chains;
        if (!is_worthwhile(graph, n, chains, &n_chains)) {
            continue;
        }
        enum oct_status status = compose(graph, n, chains, n_chains, error);
        if (status != OCT_OK) {
            return status;
        }
    }
    return OCT_OK;
}
