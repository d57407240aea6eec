"""A `.octet` model in ONNX's QDQ form, as plain data: what the peers that read ONNX are given.

Activations are uint8 with per-tensor scales; weights int8, per channel where the model's are; biases int32 at the scale
of the products. Every quantized operator is written DequantizeLinear -> float operator -> QuantizeLinear, the form
whose patterns both onnxruntime and openvino turn into integer kernels. Nothing of the package `onnx` is needed here;
onnx_file.py writes the bytes.
"""

from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np

DTYPES = {"quint8": np.dtype("u1"), "uint8": np.dtype("u1"), "float32": np.dtype("<f4")}


class UnknownOperator(ValueError):
    """The model has an operator that the conversion does not know."""


@dataclass
class OnnxNode:
    op: str
    inputs: List[str]
    outputs: List[str]
    attributes: Dict[str, object] = field(default_factory=dict)


@dataclass
class OnnxGraph:
    """Inputs are (name, dtype, shape with the batch filled in); outputs (name, dtype, rank)."""

    inputs: List[Tuple[str, np.dtype, Tuple[int, ...]]]
    outputs: List[Tuple[str, np.dtype, int]]
    nodes: List[OnnxNode]
    initializers: Dict[str, np.ndarray]


@dataclass
class Value:
    """A tensor of the graph under construction; `scale` is None for float ones.

    `flat` names its rank-2 form, if there is one; `permuted` is (name, dims) of the tensor that it is a permutation of.
    """

    name: str
    rank: int
    scale: Optional[float] = None
    zero_point: int = 0
    flat: Optional[str] = None
    permuted: Optional[Tuple[str, List[int]]] = None


