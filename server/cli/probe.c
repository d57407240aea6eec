#include "server/cli/probe.h"

#include <stdlib.h>

#include "octet/plan.h"
#include "server/cli/measure.h"

/// One node: quantized::linear of a quint8 input.
static enum oct_status build_graph(struct oct_graph *graph, const int8_t *weights, struct oct_error *error)
{
    const struct oct_tensor_desc input = {
        .dtype = OCT_DTYPE_QUINT8,
        .shape = {.rank = 2, .dims = {OCT_DIM_BATCH, OCT_PROBE_WIDTH}},
        .qparams = {.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.02, .zero_point = 3}};
    const struct oct_tensor_desc weight = {.dtype = OCT_DTYPE_QINT8,
                                           .shape = {.rank = 2, .dims = {OCT_PROBE_WIDTH, OCT_PROBE_WIDTH}},
                                           .qparams = {.scheme = OCT_QSCHEME_PER_TENSOR_AFFINE, .scale = 0.01}};
    const struct oct_attribute_given attributes[] = {
        {"Y_scale_i", {.present = true, .type = OCT_ATTRIBUTE_FLOAT, .number = 0.5}},
        {"Y_zero_point_i", {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = 128}},
    };
    static const char *const output_names[] = {"y"};
    oct_value_id inputs[3] = {OCT_VALUE_NONE, OCT_VALUE_NONE, OCT_VALUE_NONE};
    oct_value_id output = OCT_VALUE_NONE;
    enum oct_status status = oct_graph_add_input(graph, "x", &input, &inputs[0], error);
    if (status == OCT_OK) {
        status = oct_graph_add_constant(graph, "w", &weight, weights, (size_t)OCT_PROBE_WIDTH * OCT_PROBE_WIDTH,
                                        &inputs[1], error);
    }
    if (status == OCT_OK) {
        status = oct_graph_add_node(graph, "linear", "quantized::linear", inputs, 3, attributes, 2, output_names, 1,
                                    &output, error);
    }
    if (status == OCT_OK) {
        status = oct_graph_add_output(graph, "y", output, error);
    }
    return status == OCT_OK ? oct_graph_finish(graph, error) : status;
}

static enum oct_status
create_plan(uint64_t features, const struct oct_op_registry *registry, struct oct_plan **plan, struct oct_error *error)
{
    size_t n_weights = (size_t)OCT_PROBE_WIDTH * OCT_PROBE_WIDTH;
    int8_t *weights = malloc(n_weights);
    if (weights == NULL) {
        return oct_error_set(error, OCT_ERR_NOMEM, "probe", OCT_POSITION_NONE, "out of memory");
    }
    for (size_t i = 0; i < n_weights; ++i) {
        weights[i] = (int8_t)(i * 7 % 251 - 125);
    }
    struct oct_graph *graph = NULL;
    enum oct_status status = oct_graph_create(NULL, registry, &graph, error);
    if (status == OCT_OK) {
        status = build_graph(graph, weights, error);
    }
    if (status == OCT_OK) {
        struct oct_plan_options options = oct_plan_options_default();
        options.cpu_features = features;
        options.max_rows = OCT_PROBE_ROWS;
        status = oct_plan_create(graph, &options, plan, error);
    }
    oct_graph_destroy(graph);
    free(weights);
    return status;
}

enum oct_status
oct_cli_probe_gops(uint64_t features, double seconds, double *gops, const char **kernel, struct oct_error *error)
{
    struct oct_op_registry *registry = NULL;
    struct oct_plan *plan = NULL;
    struct oct_stopwatch runs = {NULL, 0, 0};
    enum oct_status status = oct_op_registry_create(NULL, &registry, error);
    if (status == OCT_OK) {
        status = create_plan(features, registry, &plan, error);
    }
    if (status == OCT_OK) {
        const struct oct_measure_options options = {OCT_PROBE_ROWS, seconds, 1, NULL};
        status = oct_measure_plan(plan, &options, &runs, NULL, error);
    }
    if (status == OCT_OK) {
        double operations = 2.0 * OCT_PROBE_ROWS * OCT_PROBE_WIDTH * OCT_PROBE_WIDTH;
        uint64_t median = oct_stopwatch_at(&runs, 0.5);
        *gops = median == 0 ? 0 : operations / (double)median;
        for (size_t i = 0; i < oct_plan_step_count(plan); ++i) {
            *kernel = oct_plan_step(plan, i).kernel; // the only step that computes is the last
        }
    }
    oct_stopwatch_deinit(&runs);
    oct_plan_release(plan);
    oct_op_registry_destroy(registry);
    return status;
}
