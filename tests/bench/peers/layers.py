"""One layer of a shape file as a `.octet` model, with weights and inputs of a fixed seed.

Images come and go as N, H, W, C, the order in which all four libraries' kernels work: permutations at both ends of the
model, which each of them sees through. Activations use 0..127, as PyTorch's own settings for x86 have them
(reduce_range), so that no peer's kernel saturates; their zero point is 0, as behind a ReLU, and in the middle for the
first layer.
"""

import zlib
from dataclasses import dataclass

import numpy as np

import octet.format as fmt

INPUT_SCALE = 1 / 32
OUTPUT_SCALE_STEPS = 40.0
NHWC_TO_NCHW, NCHW_TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
#: Dimensions in the window -> channels moved to the front, and back.
PERMUTATIONS = {1: ([0, 2, 1], [0, 2, 1]), 2: (NHWC_TO_NCHW, NCHW_TO_NHWC), 3: ([0, 4, 1, 2, 3], [0, 2, 3, 4, 1])}


class NoSuchLayer(ValueError):
    """A case that cannot be written as a model; the message is the reason that a report shows."""


@dataclass
class Layer:
    """`inputs`: stored uint8 arrays in the order of the model's inputs; `rows`: what N is in them."""

    model: fmt.Model
    inputs: list
    rows: int
    operations: int = 0  # multiplications and additions

    def operand_bytes(self, output):
        """Bytes of inputs, weights, biases and the array `output`, each once."""
        weights = [entry.data for entry in self.model.constants]
        return sum(int(array.nbytes) for array in (*self.inputs, *weights, output))


def _generator(case):
    return np.random.default_rng(zlib.crc32(f"{case['name']} {case['op']}".encode()))


def _activations(rng, shape):
    return rng.integers(0, 128, shape).astype(np.uint8)


def _weighted(rng, op, source, weight_shape, zero_point, relu, **attributes):
    """(node, constants) whose outputs lie some 40 steps around their zero point, 128 or (with relu) 0."""
    channels, k = weight_shape[0], int(np.prod(weight_shape[1:]))
    weight_scales = rng.uniform(0.5, 1.5, channels) / 127
    weight = rng.integers(-127, 128, weight_shape).astype(np.int8)
    spread = np.sqrt(k) * 73 * np.sqrt(37**2 + (63.5 - zero_point) ** 2) * INPUT_SCALE / 127
    scale = float(spread / OUTPUT_SCALE_STEPS)
    constants = [
        fmt.Constant("weight", "qint8", weight, axis=0, scales=weight_scales, zero_points=np.zeros(channels, np.int64)),
        fmt.Constant("bias", "float32", rng.normal(0, 5 * scale, channels).astype(np.float32)),
    ]
    names = ("Y_scale_i", "Y_zero_point_i") if op == "quantized::linear" else ("output_scale", "output_zero_point")
    attributes.update(zip(names, (scale, 0 if relu else 128)))
    op = f"{op}_relu" if relu else op
    return fmt.Node("layer", op, [source, "weight", "bias"], ["y"], attributes), constants


def _model(inputs, nodes, constants=(), last="y"):
    return fmt.Model(
        inputs=inputs,
        nodes=nodes,
        constants=list(constants),
        outputs=[fmt.Output("output", last)],
        producer="compare.py",
    )


def _linear(case, rng):
    rows, k, n = case["rows"], case["in_features"], case["out_features"]
    node, constants = _weighted(rng, "quantized::linear", "x", (n, k), 0, case.get("relu", False))
    model = _model([fmt.Input("x", "quint8", ("N", k), INPUT_SCALE, 0)], [node], constants)
    return Layer(model, [_activations(rng, (rows, k))], rows, 2 * rows * k * n)


