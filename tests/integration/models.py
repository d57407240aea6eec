"""Small models written through octet.format, for tests and benches: random weights of a fixed seed."""

import harness  # noqa: F401  (makes the package importable)
import numpy as np

import octet.format as fmt


def quantize(name, source):
    return fmt.Node(name, "aten::quantize_per_tensor", [source], [name],
                    {"scale": 1 / 32, "zero_point": 128, "dtype": "quint8"})


def linear(rng, name, source, columns, rows, relu):
    """A node with its constants: `rows` outputs of `columns` inputs, scaled so that values stay in range."""
    weight = rng.integers(-127, 128, (rows, columns)).astype(np.int8)
    constants = [
        fmt.Constant(f"{name}.weight", "qint8", weight, axis=0,
                     scales=rng.uniform(0.5, 1.5, rows) / (64 * np.sqrt(columns)),
                     zero_points=np.zeros(rows, np.int64)),
        fmt.Constant(f"{name}.bias", "float32", rng.normal(0, 0.1, rows).astype(np.float32)),
    ]
    node = fmt.Node(name, "quantized::linear_relu" if relu else "quantized::linear",
                    [source, f"{name}.weight", f"{name}.bias"], [name],
                    {"Y_scale_i": 1 / 32, "Y_zero_point_i": 0 if relu else 128})
    return node, constants


def mlp(widths=(8, 16, 4), seed=1, batch="N"):
    """x float32 [N, widths[0]] -> quantize -> linear (relu) ... -> dequantize -> output float32 [N, widths[-1]]."""
    rng = np.random.default_rng(seed)
    nodes, constants = [quantize("x.q", "x")], []
    source = "x.q"
    for index in range(1, len(widths)):
        node, more = linear(rng, f"layer{index}", source, widths[index - 1], widths[index], index + 1 < len(widths))
        nodes.append(node)
        constants += more
        source = node.outputs[0]
    nodes.append(fmt.Node("real", "aten::dequantize", [source], ["real"]))
    return fmt.Model(inputs=[fmt.Input("x", "float32", (batch, widths[0]))], nodes=nodes, constants=constants,
                     outputs=[fmt.Output("output", "real")], producer=f"tests, seed {seed}")


class _Layers:
    """Nodes and constants of a network as they are added; each call returns the name of its value."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.constants = [], []

    def conv(self, source, channels, columns, kernel=1, stride=1, relu=True):
        name = f"conv{len(self.nodes)}"
        weight = self.rng.integers(-127, 128, (columns, channels, kernel, kernel)).astype(np.int8)
        depth = channels * kernel * kernel
        self.constants += [
            fmt.Constant(f"{name}.weight", "qint8", weight, axis=0,
                         scales=self.rng.uniform(0.5, 1.5, columns) / (64 * np.sqrt(depth)),
                         zero_points=np.zeros(columns, np.int64)),
            fmt.Constant(f"{name}.bias", "float32", self.rng.normal(0, 0.1, columns).astype(np.float32))]
        self.nodes.append(fmt.Node(name, "quantized::conv2d_relu" if relu else "quantized::conv2d",
                                   [source, f"{name}.weight", f"{name}.bias"], [name],
                                   {"stride": [stride, stride], "padding": [kernel // 2, kernel // 2],
                                    "output_scale": 1 / 32, "output_zero_point": 0 if relu else 128}))
        return name

    def node(self, op, sources, attributes):
        name = f"step{len(self.nodes)}"
        self.nodes.append(fmt.Node(name, op, sources, [name], attributes))
        return name

    def bottleneck(self, source, channels, width, stride):
        """1x1, 3x3, 1x1 to 4 * width, and the way around them."""
        around = source if channels == 4 * width and stride == 1 else self.conv(source, channels, 4 * width, 1, stride, False)
        inner = self.conv(self.conv(source, channels, width), width, width, 3, stride)
        inner = self.conv(inner, width, 4 * width, relu=False)
        return self.node("quantized::add_relu", [inner, around], {"scale": 1 / 32, "zero_point": 0})


def resnet(side=224, width=64, blocks=(3, 4, 6, 3), classes=1000, seed=5):
    """A bottleneck ResNet, with the defaults of ResNet-50's shape: x float32 [N, 3, side, side] -> output [N, classes]."""
    layers = _Layers(seed)
    layers.nodes.append(quantize("x.q", "x"))
    source = layers.conv("x.q", 3, width, 7, 2)
    source = layers.node("aten::max_pool2d", [source], {"kernel_size": [3, 3], "stride": [2, 2], "padding": [1, 1]})
    channels = width
    for stage, count in enumerate(blocks):
        for block in range(count):
            source = layers.bottleneck(source, channels, width << stage, 2 if block == 0 and stage > 0 else 1)
            channels = 4 * (width << stage)
    source = layers.node("aten::adaptive_avg_pool2d", [source], {"output_size": [1, 1]})
    source = layers.node("aten::flatten", [source], {"start_dim": 1})
    head, constants = linear(layers.rng, "head", source, channels, classes, False)
    real = fmt.Node("real", "aten::dequantize", ["head"], ["real"])
    return fmt.Model(inputs=[fmt.Input("x", "float32", ("N", 3, side, side))], nodes=[*layers.nodes, head, real],
                     constants=[*layers.constants, *constants], outputs=[fmt.Output("output", "real")],
                     producer=f"tests, seed {seed}")


def mixing_rows(columns=8):
    """softmax over dimension 0: each answer depends on who else is in the batch."""
    return fmt.Model(inputs=[fmt.Input("x", "float32", ("N", columns))],
                     nodes=[fmt.Node("mix", "aten::softmax", ["x"], ["y"], {"dim": 0})],
                     outputs=[fmt.Output("output", "y")])


def division_by_zero():
    """Infinity for positive numbers, NaN for zero: x * 1e38 * 1e38 - ..., to see non-finite outputs."""
    huge = fmt.Constant("huge", "float32", np.array([3e38], np.float32))
    return fmt.Model(inputs=[fmt.Input("x", "float32", ("N", 2))], constants=[huge],
                     nodes=[fmt.Node("times", "aten::mul", ["x", "huge"], ["y"])],
                     outputs=[fmt.Output("output", "y")])
