/// A chain x -> a -> b -> c with output c, and a copy of it to edit.
#ifndef OCTET_TESTS_ENGINE_GRAPH_CHAIN_H
#define OCTET_TESTS_ENGINE_GRAPH_CHAIN_H

#include "engine/graph/edit.h"
#include "tests/engine/graph/graph_kit.h"

static inline oct_value_id insert_relu(struct oct_graph *graph, const char *name, oct_value_id input)
{
    struct oct_error error = OCT_ERROR_INIT;
    oct_value_id out;
    ck_assert_ok(octi_edit_insert(graph, name, "aten::relu", &input, 1, NULL, 0, &out, &error), &error);
    ck_assert_uint_ne(out, OCT_VALUE_NONE);
    return out;
}

static inline struct oct_graph *open_chain(struct kit *kit)
{
    *kit = kit_open();
    oct_value_id v = kit_input(kit, "x", kit_float(KIT_SHAPE(KIT_N, 4)));
    v = kit_unary(kit, "a", "aten::relu", v);
    v = kit_unary(kit, "b", "aten::sigmoid", v);
    v = kit_unary(kit, "c", "aten::relu", v);
    kit_output(kit, "y", v);
    kit_finish(kit);
    struct oct_error error = OCT_ERROR_INIT;
    struct oct_graph *graph;
    ck_assert_ok(octi_graph_copy(kit->graph, NULL, &graph, &error), &error);
    return graph;
}

static inline void expect_order(const struct oct_graph *graph, const char *const *names, size_t n)
{
    ck_assert_uint_eq(oct_graph_node_count(graph), n);
    for (size_t i = 0; i < n; i++) {
        struct oct_node_info node = oct_graph_node(graph, i);
        ck_assert_str_eq(node.name, names[i]);
        for (size_t j = 0; j < node.n_inputs; j++) {
            struct oct_value_info input = oct_graph_value(graph, node.inputs[j]);
            ck_assert(input.kind != OCT_VALUE_NODE || input.node < i);
        }
        ck_assert_uint_eq(oct_graph_value(graph, node.outputs[0]).node, i);
    }
}
#define EXPECT_ORDER(graph, ...)                                                                                       \
    expect_order(graph, (const char *const[]){__VA_ARGS__},                                                            \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
