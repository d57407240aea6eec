"""Arrays <-> the Open Inference Protocol's infer body with its binary tensor extension."""

import json

import numpy as np

from octet.client.errors import OctetError

DATATYPES = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
_NAMES = {dtype: name for name, dtype in DATATYPES.items()}


def as_tensor(name, value):
    """Returns `value` as a dense little-endian array. Python numbers become float32, the usual input of a model."""
    is_array = isinstance(value, np.ndarray)
    array = np.asarray(value)
    if not is_array and array.dtype == np.float64:
        array = array.astype(np.float32)
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _NAMES:
        raise TypeError(f"input {name!r}: arrays of dtype {array.dtype} cannot be sent")
    return np.ascontiguousarray(array, dtype).reshape(array.shape)


def encode_request(inputs, outputs=None, parameters=None):
    """Returns (body parts, header length): the JSON, then each array's bytes."""
    if not inputs:
        raise ValueError("no inputs given")
    arrays = {name: as_tensor(name, value) for name, value in inputs.items()}
    header = {
        "inputs": [
            {
                "name": name,
                "shape": list(array.shape),
                "datatype": _NAMES[array.dtype],
                "parameters": {"binary_data_size": array.nbytes},
            }
            for name, array in arrays.items()
        ],
        "parameters": {"binary_data_output": True, **(parameters or {})},
    }
    if outputs is not None:
        header["outputs"] = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    text = json.dumps(header, separators=(",", ":")).encode()
    return [text] + [array.tobytes() for array in arrays.values()], len(text)


def _decode_output(output, body, at):
    """Returns (array, position after its bytes)."""
    dtype = DATATYPES[output["datatype"]]
    shape = [int(dimension) for dimension in output["shape"]]
    count = 1
    for dimension in shape:
        count *= dimension
    if "data" in output:
        return np.array(output["data"], dtype).reshape(shape), at
    size = output["parameters"]["binary_data_size"]
    if size != count * dtype.itemsize or size > len(body) - at:
        raise ValueError(f"{size} bytes for shape {shape} of {output['datatype']}, {len(body) - at} left")
    return np.frombuffer(body, dtype, count, at).reshape(shape).copy(), at + size


def decode_response(body, header_length):
    """Returns {name: array} of an answer; `header_length` None means that all of it is JSON."""
    try:
        length = len(body) if header_length is None else int(header_length)
        if not 0 <= length <= len(body):
            raise ValueError(f"header length {length} of {len(body)} bytes")
        header, at, result = json.loads(body[:length]), length, {}
        for output in header["outputs"]:
            result[output["name"]], at = _decode_output(output, body, at)
        if at != len(body):
            raise ValueError(f"{len(body) - at} bytes left over")
        return result
    except (ValueError, KeyError, TypeError) as error:
        raise OctetError(None, f"the server's answer cannot be read: {error!r}") from None
