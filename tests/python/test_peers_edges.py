"""What is taken off or put on at a model's edges."""

import unittest

import package  # noqa: F401

import octet.format as fmt
from peers.edges import channels_first, images_last, without_float_edges


def pooled(first="permute"):
    nodes = [
        fmt.Node("in", "aten::permute", ["x"], ["a"], {"dims": [0, 3, 1, 2]}),
        fmt.Node("pool", "aten::max_pool2d", ["a"], ["b"], {"kernel_size": [2, 2]}),
        fmt.Node("out", "aten::permute", ["b"], ["c"], {"dims": [0, 2, 3, 1]}),
    ]
    return fmt.Model([fmt.Input("x", "quint8", ("N", 8, 6, 3), 0.1, 0)], nodes, [fmt.Output("output", "c")])


class Edges(unittest.TestCase):
    def test_permutations_at_the_edges_are_taken_off_and_told(self):
        model, inward, outward = channels_first(pooled())
        self.assertEqual([node.op for node in model.nodes], ["aten::max_pool2d"])
        self.assertEqual(model.nodes[0].inputs, ["x"])
        self.assertEqual(model.inputs[0].shape, ("N", 3, 8, 6))
        self.assertEqual(model.outputs[0].value, "b")
        self.assertEqual((inward, outward), ({"x": [0, 3, 1, 2]}, {0: [0, 2, 3, 1]}))

    def test_the_given_model_stays_as_it_is(self):
        model = pooled()
        channels_first(model)
        self.assertEqual(model, pooled())

    def test_a_model_without_permutations_has_no_other_form(self):
        model = pooled()
        model.nodes, model.outputs = [fmt.Node("r", "aten::relu", ["x"], ["c"])], [fmt.Output("output", "c")]
        self.assertIsNone(channels_first(model))

    def test_a_model_that_is_only_a_permutation_keeps_it(self):
        model = pooled()
        model.nodes = [fmt.Node("t", "aten::permute", ["x"], ["c"], {"dims": [0, 3, 1, 2]})]
        self.assertIsNone(channels_first(model))

    def test_images_are_given_channels_last_and_other_inputs_as_they_were(self):
        model, _, _ = channels_first(pooled())
        last = images_last(model)
        self.assertEqual(last.inputs[0].shape, ("N", 8, 6, 3))
        self.assertEqual([node.op for node in last.nodes], ["aten::permute", "aten::max_pool2d"])
        self.assertEqual(last.nodes[1].inputs, last.nodes[0].outputs)
        model.inputs[0].shape = ("N", 8)
        self.assertIs(images_last(model), model)

    def test_quantization_at_the_edges_moves_into_the_input_and_away_from_the_output(self):
        nodes = [
            fmt.Node(
                "q", "aten::quantize_per_tensor", ["x"], ["a"], {"scale": 0.25, "zero_point": 9, "dtype": "quint8"}
            ),
            fmt.Node("r", "aten::relu", ["a"], ["b"]),
            fmt.Node("d", "aten::dequantize", ["b"], ["c"]),
        ]
        model = fmt.Model([fmt.Input("x", "float32", ("N", 4))], nodes, [fmt.Output("output", "c")])
        inner = without_float_edges(model)
        self.assertEqual([(node.op, node.inputs) for node in inner.nodes], [("aten::relu", ["x"])])
        self.assertEqual(
            (inner.inputs[0].dtype, inner.inputs[0].scale, inner.inputs[0].zero_point), ("quint8", 0.25, 9)
        )
        self.assertEqual(inner.outputs[0].value, "b")
        with self.assertRaises(ValueError):
            without_float_edges(inner)


if __name__ == "__main__":
    unittest.main()
