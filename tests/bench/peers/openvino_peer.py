"""openvino: its own optimization, the latency hint, tensors set once, as many inference threads as asked."""

import collections

import numpy as np
import openvino

from peers.candidate import Candidate
from peers.onnx_forms import forms

HEAVY = ("Convolution", "FullyConnected", "MatMul", "GroupConvolution")


class OpenVinoPeer:
    name = "openvino"

    def __init__(self, settings):
        self._core = openvino.Core()

    def versions(self):
        return {"openvino": openvino.__version__}

    def candidates(self, job, only=None):
        for label, content, data, back in forms(job, permute_floats=True, only=only):
            model = self._core.read_model(content)
            compiled = self._core.compile_model(
                model,
                "CPU",
                {
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_NUM_THREADS": job.threads,
                    "NUM_STREAMS": 1,
                    "ENABLE_CPU_PINNING": False,
                },
            )
            request = compiled.create_infer_request()
            kept = {name: np.array(array, order="C") for name, array in data.items()}
            for name, array in kept.items():
                request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
            yield Candidate(label, _bare(request), _reader(request, kept, back), _facts(compiled))


def _bare(request):
    """One synchronous inference without the Python wrapper's packing of results into a dictionary of copies."""
    infer = super(openvino.InferRequest, request).infer
    return lambda: infer({}, True, False)


def _reader(request, kept, back):
    # `kept` is named here so that the shared memory lives as long as the request.
    return lambda: back(np.array(request.get_output_tensor(0).data)) if kept is not None else None


def _facts(compiled):
    kinds, precisions = collections.Counter(), collections.Counter()
    for node in compiled.get_runtime_model().get_ops():
        info = node.get_rt_info()
        kind = info["layerType"].astype(str) if "layerType" in info else node.get_type_name()
        kinds[kind] += 1
        if kind in HEAVY:
            precisions[f"{kind} {info['runtimePrecision'].astype(str)} {info['primitiveType'].astype(str)}"] += 1
    integer = sum(count for text, count in precisions.items() if text.split()[1] in ("u8", "i8"))
    return {
        "operators": dict(kinds),
        "primitives": dict(precisions),
        "integer": integer,
        "float": sum(precisions.values()) - integer,
    }
