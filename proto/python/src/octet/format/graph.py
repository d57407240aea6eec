"""The graph in `__metadata__.octet`: JSON text <-> Model, with every rule of FORMAT.md checked."""

import math
import re

import numpy as np

from octet.format import strict_json
from octet.format.container import MAX_RANK, check_name
from octet.format.model import (
    FORMAT_VERSION,
    QUANTIZED,
    STORAGE,
    Constant,
    FormatError,
    Golden,
    Input,
    Model,
    Node,
    Output,
)

MAX_GRAPH_BYTES = 16 << 20
MAX_NODES = 65536
MAX_PRODUCER_BYTES = 256
INT64 = range(-(1 << 63), 1 << 63)
#: Legal zero points: those of the stored integers.
ZERO_POINTS = {"quint8": range(256), "qint8": range(-128, 128), "qint32": range(-(1 << 31), 1 << 31)}


def _fail(where, message):
    raise FormatError(where, message)


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool) and value in INT64


def _is_number(value):
    if isinstance(value, float):
        return math.isfinite(value)
    return _is_integer(value)


def _fields(value, where, needed, optional=()):
    """`value` is an object with all of `needed` and nothing outside needed + optional."""
    if not isinstance(value, dict):
        _fail(where, f"expected an object, found {type(value).__name__}")
    for key in needed:
        if key not in value:
            _fail(where, f"`{key}` is missing")
    for key in value:
        if key not in needed and key not in optional:
            _fail(where, f"unknown key {key!r}")
    return value


def _list(value, where):
    if not isinstance(value, list):
        _fail(where, f"expected an array, found {type(value).__name__}")
    return value


def _dtype(value, where):
    if not isinstance(value, str) or value not in STORAGE:
        _fail(where, f"dtype {value!r}; expected one of {', '.join(STORAGE)}")
    return value


def _scale(value, where):
    if not _is_number(value) or value <= 0:
        _fail(where, f"scale {value!r}; expected a positive finite number")
    return float(value)


def _zero_point(value, dtype, where):
    if not _is_integer(value) or value not in ZERO_POINTS[dtype]:
        _fail(where, f"zero point {value!r} does not fit {dtype}")
    return value


class _Values:
    """The names of all values seen so far."""

    def __init__(self):
        self.seen = set()

    def add(self, name, where):
        check_name(name, where)
        if name in self.seen:
            _fail(where, f"a value {name!r} exists already")
        self.seen.add(name)

    def use(self, name, where):
        if not isinstance(name, str) or name not in self.seen:
            _fail(where, f"no input, constant or earlier node gives {name!r}")


def _parse_input(entry, where, values):
    entry = _fields(entry, where, ("name", "dtype", "shape"), ("scale", "zero_point"))
    values.add(entry["name"], f"{where}.name")
    dtype = _dtype(entry["dtype"], f"{where}.dtype")
    shape = _list(entry["shape"], f"{where}.shape")
    if len(shape) > MAX_RANK:
        _fail(f"{where}.shape", f"rank {len(shape)}; at most {MAX_RANK}")
    for index, dimension in enumerate(shape):
        if dimension == "N" and index == 0:
            continue
        if not _is_integer(dimension) or dimension < 1:
            _fail(f"{where}.shape[{index}]", f'{dimension!r}; expected a positive integer, or "N" in dimension 0')
    result = Input(entry["name"], dtype, tuple(shape))
    if dtype in QUANTIZED:
        for key in ("scale", "zero_point"):
            if key not in entry:
                _fail(where, f"`{key}` is missing, which an input of dtype {dtype} needs")
        result.scale = _scale(entry["scale"], f"{where}.scale")
        result.zero_point = _zero_point(entry["zero_point"], dtype, f"{where}.zero_point")
    elif "scale" in entry or "zero_point" in entry:
        _fail(where, f"an input of dtype {dtype} has no quantization parameters")
    return result


def _parse_constant(entry, where, values, tensors):
    optional = ("qscheme", "axis", "scales", "zero_points", "scale", "zero_point")
    entry = _fields(entry, where, ("name", "dtype"), optional)
    name = entry["name"]
    values.add(name, f"{where}.name")
    dtype = _dtype(entry["dtype"], f"{where}.dtype")
    if name not in tensors:
        _fail(f"{where}.name", f"the file has no tensor {name!r}")
    data = tensors[name]
    if data.dtype != STORAGE[dtype]:
        _fail(f"{where}.dtype", f"{dtype} cannot be stored as {data.dtype}")
    result = Constant(name, dtype, data)
    scheme = entry.get("qscheme")
    given = set(entry) - {"name", "dtype", "qscheme"}
    if dtype not in QUANTIZED:
        if scheme is not None or given:
            _fail(where, f"a constant of dtype {dtype} has no quantization parameters")
    elif scheme == "per_tensor_affine":
        if given != {"scale", "zero_point"}:
            _fail(where, "per_tensor_affine needs exactly scale and zero_point")
        result.scale = _scale(entry["scale"], f"{where}.scale")
        result.zero_point = _zero_point(entry["zero_point"], dtype, f"{where}.zero_point")
    elif scheme == "per_channel_affine":
        if given != {"axis", "scales", "zero_points"}:
            _fail(where, "per_channel_affine needs exactly axis, scales and zero_points")
        _parse_channels(entry, where, tensors, result)
    else:
        _fail(f"{where}.qscheme", f"{scheme!r}; expected per_tensor_affine or per_channel_affine")
    return result


