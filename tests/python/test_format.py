"""The `.octet` reader and writer against FORMAT.md: what is written reads back, what is wrong is refused and named."""

import json
import pathlib
import struct
import tempfile
import unittest

import numpy as np
import package  # noqa: F401

import octet.format as fmt
from octet.format import FormatError


def small_model():
    """x -> quantize -> conv (per channel) -> linear (per tensor, no bias)."""
    rng = np.random.default_rng(1)
    return fmt.Model(
        inputs=[fmt.Input("x", "float32", ("N", 1, 4, 4))],
        constants=[
            fmt.Constant(
                "conv.weight",
                "qint8",
                rng.integers(-128, 128, (2, 1, 3, 3)).astype(np.int8),
                scales=np.array([0.1, 1 / 3]),
                zero_points=np.array([0, -3]),
                axis=0,
            ),
            fmt.Constant("conv.bias", "float32", rng.normal(size=2).astype(np.float32)),
            fmt.Constant("fc.weight", "qint8", np.zeros((3, 8), np.int8), scale=0.1 + 0.2, zero_point=5),
        ],
        nodes=[
            fmt.Node("q", "aten::quantize_per_tensor", ["x"], ["q"], {"scale": 1 / 255, "dtype": "quint8"}),
            fmt.Node("conv", "quantized::conv2d", ["q", "conv.weight", "conv.bias"], ["h"], {"stride": [1, 1]}),
            fmt.Node("fc", "quantized::linear", ["h", "fc.weight", None], ["y"], {"Y_scale_i": 1e-300}),
        ],
        outputs=[fmt.Output("output", "y")],
        labels=["a", "ö", "c"],
        producer="test",
    )


def split(data):
    """(header object, tensor bytes) of a file."""
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def join(header, body):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


class RoundTrip(unittest.TestCase):
    def test_everything_survives(self):
        model = small_model()
        model.golden = fmt.Golden({"x": np.ones((2, 1, 4, 4), np.float32)}, {"output": "0" * 64})
        read = fmt.loads(fmt.dumps(model))
        self.assertEqual(read.inputs, model.inputs)
        self.assertEqual(read.nodes, model.nodes)
        self.assertEqual(read.outputs, model.outputs)
        self.assertEqual((read.labels, read.producer), (model.labels, model.producer))
        np.testing.assert_array_equal(read.golden.inputs["x"], model.golden.inputs["x"])
        self.assertEqual(read.golden.outputs_sha256, model.golden.outputs_sha256)
        for mine, theirs in zip(model.constants, read.constants):
            self.assertEqual((mine.name, mine.dtype, mine.axis), (theirs.name, theirs.dtype, theirs.axis))
            self.assertEqual((mine.scale, mine.zero_point), (theirs.scale, theirs.zero_point))
            np.testing.assert_array_equal(mine.data, theirs.data)
            if mine.scales is not None:
                np.testing.assert_array_equal(mine.scales, theirs.scales)
                np.testing.assert_array_equal(mine.zero_points, theirs.zero_points)

    def test_the_same_model_gives_the_same_bytes(self):
        self.assertEqual(fmt.dumps(small_model()), fmt.dumps(small_model()))
        self.assertEqual(fmt.dumps(fmt.loads(fmt.dumps(small_model()))), fmt.dumps(small_model()))

    def test_every_dtype_and_shape(self):
        model = small_model()
        for name in ("float32", "float64", "uint8", "int8", "int32", "int64", "bool"):
            data = np.zeros((2, 0, 3), np.dtype(name)) if name == "int32" else np.ones((), np.dtype(name))
            model.constants.append(fmt.Constant(name, name, data))
        read = {constant.name: constant for constant in fmt.loads(fmt.dumps(model)).constants}
        self.assertEqual(read["int32"].data.shape, (2, 0, 3))
        self.assertEqual(read["float64"].data.shape, ())
        self.assertEqual(read["bool"].data.dtype, np.dtype(bool))

    def test_a_quantized_input_keeps_its_parameters(self):
        model = small_model()
        model.inputs.append(fmt.Input("z", "qint8", (2, 3), 0.1, -7))
        self.assertEqual(fmt.loads(fmt.dumps(model)).inputs[1], model.inputs[1])

    def test_wide_elements_come_first_and_are_aligned(self):
        header, _ = split(fmt.dumps(small_model()))
        for name, entry in header.items():
            if name != "__metadata__":
                size = {"F64": 8, "I64": 8, "F32": 4, "I8": 1}[entry["dtype"]]
                self.assertEqual(entry["data_offsets"][0] % size, 0, name)

    def test_save_replaces_whole_files_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.octet"
            fmt.save(small_model(), path)
            before = path.read_bytes()
            broken = small_model()
            broken.outputs[0].value = "nothing"
            with self.assertRaises(FormatError):
                fmt.save(broken, path)
            self.assertEqual(path.read_bytes(), before)
            self.assertEqual([p.name for p in pathlib.Path(folder).iterdir()], ["m.octet"])
            self.assertEqual(fmt.load(path).nodes, small_model().nodes)

    def test_the_shipped_model_reads(self):
        model = fmt.load(package.ROOT / "configs" / "models" / "fashion-mnist.octet")
        self.assertEqual(model.inputs[0].shape, ("N", 1, 28, 28))
        self.assertEqual(len(model.labels), 10)


