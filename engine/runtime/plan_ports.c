#include "engine/graph/desc.h"
#include "engine/runtime/plan_impl.h"

#include <string.h>

static enum oct_status
make_port(struct oct_plan *plan, const char *name, const struct oct_tensor_desc *desc, struct oct_port *port)
{
    port->name = octi_region_strdup(&plan->region, name, strlen(name));
    port->batched = desc->shape.rank > 0 && desc->shape.dims[0] == OCT_DIM_BATCH;
    return port->name ? octi_desc_copy(&plan->region, desc, &port->desc) : OCT_ERR_NOMEM;
}

/// Declared signed, kept unsigned: its bytes are flipped at the graph's edge.
static bool is_flipped(const struct oct_plan *plan, const struct oct_port *port, oct_value_id value)
{
    return port->desc.dtype == OCT_DTYPE_QINT8 && plan->graph->values[value].desc.dtype == OCT_DTYPE_QUINT8;
}

/// Adds `value` unless its storage is in the list: outputs may share it.
static void add_flip(const struct oct_plan *plan, oct_value_id *flips, size_t *n, oct_value_id value)
{
    for (size_t i = 0; i < *n; i++) {
        if (plan->value_blocks[flips[i]] == plan->value_blocks[value]) {
            return;
        }
    }
    flips[(*n)++] = value;
}

enum oct_status octi_plan_make_ports(struct oct_plan *plan, const struct oct_graph *source, struct oct_error *error)
{
    const struct oct_graph *graph = plan->graph;
    plan->inputs = octi_region_alloc_small(&plan->region, graph->n_inputs * sizeof *plan->inputs);
    plan->outputs = octi_region_alloc_small(&plan->region, graph->n_outputs * sizeof *plan->outputs);
    plan->flips_in = octi_region_alloc_small(&plan->region, graph->n_inputs * sizeof *plan->flips_in);
    plan->flips_out = octi_region_alloc_small(&plan->region, graph->n_outputs * sizeof *plan->flips_out);
    if (!plan->inputs || !plan->outputs || !plan->flips_in || !plan->flips_out) {
        return octi_graph_no_memory(error);
    }
    for (size_t i = 0; i < graph->n_inputs; i++) {
        const struct octi_value *declared = &source->values[source->inputs[i]];
        if (make_port(plan, declared->name, &declared->desc, &plan->inputs[i]) != OCT_OK) {
            return octi_graph_no_memory(error);
        }
        if (is_flipped(plan, &plan->inputs[i], graph->inputs[i])) {
            add_flip(plan, plan->flips_in, &plan->n_flips_in, graph->inputs[i]);
        }
    }
    for (size_t i = 0; i < graph->n_outputs; i++) {
        const struct octi_value *declared = &source->values[source->outputs[i].value];
        if (make_port(plan, source->outputs[i].name, &declared->desc, &plan->outputs[i]) != OCT_OK) {
            return octi_graph_no_memory(error);
        }
        if (is_flipped(plan, &plan->outputs[i], graph->outputs[i].value)) {
            add_flip(plan, plan->flips_out, &plan->n_flips_out, graph->outputs[i].value);
        }
    }
    return OCT_OK;
}
