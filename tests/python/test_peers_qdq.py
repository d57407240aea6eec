"""A `.octet` model in ONNX's QDQ form: which nodes, with which numbers."""

import unittest

import numpy as np
import package  # noqa: F401

import octet.format as fmt
from peers.qdq import UnknownOperator, to_qdq


def conv_model(relu=True):
    """x (N, H, W, C) -> permute -> conv -> flatten -> linear, per-channel weights."""
    rng = np.random.default_rng(3)
    constants = [
        fmt.Constant(
            "w",
            "qint8",
            rng.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8),
            axis=0,
            scales=np.array([0.5, 0.25, 0.125, 1.0]),
            zero_points=np.zeros(4, np.int64),
        ),
        fmt.Constant("b", "float32", np.array([1.0, -1.0, 0.5, 0.1], np.float32)),
        fmt.Constant("v", "qint8", rng.integers(-127, 128, (3, 100)).astype(np.int8), scale=0.25, zero_point=0),
    ]
    nodes = [
        fmt.Node("p", "aten::permute", ["x"], ["x.p"], {"dims": [0, 3, 1, 2]}),
        fmt.Node(
            "c",
            "quantized::conv2d_relu" if relu else "quantized::conv2d",
            ["x.p", "w", "b"],
            ["y"],
            {
                "stride": [1, 1],
                "padding": [1, 1],
                "dilation": [1, 1],
                "groups": 1,
                "output_scale": 0.5,
                "output_zero_point": 7,
            },
        ),
        fmt.Node("f", "aten::flatten", ["y"], ["z"], {"start_dim": 1}),
        fmt.Node("l", "quantized::linear", ["z", "v", None], ["o"], {"Y_scale_i": 2.0, "Y_zero_point_i": 9}),
    ]
    return fmt.Model([fmt.Input("x", "quint8", ("N", 5, 5, 2), 0.5, 3)], nodes, [fmt.Output("output", "o")], constants)


def named(graph, op):
    return [node for node in graph.nodes if node.op == op]


def producer(graph, name):
    return next((node for node in graph.nodes if name in node.outputs), None)


def evaluate(graph, inputs):
    """The graph computed with numpy for the operators of these tests, sums in float64."""
    values = {**graph.initializers, **inputs}
    for node in graph.nodes:
        a = [values[name] for name in node.inputs]
        if node.op == "DequantizeLinear":
            shape = [1] * a[0].ndim
            if np.ndim(a[1]):
                shape[node.attributes["axis"]] = -1
            scale, zero_point = (np.asarray(v, np.float64).reshape(shape) for v in a[1:])
            result = (a[0] - zero_point) * scale
        elif node.op == "QuantizeLinear":
            result = np.clip(np.rint(a[0] / np.float64(a[1])) + a[2], 0, 255).astype(np.uint8)
        elif node.op == "Gemm":
            result = a[0] @ a[1].T + (a[2] if len(a) > 2 else 0)
        elif node.op == "Relu":
            result = np.maximum(a[0], 0)
        elif node.op == "Reshape":
            result = a[0].reshape([a[0].shape[i] if d == 0 else d for i, d in enumerate(a[1])])
        else:
            raise AssertionError(node.op)
        values[node.outputs[0]] = result
    return values[graph.outputs[0][0]]


