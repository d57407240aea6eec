"""Cases of shape files as models: every file's every case is a legal `.octet` file or has a reason."""

import json
import pathlib
import tempfile
import unittest

import numpy as np
import package

import octet.format as fmt
from peers import layers
from peers.qdq import to_qdq

OPERATORS = {pattern.op for pattern in layers.PATTERNS.values()} | {
    "quantized::linear",
    "quantized::linear_relu",
    "quantized::conv2d",
    "quantized::conv2d_relu",
}
CONV = {
    "name": "c",
    "row": "conv3x3",
    "op": "conv2d",
    "batch": 2,
    "in": [6, 5],
    "channels": 4,
    "out_channels": 8,
    "kernel": [3, 3],
    "stride": [2, 1],
    "padding": [1, 0],
    "dilation": [1, 1],
    "groups": 2,
}
WINDOW = {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1]}


class Layers(unittest.TestCase):
    def test_a_convolution_counts_its_operations(self):
        layer = layers.build(CONV, OPERATORS)
        self.assertEqual(layer.operations, 2 * 2 * (3 * 3) * 8 * (2 * 9))
        self.assertEqual([array.shape for array in layer.inputs], [(2, 6, 5, 4)])

    def test_relu_takes_the_fused_operator_and_the_zero_point_0(self):
        node = layers.build({**CONV, "relu": True}, OPERATORS).model.nodes[1]
        self.assertEqual((node.op, node.attributes["output_zero_point"]), ("quantized::conv2d_relu", 0))

    def test_the_same_case_gives_the_same_model(self):
        first, second = (fmt.dumps(layers.build(CONV, OPERATORS).model) for _ in range(2))
        self.assertEqual(first, second)

    def test_activations_leave_the_highest_bit_free(self):
        self.assertLess(layers.build(CONV, OPERATORS).inputs[0].max(), 128)

    def test_outputs_use_the_range_and_seldom_its_ends(self):
        case = {"name": "l", "row": "gemm", "op": "linear", "rows": 16, "in_features": 64, "out_features": 32}
        layer = layers.build(case, OPERATORS)
        weight, bias = layer.model.constants
        node = layer.model.nodes[0]
        scaled = weight.data * weight.scales[:, None]
        y = (layer.inputs[0] * layers.INPUT_SCALE) @ scaled.T + bias.data
        stored = y / node.attributes["Y_scale_i"] + node.attributes["Y_zero_point_i"]
        self.assertGreater(stored.std(), 15)
        self.assertLess(((stored < 0) | (stored > 255)).mean(), 0.05)

    def test_every_pattern_is_a_legal_file_that_the_peers_can_have(self):
        for op in layers.PATTERNS:
            case = {"name": op, "row": "elementwise", "op": op, "batch": 1, "in": [4, 4], "channels": 3, **WINDOW}
            layer = layers.build(case, OPERATORS)
            with self.subTest(op=op):
                fmt.loads(fmt.dumps(layer.model))
                self.assertTrue(to_qdq(layer.model, layer.rows).nodes)
                self.assertEqual(len(layer.inputs), len(layer.model.inputs))

    def test_every_case_of_the_shape_files_has_its_form(self):
        paths = sorted((package.ROOT / "tests" / "bench" / "shapes").glob("*.json"))
        self.assertGreater(len(paths), 10)
        for path in paths:
            for case in json.loads(path.read_text())["cases"]:
                with self.subTest(set=path.stem, case=case["name"]):
                    known = case["op"] in ("linear", "conv1d", "conv2d", "conv3d") or case["op"] in layers.PATTERNS
                    self.assertTrue(known)
                    if case["op"] in layers.PATTERNS and case.get("elements", 0) < 10**6:
                        layer = layers.build(case, OPERATORS | {"quantized::add_relu"})
                        self.assertEqual(len(layer.inputs), len(layer.model.inputs))

    def test_a_relu_behind_an_add_is_fused(self):
        case = {"name": "a", "row": "elementwise", "op": "add", "elements": 8, "relu": True}
        self.assertEqual(
            layers.build(case, OPERATORS | {"quantized::add_relu"}).model.nodes[0].op, "quantized::add_relu"
        )

    def test_a_concatenation_has_as_many_inputs_as_it_says(self):
        case = {"name": "c", "row": "elementwise", "op": "concat", "elements": 8, "inputs": 4}
        self.assertEqual(len(layers.build(case, OPERATORS).inputs), 4)

    def test_an_operator_that_octet_lacks_is_a_reason(self):
        with self.assertRaisesRegex(layers.NoSuchLayer, "octet has no quantized::conv2d"):
            layers.build(CONV, OPERATORS - {"quantized::conv2d"})

    def test_an_unknown_case_is_a_reason(self):
        with self.assertRaisesRegex(layers.NoSuchLayer, "op sort"):
            layers.build({"name": "c", "row": "elementwise", "op": "sort", "elements": 4}, OPERATORS)

    def test_the_dispatch_model_has_as_many_nodes_as_it_says(self):
        layer = layers.dispatch_model()
        self.assertEqual(len(layer.model.nodes), layers.DISPATCH_NODES)
        self.assertEqual(len({node.op for node in layer.model.nodes}), 2)
        with tempfile.TemporaryDirectory() as folder:
            fmt.save(layer.model, pathlib.Path(folder) / "m.octet")

    def test_operands_are_inputs_weights_and_outputs_once(self):
        layer = layers.dispatch_model()
        weights = sum(entry.data.nbytes for entry in layer.model.constants)
        output = np.zeros(10, np.uint8)
        self.assertEqual(layer.operand_bytes(output), weights + layer.inputs[0].nbytes + 10)

    def test_the_null_model_only_passes_bytes_on(self):
        layer = layers.null_model()
        self.assertEqual([node.op for node in layer.model.nodes], ["aten::reshape"])
        np.testing.assert_array_equal(layer.inputs[0], [[0, 1, 2, 3]])


if __name__ == "__main__":
    unittest.main()
