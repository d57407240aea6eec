"""onnxruntime: all graph optimizations, inputs and outputs bound, as many intra-op threads as asked."""

import collections
import os
import tempfile

import onnx
import onnxruntime

from peers.candidate import Candidate
from peers.onnx_forms import forms

INTEGER = ("QLinear", "QGemm", "MatMulInteger", "ConvInteger", "DynamicQuantize", "QAttention")


class OnnxRuntimePeer:
    name = "onnxruntime"

    def __init__(self, settings):
        onnxruntime.set_default_logger_severity(3)

    def versions(self):
        return {"onnxruntime": onnxruntime.__version__}

    def candidates(self, job, only=None):
        for label, content, data, back in forms(job, only=only):
            yield self._candidate(label, content, data, back, job.threads)

    def _candidate(self, label, content, data, back, threads):
        with tempfile.TemporaryDirectory() as folder:
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
            options.optimized_model_filepath = os.path.join(folder, "optimized.onnx")
            session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            optimized = onnx.load(options.optimized_model_filepath)
        binding = session.io_binding()
        values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in data.items()}
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        output = session.get_outputs()[0].name
        binding.bind_output(output)
        session.run_with_iobinding(binding)
        # The shape is known now: from here on the library writes where the first run's output lies.
        bound = binding.get_outputs()[0]
        binding.bind_ortvalue_output(output, bound)
        operators = collections.Counter(node.op_type for node in optimized.graph.node)
        integer = sum(count for op, count in operators.items() if op.startswith(INTEGER))
        return Candidate(
            label,
            lambda: session.run_with_iobinding(binding),
            lambda: back(bound.numpy()),
            {"operators": dict(operators), "integer": integer, "float": _float_count(operators)},
        )


def _float_count(operators):
    return sum(operators.get(op, 0) for op in ("Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul"))
