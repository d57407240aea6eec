"""The safetensors container: named arrays and a string map, read without trusting a number."""

import struct

import numpy as np

from octet.format import strict_json
from octet.format.model import FormatError

MIN_HEADER_BYTES = 2
MAX_HEADER_BYTES = 64 << 20
MAX_TENSORS = 65536
MAX_RANK = 8
MAX_NAME_BYTES = 256
#: Elements and bytes stay far inside int64, so that other readers' arithmetic cannot overflow on a file of ours.
MAX_BYTES = 1 << 62

#: In the order of writing: the widest first, so that each array is aligned to its element.
DTYPES = {
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
    "F32": np.dtype("<f4"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_ORDER = {name: index for index, name in enumerate(DTYPES)}


def check_name(name, where):
    """A name is 1 to 256 bytes of UTF-8 without control characters."""
    if not isinstance(name, str):
        raise FormatError(where, f"expected a name, found {type(name).__name__}")
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError(where, "the name is not valid Unicode") from None
    if not 1 <= len(encoded) <= MAX_NAME_BYTES:
        raise FormatError(where, f"a name of {len(encoded)} bytes; expected 1 to {MAX_NAME_BYTES}")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
        raise FormatError(where, f"control character in the name {name!r}")


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_BYTES


def _check_entry(name, entry, data_bytes):
    """Returns (begin, end, dtype, shape) of one header entry."""
    where = f"tensor {name!r}"
    check_name(name, where)
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FormatError(where, "expected exactly dtype, shape and data_offsets")
    dtype = DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if dtype is None:
        raise FormatError(where, f"dtype {entry['dtype']!r}; expected one of {', '.join(DTYPES)}")
    shape = entry["shape"]
    if not isinstance(shape, list) or len(shape) > MAX_RANK or not all(_is_count(d) for d in shape):
        raise FormatError(where, f"shape {shape!r}; expected at most {MAX_RANK} non-negative integers")
    offsets = entry["data_offsets"]
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(_is_count(o) for o in offsets):
        raise FormatError(where, f"data_offsets {offsets!r}; expected [begin, end]")
    begin, end = offsets
    if not begin <= end <= data_bytes:
        raise FormatError(where, f"data_offsets [{begin}, {end}] lie outside the {data_bytes} bytes of data")
    n_bytes = dtype.itemsize
    for dimension in shape:
        n_bytes *= dimension
    if end - begin != n_bytes:
        raise FormatError(where, f"{end - begin} bytes of data; its shape {shape} needs {n_bytes}")
    return begin, end, dtype, shape


def _check_cover(spans, data_start, data_bytes):
    """No overlap, no hole, nothing left over."""
    at = 0
    for begin, end, name in sorted(spans):
        if begin != at:
            fault = "overlaps the tensor before it" if begin < at else f"leaves a hole of {begin - at} bytes before it"
            raise FormatError(f"byte {data_start + begin}", f"tensor {name!r} {fault}")
        at = end
    if at != data_bytes:
        raise FormatError(f"byte {data_start + at}", f"{data_bytes - at} bytes after the last tensor")


def unpack(data):
    """Returns ({name: read-only array}, {metadata key: text}) of a file's bytes."""
    view = memoryview(data)
    if len(view) < 8:
        raise FormatError("byte 0", f"a file of {len(view)} bytes has no header length")
    (header_bytes,) = struct.unpack_from("<Q", view)
    if not MIN_HEADER_BYTES <= header_bytes <= MAX_HEADER_BYTES:
        raise FormatError("byte 0", f"header length {header_bytes}; expected {MIN_HEADER_BYTES} to {MAX_HEADER_BYTES}")
    if header_bytes > len(view) - 8:
        raise FormatError("byte 0", f"header length {header_bytes}, but only {len(view) - 8} bytes follow")
    try:
        text = str(view[8 : 8 + header_bytes], "utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {8 + error.start}", "the header is not UTF-8") from None
    if not text.startswith("{"):
        raise FormatError("byte 8", "the header is not a JSON object")
    header = strict_json.parse(text, "header")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError("__metadata__", "expected an object that maps strings to strings")
    if len(header) > MAX_TENSORS:
        raise FormatError("header", f"{len(header)} tensors; at most {MAX_TENSORS}")
    start = 8 + header_bytes
    body = view[start:]
    tensors, spans = {}, []
    for name, entry in header.items():
        begin, end, dtype, shape = _check_entry(name, entry, len(body))
        spans.append((begin, end, name))
        if dtype == np.dtype("?") and np.frombuffer(body[begin:end], np.uint8).max(initial=0) > 1:
            raise FormatError(f"tensor {name!r}", "a BOOL element is neither 0 nor 1")
        array = np.frombuffer(body[begin:end], dtype).reshape(shape)
        array.flags.writeable = False
        tensors[name] = array
    _check_cover(spans, start, len(body))
    return tensors, metadata


def pack(tensors, metadata):
    """Returns the bytes of a file. Arrays must have one of the dtypes above; header padded to a multiple of 8."""
    if len(tensors) > MAX_TENSORS:
        raise FormatError("header", f"{len(tensors)} tensors; at most {MAX_TENSORS}")
    rows = []
    for name, array in tensors.items():
        check_name(name, f"tensor {name!r}")
        if name == "__metadata__":
            raise FormatError("header", "__metadata__ cannot be the name of a tensor")
        if array.ndim > MAX_RANK:
            raise FormatError(f"tensor {name!r}", f"rank {array.ndim}; at most {MAX_RANK}")
        little = array.dtype.newbyteorder("<")
        if little not in _NAMES:
            raise FormatError(f"tensor {name!r}", f"dtype {array.dtype} cannot be stored")
        rows.append((_ORDER[_NAMES[little]], name, np.ascontiguousarray(array, little).reshape(array.shape)))
    rows.sort(key=lambda row: row[0])
    header, at = {"__metadata__": metadata}, 0
    for _, name, array in rows:
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = strict_json.render(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER_BYTES:
        raise FormatError("header", f"{len(text)} bytes; at most {MAX_HEADER_BYTES}")
    return b"".join([struct.pack("<Q", len(text)), text] + [array.tobytes() for _, _, array in rows])