def _parse_channels(entry, where, tensors, result):
    axis = entry["axis"]
    if not _is_integer(axis) or not 0 <= axis < result.data.ndim:
        _fail(f"{where}.axis", f"{axis!r} is no dimension of shape {list(result.data.shape)}")
    arrays = []
    for key, allowed in (("scales", ("<f8", "<f4")), ("zero_points", ("<i8", "<i4"))):
        name = entry[key]
        if not isinstance(name, str) or name not in tensors:
            _fail(f"{where}.{key}", f"the file has no tensor {name!r}")
        array = tensors[name]
        if array.dtype.str not in allowed or array.shape != (result.data.shape[axis],):
            _fail(f"{where}.{key}", f"expected [{result.data.shape[axis]}] of a fitting dtype in {name!r}")
        arrays.append(array)
    scales, zero_points = arrays
    if not (np.isfinite(scales) & (scales > 0)).all():
        _fail(f"{where}.scales", "a scale is not positive and finite")
    legal = ZERO_POINTS[result.dtype]
    if len(zero_points) and (zero_points.min() < legal.start or zero_points.max() >= legal.stop):
        _fail(f"{where}.zero_points", f"a zero point does not fit {result.dtype}")
    result.axis, result.scales, result.zero_points = axis, scales, zero_points


def _check_attribute(value, where):
    if value is None or isinstance(value, (bool, str)) or _is_number(value):
        return
    if isinstance(value, list) and all(_is_number(element) for element in value):
        return
    _fail(where, "expected an integer, a number, a boolean, a string, or an array of numbers")


def _parse_node(entry, where, values):
    entry = _fields(entry, where, ("name", "op", "inputs", "outputs"), ("attributes",))
    check_name(entry["name"], f"{where}.name")
    check_name(entry["op"], f"{where}.op")
    for index, name in enumerate(_list(entry["inputs"], f"{where}.inputs")):
        if name is not None:
            values.use(name, f"{where}.inputs[{index}]")
    for index, name in enumerate(_list(entry["outputs"], f"{where}.outputs")):
        values.add(name, f"{where}.outputs[{index}]")
    attributes = entry.get("attributes", {})
    if not isinstance(attributes, dict):
        _fail(f"{where}.attributes", "expected an object")
    for key, value in attributes.items():
        _check_attribute(value, f"{where}.attributes.{key}")
    return Node(entry["name"], entry["op"], entry["inputs"], entry["outputs"], attributes)


def _parse_golden(entry, inputs, outputs, tensors):
    entry = _fields(entry, "golden", ("inputs", "outputs_sha256"))
    names, digests = entry["inputs"], entry["outputs_sha256"]
    _fields(names, "golden.inputs", [value.name for value in inputs])
    _fields(digests, "golden.outputs_sha256", [value.name for value in outputs])
    arrays, rows = {}, set()
    for value in inputs:
        where = f"golden.inputs.{value.name}"
        if not isinstance(names[value.name], str) or names[value.name] not in tensors:
            _fail(where, f"the file has no tensor {names[value.name]!r}")
        array = tensors[names[value.name]]
        fits = array.dtype == STORAGE[value.dtype] and array.ndim == len(value.shape)
        if not fits or any(want not in ("N", have) for want, have in zip(value.shape, array.shape)):
            _fail(where, f"{array.dtype} {list(array.shape)} is not the input's {value.dtype} {list(value.shape)}")
        if value.shape and value.shape[0] == "N":
            rows.add(array.shape[0])
        arrays[value.name] = array
    if len(rows) > 1:
        _fail("golden.inputs", f"different numbers of rows: {sorted(rows)}")
    for name, digest in digests.items():
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            _fail(f"golden.outputs_sha256.{name}", "expected 64 hexadecimal digits")
    return Golden(arrays, digests)