class Converter:
    def __init__(self, model, rows, permute_floats):
        self.model = model
        self.rows = rows
        self.permute_floats = permute_floats
        self.graph = OnnxGraph([], [], [], {})
        self.values = {}
        self.constants = {constant.name: constant for constant in model.constants}
        self.leading = {}  # of values that linear layers read or made: every dimension but the last
        self.count = 0

    # --------------------------------------------------------------------------------------------------------- pieces

    def fresh(self, hint):
        self.count += 1
        return f"{hint}.{self.count}"

    def node(self, op, inputs, hint, **attributes):
        output = self.fresh(hint)
        self.graph.nodes.append(OnnxNode(op, list(inputs), [output], attributes))
        return output

    def initializer(self, hint, array):
        name = self.fresh(hint)
        self.graph.initializers[name] = np.array(array, order="C")  # keeps rank 0, which onnxruntime asks of scales
        return name

    def parameters(self, hint, scale, zero_point):
        return [
            self.initializer(f"{hint}.scale", np.asarray(scale, np.float32)),
            self.initializer(f"{hint}.zero_point", np.asarray(zero_point, np.uint8)),
        ]

    def dequantized(self, value, name=None):
        """A name of the float values; each reader gets a node of its own, as the peers' patterns want it."""
        if value.scale is None:
            return value.name
        stored = name or (value.permuted[0] if value.permuted else value.name)
        real = self.node("DequantizeLinear", [stored, *self.parameters(stored, value.scale, value.zero_point)], stored)
        if value.permuted and name is None:
            real = self.node("Transpose", [real], stored, perm=value.permuted[1])
        return real

    def quantized(self, name, rank, scale, zero_point):
        stored = self.node("QuantizeLinear", [name, *self.parameters(name, scale, zero_point)], name)
        return Value(stored, rank, float(scale), int(zero_point))

    def like(self, source, name, rank=None):
        return Value(name, source.rank if rank is None else rank, source.scale, source.zero_point)

    def weight(self, name):
        """(dequantized weight, its scales) of a qint8 constant with zero points 0."""
        constant = self.constants[name]
        per_channel = constant.scales is not None
        scales = np.asarray(constant.scales if per_channel else constant.scale, np.float32)
        zero_points = np.asarray(constant.zero_points if per_channel else constant.zero_point)
        if np.any(zero_points != 0):
            raise UnknownOperator(f"{name}: a weight with zero points")
        inputs = [
            self.initializer(name, constant.data),
            self.initializer(f"{name}.scale", scales),
            self.initializer(f"{name}.zero_point", np.zeros(scales.shape, np.int8)),
        ]
        attributes = {"axis": constant.axis} if per_channel else {}
        return self.node("DequantizeLinear", inputs, name, **attributes), scales

    def bias(self, name, scales):
        scales = np.float32(scales)
        stored = np.clip(np.rint(self.constants[name].data / scales.astype(np.float64)), -(2**31), 2**31 - 1)
        if scales.ndim == 0:
            scales = np.broadcast_to(scales, stored.shape)
        inputs = [
            self.initializer(name, stored.astype(np.int32)),
            self.initializer(f"{name}.scale", scales),
            self.initializer(f"{name}.zero_point", np.zeros(stored.shape, np.int32)),
        ]
        return self.node("DequantizeLinear", inputs, name, axis=0)

    def bound(self, name):
        return self.values[name]

    def leading_shape(self, name):
        if name not in self.leading:
            found = next((shape for entry, _, shape in self.graph.inputs if entry == name), None)
            if found is None:
                raise UnknownOperator(f"{name}: a linear layer's input of rank 3 that no input and no linear layer is")
            self.leading[name] = list(found[:-1])
        return self.leading[name]

    # ----------------------------------------------------------------------------------------------------- conversion

    def run(self):
        for entry in self.model.inputs:
            if entry.dtype not in DTYPES:
                raise UnknownOperator(f"input {entry.name}: dtype {entry.dtype}")
            shape = tuple(self.rows if dim == "N" else dim for dim in entry.shape)
            self.graph.inputs.append((entry.name, DTYPES[entry.dtype], shape))
            self.values[entry.name] = Value(entry.name, len(shape), entry.scale, entry.zero_point or 0)
        for node in self.model.nodes:
            rule = RULES.get(node.op)
            if rule is None:
                raise UnknownOperator(f"node {node.name}: {node.op}")
            self.values[node.outputs[0]] = rule(self, node)
        for output in self.model.outputs:
            value = self.bound(output.value)
            # The node's own output is shown: behind an Identity onnxruntime does not see that its pattern ends there.
            self.graph.outputs.append((value.name, DTYPES["float32" if value.scale is None else "quint8"], value.rank))
        self.drop_unused()
        return self.graph

    def drop_unused(self):
        needed = {name for name, _, _ in self.graph.outputs}
        kept = []
        for node in reversed(self.graph.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                kept.append(node)
        self.graph.nodes = kept[::-1]
        self.graph.initializers = {name: a for name, a in self.graph.initializers.items() if name in needed}


def to_qdq(model, rows, permute_floats=False):
    """The OnnxGraph of an octet.format.Model for a batch of `rows`.

    @param permute_floats  readers of a permuted tensor see DequantizeLinear -> Transpose instead of the reverse, which
                           is what openvino recognizes as a mere order of memory
    """
    return Converter(model, rows, permute_floats).run()


# --------------------------------------------------------------------------------------------------------------- rules

RULES = {}


def rule(*ops):
    def register(function):
        for op in ops:
            RULES[op] = function
        return function

    return register


def _pair(value, count=2):
    return [value] * count if isinstance(value, int) else list(value) * (count if len(value) == 1 else 1)


def _padded(padding):
    return list(padding) + list(padding)


def _conv(converter, node, dimensions):
    source = converter.bound(node.inputs[0])
    weight, scales = converter.weight(node.inputs[1])
    given = node.attributes
    inputs = [converter.dequantized(source), weight]
    if node.inputs[2] is not None:
        inputs.append(converter.bias(node.inputs[2], np.float32(source.scale) * scales))
    result = converter.node(
        "Conv",
        inputs,
        node.name,
        strides=_pair(given.get("stride", 1), dimensions),
        pads=_padded(_pair(given.get("padding", 0), dimensions)),
        dilations=_pair(given.get("dilation", 1), dimensions),
        group=given.get("groups", 1),
        kernel_shape=list(converter.constants[node.inputs[1]].data.shape[2:]),
    )
    if node.op.endswith("_relu"):
        result = converter.node("Relu", [result], node.name)
    return converter.quantized(result, source.rank, given["output_scale"], given["output_zero_point"])


for _dimensions in (1, 2, 3):
    for _suffix in ("", "_relu"):
        RULES[f"quantized::conv{_dimensions}d{_suffix}"] = lambda converter, node, count=_dimensions: _conv(
            converter, node, count
        )


@rule("quantized::linear", "quantized::linear_relu")
def _linear(converter, node):
    source = converter.bound(node.inputs[0])
    rows_name = source.name
    out_features, in_features = converter.constants[node.inputs[1]].data.shape
    if source.rank != 2:
        rows_name = source.flat or converter.node(
            "Reshape",
            [source.name, converter.initializer("shape", np.array([-1, in_features], np.int64))],
            node.name,
        )
    weight, scales = converter.weight(node.inputs[1])
    inputs = [converter.dequantized(source, rows_name), weight]
    if node.inputs[2] is not None:
        inputs.append(converter.bias(node.inputs[2], np.float32(source.scale) * scales))
    result = converter.node("Gemm", inputs, node.name, transB=1)
    if node.op.endswith("_relu"):
        result = converter.node("Relu", [result], node.name)
    given = node.attributes
    value = converter.quantized(result, 2, given["Y_scale_i"], given["Y_zero_point_i"])
    if source.rank != 2:
        # The next linear layer reads the rows as they are; whoever else wants the shape back reads this.
        leading = converter.leading_shape(node.inputs[0])
        shape = np.array(leading + [out_features], np.int64)
        shaped = converter.node("Reshape", [value.name, converter.initializer("shape", shape)], node.name)
        value = Value(shaped, source.rank, value.scale, value.zero_point, flat=value.name)
        converter.leading[node.outputs[0]] = leading
    return value


@rule("quantized::add", "quantized::add_relu", "quantized::mul", "quantized::mul_relu")
def _binary(converter, node):
    a, b = (converter.bound(name) for name in node.inputs)
    result = converter.node(
        "Add" if "::add" in node.op else "Mul", [converter.dequantized(a), converter.dequantized(b)], node.name
    )
    if node.op.endswith("_relu"):
        result = converter.node("Relu", [result], node.name)
    return converter.quantized(result, max(a.rank, b.rank), node.attributes["scale"], node.attributes["zero_point"])


@rule("quantized::cat", "aten::cat")
def _cat(converter, node):
    parts = [converter.bound(name) for name in node.inputs]
    scale, zero_point = node.attributes.get("scale"), node.attributes.get("zero_point")
    scale = parts[0].scale if scale is None else scale
    zero_point = parts[0].zero_point if zero_point is None else zero_point
    if all((part.scale, part.zero_point) == (scale, zero_point) for part in parts):
        # Bytes are moved, not changed.
        stored = converter.node("Concat", [part.name for part in parts], node.name, axis=node.attributes["dim"])
        return converter.like(parts[0], stored)
    result = converter.node(
        "Concat", [converter.dequantized(part) for part in parts], node.name, axis=node.attributes["dim"]
    )
    return converter.quantized(result, parts[0].rank, scale, zero_point)


def _through_float(converter, node, op, source, **attributes):
    result = converter.node(op, [converter.dequantized(source)], node.name, **attributes)
    if source.scale is None:
        return Value(result, source.rank)
    return converter.quantized(result, source.rank, source.scale, source.zero_point)


@rule("aten::relu")
def _relu(converter, node):
    return _through_float(converter, node, "Relu", converter.bound(node.inputs[0]))


@rule("quantized::relu6", "aten::relu6", "aten::hardtanh")
def _clip(converter, node):
    low, high = node.attributes.get("min_val", 0.0), node.attributes.get("max_val", 6.0)
    if node.op == "aten::hardtanh":
        low, high = node.attributes.get("min_val", -1.0), node.attributes.get("max_val", 1.0)
    source = converter.bound(node.inputs[0])
    bounds = [converter.initializer("bound", np.float32(value)) for value in (low, high)]
    result = converter.node("Clip", [converter.dequantized(source), *bounds], node.name)
    return converter.quantized(result, source.rank, source.scale, source.zero_point)


@rule("quantized::hardswish", "quantized::sigmoid")
def _with_parameters(converter, node):
    op = "HardSwish" if node.op.endswith("hardswish") else "Sigmoid"
    source = converter.bound(node.inputs[0])
    result = converter.node(op, [converter.dequantized(source)], node.name)
    return converter.quantized(
        result, source.rank, node.attributes["output_scale"], node.attributes["output_zero_point"]
    )


@rule("aten::sigmoid", "aten::hardsigmoid")
def _fixed_parameters(converter, node):
    source = converter.bound(node.inputs[0])
    if node.op == "aten::sigmoid":
        result = converter.node("Sigmoid", [converter.dequantized(source)], node.name)
    else:
        result = converter.node("HardSigmoid", [converter.dequantized(source)], node.name, alpha=1 / 6, beta=0.5)
    return Value(result, source.rank) if source.scale is None else converter.quantized(result, source.rank, 1 / 256, 0)


@rule("aten::max_pool2d")
def _max_pool(converter, node):
    given = node.attributes
    kernel = _pair(given["kernel_size"])
    return _through_float(
        converter,
        node,
        "MaxPool",
        converter.bound(node.inputs[0]),
        kernel_shape=kernel,
        strides=_pair(given.get("stride") or kernel),
        pads=_padded(_pair(given.get("padding", 0))),
        dilations=_pair(given.get("dilation", 1)),
        ceil_mode=int(given.get("ceil_mode") or False),
    )


@rule("aten::avg_pool2d")
def _avg_pool(converter, node):
    given = node.attributes
    if given.get("divisor_override") is not None:
        raise UnknownOperator(f"node {node.name}: divisor_override")
    kernel = _pair(given["kernel_size"])
    include = given.get("count_include_pad")
    return _through_float(
        converter,
        node,
        "AveragePool",
        converter.bound(node.inputs[0]),
        kernel_shape=kernel,
        strides=_pair(given.get("stride") or kernel),
        pads=_padded(_pair(given.get("padding", 0))),
        ceil_mode=int(given.get("ceil_mode") or False),
        count_include_pad=int(True if include is None else include),
    )


@rule("aten::adaptive_avg_pool2d")
def _global_average(converter, node):
    if _pair(node.attributes["output_size"]) != [1, 1]:
        raise UnknownOperator(f"node {node.name}: adaptive pooling to more than one pixel")
    return _through_float(converter, node, "GlobalAveragePool", converter.bound(node.inputs[0]))


@rule("aten::flatten")
def _flatten(converter, node):
    source = converter.bound(node.inputs[0])
    if node.attributes.get("start_dim", 0) != 1 or node.attributes.get("end_dim", -1) not in (-1, source.rank - 1):
        raise UnknownOperator(f"node {node.name}: flattens less than all dimensions but the first")
    return converter.like(source, converter.node("Flatten", [source.name], node.name, axis=1), 2)


@rule("aten::reshape", "aten::view")
def _reshape(converter, node):
    source = converter.bound(node.inputs[0])
    shape = node.attributes["shape" if node.op == "aten::reshape" else "size"]
    name = converter.initializer("shape", np.array(shape, np.int64))
    return converter.like(source, converter.node("Reshape", [source.name, name], node.name), len(shape))


@rule("aten::permute")
def _permute(converter, node):
    source = converter.bound(node.inputs[0])
    dims = [dim % source.rank for dim in node.attributes["dims"]]
    value = converter.like(source, converter.node("Transpose", [source.name], node.name, perm=dims))
    if converter.permute_floats and source.scale is not None:
        value.permuted = (source.name, dims)
    return value


@rule("aten::quantize_per_tensor")
def _quantize(converter, node):
    if node.attributes["dtype"] != "quint8":
        raise UnknownOperator(f"node {node.name}: quantizes to {node.attributes['dtype']}")
    source = converter.bound(node.inputs[0])
    return converter.quantized(source.name, source.rank, node.attributes["scale"], node.attributes["zero_point"])


@rule("aten::dequantize")
def _dequantize(converter, node):
    source = converter.bound(node.inputs[0])
    return Value(converter.dequantized(source), source.rank)
