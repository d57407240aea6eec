/// Tiny real models for server tests, built through the graph and written as `.octet` bytes: x float32 [N, 4] -> y.
#ifndef OCTET_TESTS_SERVER_MODELS_TINY_MODEL_H
#define OCTET_TESTS_SERVER_MODELS_TINY_MODEL_H

#include "tests/support/oct_check.h"

#include <stdio.h>
#include <string.h>

#include "octet/proto/octet_file.h"

#define TINY_COLUMNS 4

enum tiny_kind {
    TINY_RELU,    ///< y = max(x, 0): rows are independent
    TINY_SOFTMAX, ///< y = softmax(x, dim 0): rows depend on one another
};

/// Appends a model's bytes to `out`. Another `label` makes other bytes of the same function.
static inline void tiny_model_write(enum tiny_kind kind, const char *label, struct oct_buffer *out)
{
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_op_registry *registry = NULL;
    struct oct_graph *graph = NULL;
    ck_assert_ok(oct_op_registry_create(NULL, &registry, &error), &error);
    ck_assert_ok(oct_graph_create(NULL, registry, &graph, &error), &error);
    const struct oct_tensor_desc desc = {.dtype = OCT_DTYPE_FLOAT32,
                                         .shape = {.rank = 2, .dims = {OCT_DIM_BATCH, TINY_COLUMNS}}};
    oct_value_id x = OCT_VALUE_NONE;
    oct_value_id y = OCT_VALUE_NONE;
    const char *outputs[] = {"y"};
    const struct oct_attribute_given dim = {.name = "dim",
                                            .value = {.present = true, .type = OCT_ATTRIBUTE_INT, .integer = 0}};
    ck_assert_ok(oct_graph_add_input(graph, "x", &desc, &x, &error), &error);
    ck_assert_ok(oct_graph_add_node(graph, "node", kind == TINY_RELU ? "aten::relu" : "aten::softmax", &x, 1, &dim,
                                    kind == TINY_RELU ? 0 : 1, outputs, 1, &y, &error),
                 &error);
    ck_assert_ok(oct_graph_add_output(graph, "y", y, &error), &error);
    ck_assert_ok(oct_graph_finish(graph, &error), &error);
    char producer[64];
    snprintf(producer, sizeof producer, "%s", label);
    struct oct_octet_file file = {.graph = graph, .producer = producer};
    oct_buffer_init(out, NULL, (size_t)1 << 20);
    ck_assert_ok(oct_octet_write(&file, out, &error), &error);
    oct_graph_destroy(graph);
    oct_op_registry_destroy(registry);
}

#endif