def parse(text, tensors):
    """Returns the Model of the graph `text` over the file's `tensors`."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_GRAPH_BYTES:
        _fail("__metadata__.octet", f"the graph is longer than {MAX_GRAPH_BYTES} bytes")
    graph = strict_json.parse(text, "__metadata__.octet")
    if not isinstance(graph, dict):
        _fail("graph", "expected an object")
    if "format_version" not in graph:
        _fail("graph", "`format_version` is missing")
    if not _is_integer(graph["format_version"]) or graph["format_version"] != FORMAT_VERSION:
        _fail("format_version", f"{graph['format_version']!r}; this reader knows {FORMAT_VERSION}")
    optional = ("producer", "constants", "labels", "golden")
    _fields(graph, "graph", ("format_version", "inputs", "nodes", "outputs"), optional)

    producer = graph.get("producer")
    if producer is not None and (not isinstance(producer, str) or len(producer.encode()) > MAX_PRODUCER_BYTES):
        _fail("producer", f"expected text of at most {MAX_PRODUCER_BYTES} bytes")
    values = _Values()
    entries = _list(graph["inputs"], "inputs")
    inputs = [_parse_input(entry, f"inputs[{i}]", values) for i, entry in enumerate(entries)]
    entries = _list(graph.get("constants", []), "constants")
    constants = [_parse_constant(entry, f"constants[{i}]", values, tensors) for i, entry in enumerate(entries)]
    entries = _list(graph["nodes"], "nodes")
    if len(entries) > MAX_NODES:
        _fail("nodes", f"{len(entries)} nodes; at most {MAX_NODES}")
    nodes = [_parse_node(entry, f"nodes[{i}]", values) for i, entry in enumerate(entries)]
    outputs, public = [], set()
    for index, entry in enumerate(_list(graph["outputs"], "outputs")):
        where = f"outputs[{index}]"
        entry = _fields(entry, where, ("name", "value"))
        check_name(entry["name"], f"{where}.name")
        if entry["name"] in public:
            _fail(f"{where}.name", f"an output {entry['name']!r} exists already")
        public.add(entry["name"])
        values.use(entry["value"], f"{where}.value")
        outputs.append(Output(entry["name"], entry["value"]))
    if not inputs or not outputs:
        _fail("inputs" if not inputs else "outputs", "a model needs at least one")
    labels = graph.get("labels")
    if labels is not None:
        for index, label in enumerate(_list(labels, "labels")):
            if not isinstance(label, str):
                _fail(f"labels[{index}]", "expected a string")
    golden = graph.get("golden")
    if golden is not None:
        golden = _parse_golden(golden, inputs, outputs, tensors)
    return Model(inputs, nodes, outputs, constants, labels, producer, golden)


class _Tensors:
    """Arrays to be written, under names that do not collide."""

    def __init__(self, taken):
        self.arrays = {}
        self.taken = set(taken)

    def add_beside(self, name, array):
        unique, count = name, 1
        while unique in self.arrays or unique in self.taken:
            count += 1
            unique = f"{name}.{count}"
        self.arrays[unique] = array
        return unique


def _render_constant(constant, tensors):
    storage = STORAGE.get(constant.dtype)
    data = np.asarray(constant.data)
    if storage is None or data.dtype.newbyteorder("<") != storage:
        _fail(f"constant {constant.name!r}", f"{constant.dtype} cannot be stored as {data.dtype}")
    tensors.arrays[constant.name] = data
    entry = {"name": constant.name, "dtype": constant.dtype}
    if constant.scales is not None:
        entry.update(
            qscheme="per_channel_affine",
            axis=constant.axis,
            scales=tensors.add_beside(f"{constant.name}.scales", np.asarray(constant.scales)),
            zero_points=tensors.add_beside(f"{constant.name}.zero_points", np.asarray(constant.zero_points)),
        )
    elif constant.dtype in QUANTIZED:
        entry.update(qscheme="per_tensor_affine", scale=constant.scale, zero_point=constant.zero_point)
    return entry


def render(model):
    """Returns (graph text, tensors) of `model`."""
    tensors = _Tensors(constant.name for constant in model.constants)
    graph = {"format_version": FORMAT_VERSION}
    if model.producer is not None:
        graph["producer"] = model.producer
    graph["inputs"] = []
    for value in model.inputs:
        entry = {"name": value.name, "dtype": value.dtype, "shape": list(value.shape)}
        if value.dtype in QUANTIZED:
            entry.update(scale=value.scale, zero_point=value.zero_point)
        graph["inputs"].append(entry)
    graph["constants"] = [_render_constant(constant, tensors) for constant in model.constants]
    graph["nodes"] = [
        {"name": n.name, "op": n.op, "inputs": n.inputs, "outputs": n.outputs, "attributes": n.attributes}
        for n in model.nodes
    ]
    graph["outputs"] = [{"name": value.name, "value": value.value} for value in model.outputs]
    if model.labels is not None:
        graph["labels"] = list(model.labels)
    if model.golden is not None:
        graph["golden"] = {
            "inputs": {
                name: tensors.add_beside(f"golden.{name}", np.asarray(array))
                for name, array in model.golden.inputs.items()
            },
            "outputs_sha256": dict(model.golden.outputs_sha256),
        }
    try:
        return strict_json.render(graph), tensors.arrays
    except (TypeError, ValueError) as error:
        raise FormatError("graph", f"cannot be written as JSON: {error}") from None
