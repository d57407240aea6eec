"""The ONNX forms of a model that onnxruntime and openvino choose from, with their data."""

import numpy as np

import octet.format as fmt
from peers.edges import channels_first
from peers.onnx_file import onnx_bytes
from peers.qdq import to_qdq


def forms(job, permute_floats=False, only=None):
    """Yields (label, ONNX bytes, {input name: array}, function that brings output 0 back to the model's order).

    @param permute_floats  as in to_qdq
    @param only            the one label that is wanted
    """
    model = fmt.load(job.path)
    names = [entry.name for entry in model.inputs]
    if only in (None, "channels last"):
        yield (
            "channels last",
            onnx_bytes(to_qdq(model, job.rows, permute_floats)),
            dict(zip(names, job.inputs)),
            lambda array: array,
        )
    stripped = channels_first(model) if only in (None, "channels first") else None
    if stripped is not None:
        inner, inward, outward = stripped
        data = {
            name: np.ascontiguousarray(array.transpose(inward[name])) if name in inward else array
            for name, array in zip(names, job.inputs)
        }
        dims = outward.get(0)
        back = (lambda array: array.transpose(dims)) if dims else (lambda array: array)
        yield "channels first", onnx_bytes(to_qdq(inner, job.rows)), data, back