def _conv(case, rng, op):
    rank = len(case["in"])
    inward, outward = PERMUTATIONS[rank]
    zero_point = 64 if case["row"] == "first_layer" else 0
    channels, groups = case["channels"], case["groups"]
    weight_shape = (case["out_channels"], channels // groups, *case["kernel"])
    attributes = {key: list(case[key]) for key in ("stride", "padding", "dilation")}
    node, constants = _weighted(
        rng, op, "x.c", weight_shape, zero_point, case.get("relu", False), groups=groups, **attributes
    )
    nodes = [
        fmt.Node("in", "aten::permute", ["x"], ["x.c"], {"dims": inward}),
        node,
        fmt.Node("out", "aten::permute", ["y"], ["y.c"], {"dims": outward}),
    ]
    shape = (*case["in"], channels)
    model = _model([fmt.Input("x", "quint8", ("N", *shape), INPUT_SCALE, zero_point)], nodes, constants, "y.c")
    pixels = 1
    for size, kernel, stride, padding, dilation in zip(
        case["in"], case["kernel"], case["stride"], case["padding"], case["dilation"]
    ):
        pixels *= (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    operations = 2 * case["batch"] * pixels * int(np.prod(weight_shape))
    return Layer(model, [_activations(rng, (case["batch"], *shape))], case["batch"], operations)


def _elements(case):
    """The shape of a row of an operator that looks at elements alone."""
    return [case["elements"] if "elements" in case else int(np.prod(case["in"])) * case["channels"]]


def _image(case):
    return [*case["in"], case["channels"]]


def _window(case):
    return {
        key: list(case[source])
        for key, source in (("kernel_size", "kernel"), ("stride", "stride"), ("padding", "padding"))
    }


@dataclass
class Pattern:
    """An operator without weights. `shape`: of a row; `image`: whether it stands between permutations.

    The table of a `lut` is sigmoid's, which more of the peers compute on integers than any other function.
    """

    op: str
    shape: callable
    attributes: callable = lambda case: {}
    inputs: callable = lambda case: 1
    dtype: str = "quint8"
    image: bool = False


#: Scales are no ratios of small integers, so that hardly a result is a tie, which libraries round differently.
PATTERNS = {
    "add": Pattern("quantized::add", _elements, lambda case: {"scale": 0.0617, "zero_point": 3}, lambda case: 2),
    "mul": Pattern("quantized::mul", _elements, lambda case: {"scale": 0.1171, "zero_point": 3}, lambda case: 2),
    "lut": Pattern("aten::sigmoid", _elements),
    "quantize": Pattern(
        "aten::quantize_per_tensor",
        _elements,
        lambda case: {"scale": INPUT_SCALE, "zero_point": 64, "dtype": "quint8"},
        dtype="float32",
    ),
    "dequantize": Pattern("aten::dequantize", _elements),
    "requantize": Pattern("quantized::cat", _elements, lambda case: {"dim": 1, "scale": 0.0413, "zero_point": 5}),
    "concat": Pattern(
        "quantized::cat",
        lambda case: _image(case) if "in" in case else _elements(case),
        lambda case: {"dim": 3 if "in" in case else 1, "scale": INPUT_SCALE, "zero_point": 0},
        lambda case: case.get("inputs", 2),
    ),
    "transpose": Pattern(
        "aten::permute", lambda case: [case["channels"], *case["in"]], lambda case: {"dims": NCHW_TO_NHWC}
    ),
    "max_pool2d": Pattern("aten::max_pool2d", _image, _window, image=True),
    "avg_pool2d": Pattern("aten::avg_pool2d", _image, _window, image=True),
    "global_avg_pool2d": Pattern("aten::adaptive_avg_pool2d", _image, lambda case: {"output_size": [1, 1]}, image=True),
}


def _without_weights(case, rng):
    pattern = PATTERNS[case["op"]]
    batch, shape, count = case.get("batch", 1), pattern.shape(case), pattern.inputs(case)
    names = [f"x{index}" for index in range(count)]
    inputs, data = [], []
    for name in names:
        parameters = (INPUT_SCALE, 0) if pattern.dtype == "quint8" else (None, None)
        inputs.append(fmt.Input(name, pattern.dtype, ("N", *shape), *parameters))
        stored = _activations(rng, (batch, *shape))
        data.append(stored if pattern.dtype == "quint8" else (stored.astype(np.float32) - 64) * np.float32(1 / 31))
    op = f"{pattern.op}_relu" if case.get("relu") else pattern.op
    node = fmt.Node("layer", op, names, ["y"], pattern.attributes(case))
    if not pattern.image:
        return Layer(_model(inputs, [node]), data, batch)
    node.inputs = ["x.c"]
    nodes = [
        fmt.Node("in", "aten::permute", names, ["x.c"], {"dims": NHWC_TO_NCHW}),
        node,
        fmt.Node("out", "aten::permute", ["y"], ["y.c"], {"dims": NCHW_TO_NHWC}),
    ]
    return Layer(_model(inputs, nodes, last="y.c"), data, batch)


def build(case, operators):
    """The Layer of one case. @param operators  names that `octet ops` prints. Raises NoSuchLayer with a reason."""
    rng = _generator(case)
    op = case["op"]
    if op == "linear":
        layer = _linear(case, rng)
    elif op.startswith("conv"):
        layer = _conv(case, rng, f"quantized::{op}")
    elif op in PATTERNS:
        layer = _without_weights(case, rng)
    else:
        raise NoSuchLayer(f"op {op}: nothing that the peers could be given")
    missing = sorted({node.op for node in layer.model.nodes} - set(operators))
    if missing:
        raise NoSuchLayer(f"octet has no {', '.join(missing)}")
    return layer


def null_model():
    """A model that does nothing to four bytes: what a call costs."""
    model = _model(
        [fmt.Input("x", "quint8", ("N", 4), INPUT_SCALE, 0)],
        [fmt.Node("layer", "aten::reshape", ["x"], ["y"], {"shape": [-1, 4]})],
    )
    return Layer(model, [np.arange(4, dtype=np.uint8).reshape(1, 4)], 1)


DISPATCH_NODES, DISPATCH_WIDTH = 20, 16


def dispatch_model():
    """Twenty nodes with next to nothing to do, linear layers and additions by turns: what a node costs."""
    rng = np.random.default_rng(DISPATCH_NODES)
    nodes, constants, value, before = [], [], "x", "x"
    for index in range(DISPATCH_NODES):
        name = f"n{index}"
        if index % 2:
            attributes = {"scale": 0.0617, "zero_point": 3}
            nodes.append(fmt.Node(name, "quantized::add", [value, before], [name], attributes))
        else:
            node, weights = _weighted(rng, "quantized::linear", value, (DISPATCH_WIDTH, DISPATCH_WIDTH), 3, False)
            for constant in weights:
                constant.name = f"{name}.{constant.name}"
            node.name, node.outputs = name, [name]
            node.inputs = [value, *(constant.name for constant in weights)]
            nodes.append(node)
            constants += weights
            before = value
        value = name
    inputs = [fmt.Input("x", "quint8", ("N", DISPATCH_WIDTH), INPUT_SCALE, 0)]
    return Layer(_model(inputs, nodes, constants, value), [_activations(rng, (1, DISPATCH_WIDTH))], 1)
