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
