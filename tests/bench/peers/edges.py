"""Permutations at a model's edges: taken off for a peer that would rather be given images as N, C, H, W."""

import copy

from octet.format import Node


def _reader(model, name):
    readers = [node for node in model.nodes if name in node.inputs]
    return readers[0] if len(readers) == 1 else None


def channels_first(model):
    """(model without them, {input name: dims to permute its data by}, {output index: dims that turn its data back}).

    None when there is nothing to take off.
    """
    model = copy.copy(model)
    model.inputs = [copy.copy(entry) for entry in model.inputs]
    model.outputs = [copy.copy(entry) for entry in model.outputs]
    nodes, inward, outward = list(model.nodes), {}, {}
    for entry in model.inputs:
        reader = _reader(model, entry.name)
        if reader is None or reader.op != "aten::permute":
            continue
        dims = reader.attributes["dims"]
        inward[entry.name] = dims
        entry.shape = tuple(entry.shape[dim] for dim in dims)
        nodes.remove(reader)
        renamed = reader.outputs[0]
        nodes = [
            Node(n.name, n.op, [entry.name if name == renamed else name for name in n.inputs], n.outputs, n.attributes)
            for n in nodes
        ]
    for index, output in enumerate(model.outputs):
        producer = next((node for node in nodes if output.value in node.outputs), None)
        if producer is not None and producer.op == "aten::permute":
            outward[index] = producer.attributes["dims"]
            output.value = producer.inputs[0]
            nodes.remove(producer)
    model.nodes = nodes
    # A model that is nothing but a permutation keeps it.
    return (model, inward, outward) if nodes and (inward or outward) else None


def images_last(model):
    """A copy of `model` whose one input of shape N, C, H, W is given as N, H, W, C; other models as they are."""
    (entry,) = model.inputs
    if len(entry.shape) != 4:
        return model
    n, c, h, w = entry.shape
    model = copy.copy(model)
    first = copy.copy(entry)
    first.shape = (n, h, w, c)
    inner = f"{entry.name}.channels_first"
    model.inputs = [first]
    model.nodes = [Node(inner, "aten::permute", [entry.name], [inner], {"dims": [0, 3, 1, 2]})] + [
        Node(
            node.name,
            node.op,
            [inner if name == entry.name else name for name in node.inputs],
            node.outputs,
            node.attributes,
        )
        for node in model.nodes
    ]
    return model


def without_float_edges(model):
    """A copy of `model`, which quantizes its float input and dequantizes its output, between stored integers."""
    model = copy.copy(model)
    (entry,), (output,) = model.inputs, model.outputs
    quantize = _reader(model, entry.name)
    last = next((node for node in model.nodes if output.value in node.outputs), None)
    if quantize is None or quantize.op != "aten::quantize_per_tensor" or last is None or last.op != "aten::dequantize":
        raise ValueError("the model does not begin with aten::quantize_per_tensor and end with aten::dequantize")
    first = copy.copy(entry)
    first.dtype, first.scale = "quint8", quantize.attributes["scale"]
    first.zero_point = quantize.attributes["zero_point"]
    kept = [node for node in model.nodes if node is not quantize and node is not last]
    renamed = quantize.outputs[0]
    model.nodes = [
        Node(
            node.name,
            node.op,
            [entry.name if name == renamed else name for name in node.inputs],
            node.outputs,
            node.attributes,
        )
        for node in kept
    ]
    model.inputs = [first]
    shown = copy.copy(output)
    shown.value = last.inputs[0]
    model.outputs = [shown]
    return model