class Container(unittest.TestCase):
    def setUp(self):
        self.data = fmt.dumps(small_model())

    def refused(self, data, pattern):
        with self.assertRaisesRegex(FormatError, pattern):
            fmt.loads(data)

    def test_truncated_at_every_length(self):
        for length in range(len(self.data)):
            with self.assertRaises(FormatError):
                fmt.loads(self.data[:length])

    def test_bytes_after_the_last_tensor(self):
        self.refused(self.data + b"\0", "1 bytes after the last tensor")

    def test_header_lengths_that_lie(self):
        for length in (0, 1, 2**63, 2**64 - 1, (64 << 20) + 1, len(self.data)):
            self.refused(struct.pack("<Q", length) + self.data[8:], "header length")

    def test_not_json(self):
        for text in (b"[]", b"{", b"{}x", b'{"a":NaN}', b"\xff\xff", b"{" * 200000, b'{"a":1,"a":2}'):
            self.refused(struct.pack("<Q", len(text)) + text, ".")

    def test_a_safetensors_file_without_a_graph(self):
        self.refused(join({}, b""), "not an Octet model")

    def edited(self, edit):
        header, body = split(self.data)
        edit(header)
        return join(header, body)

    def test_metadata_must_map_strings_to_strings(self):
        self.refused(self.edited(lambda h: h["__metadata__"].update(more=1)), "strings to strings")

    def test_other_metadata_is_ignored(self):
        data = self.edited(lambda h: h["__metadata__"].update(author="somebody"))
        self.assertEqual(fmt.loads(data).nodes, small_model().nodes)

    def test_tensors_that_lie(self):
        cases = [
            (lambda t: t.update(dtype="F16"), "dtype"),
            (lambda t: t.update(dtype=["F32"]), "dtype"),
            (lambda t: t.update(shape=[-1]), "shape"),
            (lambda t: t.update(shape=[True, 2]), "shape"),
            (lambda t: t.update(shape=[2**40, 2**40]), "needs"),
            (lambda t: t.update(shape=[1] * 9), "at most 8"),
            (lambda t: t.update(shape=[3]), "needs 12"),
            (lambda t: t.update(data_offsets=[0, 10**9]), "outside"),
            (lambda t: t.update(data_offsets=[8, 0]), "outside"),
            (lambda t: t.update(data_offsets=[0]), r"expected \[begin, end\]"),
            (lambda t: t.update(data_offsets=[0, 8]), "overlaps"),
            (lambda t: t.update(extra=1), "exactly"),
            (lambda t: t.pop("shape"), "exactly"),
        ]
        for edit, pattern in cases:
            self.refused(self.edited(lambda h, edit=edit: edit(h["conv.bias"])), pattern)

    def test_a_hole_between_tensors(self):
        self.refused(self.edited(lambda h: h.pop("conv.bias")), "hole")

    def test_names_of_tensors(self):
        for name in ("", "a" * 257, "a\nb"):
            self.refused(self.edited(lambda h, name=name: h.update({name: h.pop("conv.bias")})), "name")


