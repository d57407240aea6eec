"""Collects inputs, constants and nodes, and makes the Model of what the outputs need."""

import hashlib
import re

import numpy as np
import torch

from octet.format import Constant, Input, Model, Node, Output

DTYPES = {
    torch.float32: "float32",
    torch.float64: "float64",
    torch.uint8: "uint8",
    torch.int8: "int8",
    torch.int32: "int32",
    torch.int64: "int64",
    torch.bool: "bool",
    torch.quint8: "quint8",
    torch.qint8: "qint8",
    torch.qint32: "qint32",
}
_LONGEST_NAME = 200


def _stored(tensor):
    """The fields of a Constant, but its name, of a tensor."""
    tensor = tensor.detach().cpu()
    if tensor.dtype not in DTYPES:
        raise ValueError(f"a constant of dtype {tensor.dtype} cannot be stored")
    fields = {"dtype": DTYPES[tensor.dtype]}
    if not tensor.is_quantized:
        return dict(fields, data=tensor.contiguous().numpy().copy())
    fields["data"] = tensor.int_repr().contiguous().numpy().copy()
    if tensor.qscheme() == torch.per_tensor_affine:
        return dict(fields, scale=float(tensor.q_scale()), zero_point=int(tensor.q_zero_point()))
    if tensor.qscheme() == torch.per_channel_affine:
        return dict(
            fields,
            scales=tensor.q_per_channel_scales().to(torch.float64).numpy().copy(),
            zero_points=tensor.q_per_channel_zero_points().to(torch.int64).numpy().copy(),
            axis=int(tensor.q_per_channel_axis()),
        )
    raise ValueError(f"a constant of scheme {tensor.qscheme()} cannot be stored")


def _digest(fields):
    """A key that equal constants share."""
    key = []
    for name in sorted(fields):
        value = fields[name]
        if isinstance(value, np.ndarray):
            value = (str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).digest())
        key.append((name, repr(value)))
    return tuple(key)


class Builder:
    def __init__(self):
        self._inputs = []
        self._constants = {}
        self._nodes = []
        self._names = set()

    def _unique(self, hint):
        """A free value name made of `hint`."""
        hint = re.sub(r"[^\w.\-/]", "_", hint)[:_LONGEST_NAME] or "value"
        name, count = hint, 1
        while name in self._names:
            count += 1
            name = f"{hint}_{count}"
        self._names.add(name)
        return name

    def input(self, name, tensor, shape):
        """Adds a graph input like `tensor` with the given shape; returns its value name, which is `name`."""
        if name in self._names:
            raise ValueError(f"two inputs are named {name!r}")
        self._names.add(name)
        value = Input(name, DTYPES[tensor.dtype], tuple(shape))
        if tensor.is_quantized:
            value.scale, value.zero_point = float(tensor.q_scale()), int(tensor.q_zero_point())
        self._inputs.append(value)
        return name

    def constant(self, tensor, hint):
        """Stores a tensor, once however often it is used; returns its value name."""
        fields = _stored(tensor)
        key = _digest(fields)
        if key not in self._constants:
            self._constants[key] = Constant(self._unique(hint), **fields)
        return self._constants[key].name

    def node(self, op, inputs, attributes, hint):
        """Adds a node with one output; returns the output's value name, which is the node's too."""
        name = self._unique(hint)
        given = {key: value for key, value in attributes.items() if value is not None}
        self._nodes.append(Node(name, op, list(inputs), [name], given))
        return name

    def model(self, outputs, labels, producer):
        """The Model of [(public name, value name)]; nodes and constants that no output needs are left out."""
        needed = {value for _, value in outputs}
        nodes = []
        for node in reversed(self._nodes):
            if needed.intersection(node.outputs):
                needed.update(name for name in node.inputs if name is not None)
                nodes.append(node)
        return Model(
            inputs=self._inputs,
            nodes=nodes[::-1],
            outputs=[Output(name, value) for name, value in outputs],
            constants=[constant for constant in self._constants.values() if constant.name in needed],
            labels=list(labels) if labels is not None else None,
            producer=producer,
        )