class Structure(unittest.TestCase):
    def test_a_convolution_stands_between_dequantize_and_quantize(self):
        graph = to_qdq(conv_model(), 6)
        (conv,) = named(graph, "Conv")
        operands = [producer(graph, name) for name in conv.inputs]
        self.assertEqual([node.op for node in operands], ["DequantizeLinear"] * 3)
        self.assertEqual(conv.attributes["pads"], [1, 1, 1, 1])
        (relu,) = named(graph, "Relu")
        self.assertEqual(relu.inputs, conv.outputs)
        quantize = next(node for node in named(graph, "QuantizeLinear") if node.inputs[0] == relu.outputs[0])
        self.assertEqual(graph.initializers[quantize.inputs[1]], np.float32(0.5))
        self.assertEqual(graph.initializers[quantize.inputs[2]], np.uint8(7))

    def test_weights_keep_their_scales_per_channel_along_their_axis(self):
        graph = to_qdq(conv_model(), 1)
        weight = producer(graph, named(graph, "Conv")[0].inputs[1])
        self.assertEqual(weight.attributes, {"axis": 0})
        self.assertEqual(graph.initializers[weight.inputs[0]].dtype, np.int8)
        np.testing.assert_array_equal(graph.initializers[weight.inputs[1]], np.float32([0.5, 0.25, 0.125, 1.0]))

    def test_a_bias_becomes_int32_at_the_scale_of_the_products(self):
        graph = to_qdq(conv_model(), 1)
        bias = producer(graph, named(graph, "Conv")[0].inputs[2])
        stored = graph.initializers[bias.inputs[0]]
        self.assertEqual(stored.dtype, np.int32)
        np.testing.assert_array_equal(stored, [4, -8, 8, 0])  # bias / (0.5 * scale), halves to even

    def test_scales_of_tensors_have_rank_0(self):
        graph = to_qdq(conv_model(), 1)
        for node in named(graph, "QuantizeLinear"):
            self.assertEqual([graph.initializers[name].shape for name in node.inputs[1:]], [(), ()])

    def test_the_batch_is_filled_in(self):
        self.assertEqual(to_qdq(conv_model(), 6).inputs, [("x", np.dtype("u1"), (6, 5, 5, 2))])

    def test_the_output_is_what_the_last_operator_writes(self):
        graph = to_qdq(conv_model(), 1)
        (output,) = graph.outputs
        self.assertEqual(producer(graph, output[0]).op, "QuantizeLinear")
        self.assertEqual(output[1:], (np.dtype("u1"), 2))

    def test_permutations_go_before_or_behind_the_dequantization(self):
        for permute_floats, order in (
            (False, ["DequantizeLinear", "Transpose"]),
            (True, ["Transpose", "DequantizeLinear"]),
        ):
            graph = to_qdq(conv_model(), 1, permute_floats)
            first = producer(graph, named(graph, "Conv")[0].inputs[0])
            self.assertEqual([first.op, producer(graph, first.inputs[0]).op], order)
            self.assertEqual(len(named(graph, "Transpose")), 1)

    def test_what_nobody_reads_is_left_out(self):
        model = conv_model()
        model.nodes.append(fmt.Node("s", "aten::sigmoid", ["y"], ["unused"]))
        self.assertEqual(named(to_qdq(model, 1), "Sigmoid"), [])

    def test_a_concatenation_of_equal_parameters_moves_bytes_and_another_one_requantizes(self):
        for scale, ops in ((0.5, ["Concat"]), (0.25, ["DequantizeLinear"] * 2 + ["Concat", "QuantizeLinear"])):
            inputs = [fmt.Input(name, "quint8", ("N", 4), 0.5, 3) for name in ("a", "b")]
            node = fmt.Node("c", "quantized::cat", ["a", "b"], ["y"], {"dim": 1, "scale": scale, "zero_point": 3})
            graph = to_qdq(fmt.Model(inputs, [node], [fmt.Output("output", "y")]), 2)
            self.assertEqual([node.op for node in graph.nodes], ops)

    def test_an_unknown_operator_is_named(self):
        model = conv_model()
        model.nodes[2] = fmt.Node("soft", "aten::softmax", ["y"], ["z"], {"dim": 1})
        with self.assertRaisesRegex(UnknownOperator, "soft: aten::softmax"):
            to_qdq(model, 1)

    def test_a_weight_with_zero_points_is_refused(self):
        model = conv_model()
        model.constants[0].zero_points = np.array([0, 1, 0, 0])
        with self.assertRaisesRegex(UnknownOperator, "w: a weight with zero points"):
            to_qdq(model, 1)


class Values(unittest.TestCase):
    def test_linear_layers_of_rank_3_compute_what_their_rows_do(self):
        rng = np.random.default_rng(5)
        weights = [rng.integers(-20, 21, shape).astype(np.int8) for shape in ((6, 4), (3, 6))]
        scales = [rng.uniform(0.01, 0.02, len(weight)) for weight in weights]
        constants = [
            fmt.Constant(f"w{i}", "qint8", weight, axis=0, scales=scale, zero_points=np.zeros(len(scale), np.int64))
            for i, (weight, scale) in enumerate(zip(weights, scales))
        ]
        nodes = [
            fmt.Node("a", "quantized::linear_relu", ["x", "w0", None], ["h"], {"Y_scale_i": 0.05, "Y_zero_point_i": 0}),
            fmt.Node("b", "quantized::linear", ["h", "w1", None], ["y"], {"Y_scale_i": 0.04, "Y_zero_point_i": 100}),
        ]
        model = fmt.Model(
            [fmt.Input("x", "quint8", ("N", 5, 4), 0.1, 10)], nodes, [fmt.Output("output", "y")], constants
        )
        x = rng.integers(0, 128, (2, 5, 4)).astype(np.uint8)

        h = np.maximum(((x - 10.0) * 0.1) @ (weights[0] * scales[0][:, None]).T, 0)
        h = np.clip(np.rint(h / 0.05), 0, 255)
        y = (h * 0.05) @ (weights[1] * scales[1][:, None]).T
        expected = np.clip(np.rint(y / 0.04) + 100, 0, 255)

        graph = to_qdq(model, 2)
        result = evaluate(graph, {"x": x})
        self.assertEqual(result.shape, (2, 5, 3))
        np.testing.assert_allclose(result, expected, atol=1)  # scales are float32 here, float64 there
        self.assertEqual(len(named(graph, "Reshape")), 2)  # none between the two layers


if __name__ == "__main__":
    unittest.main()