class Graph(unittest.TestCase):
    """Each case changes one thing of a good graph; the error must say where."""

    def setUp(self):
        self.header, self.body = split(fmt.dumps(small_model()))

    def refused(self, edit, where, pattern):
        graph = json.loads(self.header["__metadata__"]["octet"])
        edit(graph)
        header = dict(self.header, __metadata__={"octet": json.dumps(graph)})
        with self.assertRaisesRegex(FormatError, pattern) as caught:
            fmt.loads(join(header, self.body))
        self.assertEqual(caught.exception.where, where)

    def test_top_level(self):
        self.refused(lambda g: g.update(format_version=2), "format_version", "2; this reader knows 1")
        self.refused(lambda g: g.pop("format_version"), "graph", "missing")
        self.refused(lambda g: g.update(format_version=True), "format_version", "True")
        self.refused(lambda g: g.update(nodez=[]), "graph", "unknown key 'nodez'")
        self.refused(lambda g: g.pop("outputs"), "graph", "`outputs` is missing")
        self.refused(lambda g: g.update(outputs=[]), "outputs", "at least one")
        self.refused(lambda g: g.update(producer="é" * 200), "producer", "256 bytes")
        self.refused(lambda g: g.update(labels=[1]), "labels[0]", "string")
        self.refused(lambda g: g.update(nodes={}), "nodes", "array")

    def test_inputs(self):
        def first(**fields):
            return lambda g: g["inputs"][0].update(fields)

        self.refused(first(shape=[1, "N"]), "inputs[0].shape[1]", "dimension 0")
        self.refused(first(shape=["M"]), "inputs[0].shape[0]", "M")
        self.refused(first(shape=[1.0]), "inputs[0].shape[0]", "positive integer")
        self.refused(first(shape=["N", 0]), "inputs[0].shape[1]", "positive integer")
        self.refused(first(shape=[1] * 9), "inputs[0].shape", "at most 8")
        self.refused(first(dtype="float16"), "inputs[0].dtype", "float16")
        self.refused(first(scale=1), "inputs[0]", "no quantization parameters")
        self.refused(first(dtype="quint8", scale=1.0), "inputs[0]", "zero_point")
        self.refused(first(dtype="quint8", scale=0, zero_point=0), "inputs[0].scale", "positive")
        self.refused(first(dtype="quint8", scale=1, zero_point=256), "inputs[0].zero_point", "does not fit")
        self.refused(first(name="conv.bias"), "constants[1].name", "exists already")

    def test_constants(self):
        def at(index, **fields):
            return lambda g: g["constants"][index].update(fields)

        self.refused(at(1, name="nothing"), "constants[1].name", "no tensor")
        self.refused(at(1, dtype="int32"), "constants[1].dtype", "cannot be stored")
        self.refused(at(1, axis=0), "constants[1]", "no quantization parameters")
        self.refused(at(0, qscheme="per_tensor_affine"), "constants[0]", "exactly scale and zero_point")
        self.refused(at(0, qscheme="per_row"), "constants[0].qscheme", "per_row")
        self.refused(at(0, axis=4), "constants[0].axis", "no dimension")
        self.refused(at(0, axis=1), "constants[0].scales", r"expected \[1\]")
        self.refused(at(0, scales="fc.weight"), "constants[0].scales", "expected")
        self.refused(at(0, scales="nothing"), "constants[0].scales", "no tensor")
        self.refused(at(2, scale=-1.0), "constants[2].scale", "positive")
        self.refused(at(2, zero_point=128), "constants[2].zero_point", "does not fit qint8")

    def test_nodes(self):
        def at(index, **fields):
            return lambda g: g["nodes"][index].update(fields)

        self.refused(at(0, inputs=["h"]), "nodes[0].inputs[0]", "no input, constant or earlier node gives 'h'")
        self.refused(at(0, inputs=[3]), "nodes[0].inputs[0]", "3")
        self.refused(at(1, outputs=["q"]), "nodes[1].outputs[0]", "exists already")
        self.refused(at(1, attributes={"a": {}}), "nodes[1].attributes.a", "expected")
        self.refused(at(1, attributes={"a": ["x"]}), "nodes[1].attributes.a", "expected")
        self.refused(at(1, attributes={"a": 2**63}), "nodes[1].attributes.a", "expected")
        self.refused(at(1, attributes=[]), "nodes[1].attributes", "object")
        self.refused(at(1, kind="x"), "nodes[1]", "unknown key 'kind'")
        self.refused(lambda g: g["nodes"][1].pop("op"), "nodes[1]", "`op` is missing")
        self.refused(lambda g: g.update(nodes=[g["nodes"][0]] * 65537), "nodes", "at most 65536")

    def test_outputs(self):
        self.refused(lambda g: g["outputs"][0].update(value="z"), "outputs[0].value", "'z'")
        self.refused(lambda g: g["outputs"].append(g["outputs"][0]), "outputs[1].name", "exists already")

    def test_golden(self):
        good = {"inputs": {"x": "conv.bias"}, "outputs_sha256": {"output": "0" * 64}}
        self.refused(lambda g: g.update(golden=good), "golden.inputs.x", "is not the input's")
        lacking = dict(good, inputs={})
        self.refused(lambda g: g.update(golden=lacking), "golden.inputs", "`x` is missing")
        short = {"inputs": {}, "outputs_sha256": {"output": "0"}}
        self.refused(lambda g: g.update(golden=short), "golden.inputs", "missing")

    def test_numbers_outside_float64(self):
        graph = json.loads(self.header["__metadata__"]["octet"])
        text = json.dumps(graph).replace("1e-300", "1e400")
        with self.assertRaisesRegex(FormatError, "Y_scale_i"):
            fmt.loads(join(dict(self.header, __metadata__={"octet": text}), self.body))

    def test_a_graph_over_16_mib(self):
        header = dict(self.header, __metadata__={"octet": " " * (16 << 20) + "{}"})
        with self.assertRaisesRegex(FormatError, "longer than"):
            fmt.loads(join(header, self.body))


class Writing(unittest.TestCase):
    def test_what_could_not_be_read_is_not_written(self):
        def refused(edit, pattern):
            model = small_model()
            edit(model)
            with self.assertRaisesRegex(FormatError, pattern):
                fmt.dumps(model)

        refused(lambda m: m.nodes[0].attributes.update(scale=float("nan")), "JSON")
        refused(lambda m: m.nodes[0].attributes.update(scale=np.float32(1)), "JSON")
        refused(lambda m: m.nodes.reverse(), "no input, constant or earlier node")
        refused(lambda m: m.constants.append(m.constants[1]), "exists already")
        refused(lambda m: setattr(m.constants[1], "data", np.zeros(2, np.float16)), "cannot be stored")

    def test_names_of_scales_avoid_constants(self):
        model = small_model()
        model.constants.append(fmt.Constant("conv.weight.scales", "float32", np.ones(2, np.float32)))
        read = fmt.loads(fmt.dumps(model))
        np.testing.assert_array_equal(read.constants[0].scales, model.constants[0].scales)
        np.testing.assert_array_equal(read.constants[3].data, np.ones(2, np.float32))


if __name__ == "__main__":
    unittest.main()
