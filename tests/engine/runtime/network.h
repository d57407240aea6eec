/// A small residual network with everything a plan deals with: quantized and float parts, signed and unsigned edges,
/// views, in-place steps, constants that are packed and constants that are not, several outputs.
#ifndef OCTET_TESTS_ENGINE_RUNTIME_NETWORK_H
#define OCTET_TESTS_ENGINE_RUNTIME_NETWORK_H

#include "tests/engine/graph/graph_kit.h"

/// Adds the network and finishes the graph. @param with_float  also a float tail, whose GEMM may be class F
static inline void build_network(struct kit *kit, bool with_float)
{
    oct_value_id x = kit_input(kit, "image", kit_float(KIT_SHAPE(KIT_N, 3, 8, 8)));
    oct_value_id side = kit_input(kit, "side", kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(KIT_N, 10), 0.05, -3));
    oct_value_id q = kit_quantize(kit, "q", x, 0.03, 128, "quint8");
    struct oct_attribute_given conv[] = {kit_number("output_scale", 0.05), kit_int("output_zero_point", 100),
                                         KIT_INTS("padding", 1, 1)};
    struct oct_attribute_given sum[] = {kit_number("scale", 0.08), kit_int("zero_point", 90)};
    oct_value_id w1 = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(8, 3, 3, 3), 0.02, 0));
    oct_value_id b1 = kit_constant(kit, kit_float(KIT_SHAPE(8)));
    oct_value_id w2 = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(8, 8, 3, 3), 0.01, 0));
    oct_value_id a = kit_node_of(kit, "conv1", "quantized::conv2d", KIT_INPUTS(q, w1, b1), conv, 3);
    a = kit_unary(kit, "relu1", "aten::relu", a);
    oct_value_id b = kit_node_of(kit, "conv2", "quantized::conv2d", KIT_INPUTS(a, w2), conv, 3);
    oct_value_id s = kit_node_of(kit, "sum", "quantized::add", KIT_INPUTS(a, b), sum, 2);
    s = kit_unary(kit, "relu2", "aten::relu", s);
    oct_value_id m =
        kit_node_of(kit, "pool", "aten::max_pool2d", KIT_INPUTS(s), KIT_ATTRIBUTES(KIT_INTS("kernel_size", 2, 2)));
    oct_value_id p = kit_node_of(kit, "gap", "aten::adaptive_avg_pool2d", KIT_INPUTS(m),
                                 KIT_ATTRIBUTES(KIT_INTS("output_size", 1, 1)));
    oct_value_id f = kit_node_of(kit, "flat", "aten::flatten", KIT_INPUTS(p), KIT_ATTRIBUTES(kit_int("start_dim", 1)));
    oct_value_id w3 = kit_constant(kit, kit_quantized(OCT_DTYPE_QINT8, KIT_SHAPE(10, 8), 0.02, 0));
    struct oct_attribute_given linear[] = {kit_number("Y_scale_i", 0.06), kit_int("Y_zero_point_i", 120)};
    oct_value_id l = kit_node_of(kit, "linear", "quantized::linear", KIT_INPUTS(f, w3), linear, 2);
    oct_value_id d = kit_dequantize(kit, "scores", l);
    oct_value_id e = kit_dequantize(kit, "side_real", side);
    oct_value_id t = kit_node_of(kit, "total", "aten::add", KIT_INPUTS(d, e), KIT_NO_ATTRIBUTES);
    t = kit_node_of(kit, "scaled", "aten::mul", KIT_INPUTS(t, kit_constant(kit, kit_float(KIT_SHAPE(10)))),
                    KIT_NO_ATTRIBUTES);
    if (with_float) {
        oct_value_id w4 = kit_constant(kit, kit_float(KIT_SHAPE(4, 10)));
        t = kit_node_of(kit, "tail", "aten::linear", KIT_INPUTS(t, w4), KIT_NO_ATTRIBUTES);
    }
    kit_output(kit, "scores", t);
    kit_output(kit, "logits", l);
    kit_output(kit, "map", m);
    kit_output(kit, "side_again", kit_unary(kit, "side_relu", "aten::relu", side));
    kit_finish(kit);
}

#endif
