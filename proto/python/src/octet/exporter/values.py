"""Values of the walk over a TorchScript graph.

The walk runs the model twice in step, with two batch sizes; every value holds what it is in either run (`a`, `b`). A
number that differs between them depends on the batch: no other knowledge of symbols is needed, and every rule of
shape arithmetic is PyTorch's own.
"""

import torch


class Known:
    """A value that no input's data can change: a Python object, a constant tensor, a packed parameter, None.

    `batch` is set when the batch size had a part in it, even where both runs happen to agree.
    """

    def __init__(self, a, b, batch=False):
        self.a = a
        self.b = b
        self.batch = batch or not same(a, b)


class Activation:
    """A tensor that depends on the inputs' data; `name` is its value in the exported graph.

    An operator that works in place changes the object, and so every name the graph has for the same tensor. `stale`
    says where a tensor that shared its memory was changed, after which `name` no longer holds this one's numbers.
    """

    def __init__(self, a, b, name):
        self.a = a
        self.b = b
        self.name = name
        self.stale = None


class Sequence:
    """A list or tuple of values."""

    def __init__(self, items, kind=list):
        self.items = list(items)
        self.kind = kind


class Mapping:
    """A dict of values with known keys."""

    def __init__(self, items):
        self.items = dict(items)


def same(a, b):
    """Are two known objects alike? Packed parameters of one module are, by construction."""
    if a is b:
        return True
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.data_ptr() == b.data_ptr() and a.stride() == b.stride():
            return True
        return torch.equal(a, b) or bool(((a == b) | ((a != a) & (b != b))).all())
    if isinstance(a, torch.ScriptObject) or isinstance(b, torch.ScriptObject):
        return type(a) is type(b)
    if isinstance(a, float) and isinstance(b, float) and a != a and b != b:
        return True
    return type(a) is type(b) and a == b


def concrete(value, side):
    """What `value` is in run `side` ("a" or "b")."""
    if isinstance(value, Sequence):
        return value.kind(concrete(item, side) for item in value.items)
    if isinstance(value, Mapping):
        return {key: concrete(item, side) for key, item in value.items.items()}
    return getattr(value, side)


def wrap(a, b, batch=False):
    """Known values for what an operator returned in the two runs; lists become Sequences, item by item."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        return Sequence([wrap(x, y, batch) for x, y in zip(a, b)], type(a))
    return Known(a, b, batch)


def activations(values):
    """All Activations in `values`, at any depth."""
    for value in values:
        if isinstance(value, Activation):
            yield value
        elif isinstance(value, Sequence):
            yield from activations(value.items)
        elif isinstance(value, Mapping):
            yield from activations(value.items.values())


def depends_on_batch(values):
    """Had the batch size a part in any known value of `values`, at any depth?"""
    for value in values:
        if isinstance(value, Known) and value.batch:
            return True
        if isinstance(value, Sequence) and depends_on_batch(value.items):
            return True
        if isinstance(value, Mapping) and depends_on_batch(value.items.values()):
            return True
    return False
