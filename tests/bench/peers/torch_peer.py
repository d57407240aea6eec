"""PyTorch: quantized operators with packed weights, each engine it has for x86, eager and traced; channels-last."""

import warnings

import numpy as np
import torch

import octet.format as fmt
from peers.candidate import Candidate

ENGINES = ("x86", "fbgemm", "onednn")
DTYPES = {"quint8": torch.quint8, "qint8": torch.qint8}
_F, _Q = torch.nn.functional, torch.ops.quantized

#: Operators without weights. "{name of the node's operator}": function(tensors..., **attributes)
OPERATORS = {
    "aten::quantize_per_tensor": lambda x, scale, zero_point, dtype: torch.quantize_per_tensor(
        x, scale, zero_point, DTYPES[dtype]
    ),
    "aten::dequantize": lambda x: x.dequantize(),
    "quantized::add": lambda a, b, scale, zero_point: _Q.add(a, b, scale, zero_point),
    "quantized::add_relu": lambda a, b, scale, zero_point: _Q.add_relu(a, b, scale, zero_point),
    "quantized::mul": lambda a, b, scale, zero_point: _Q.mul(a, b, scale, zero_point),
    "quantized::mul_relu": lambda a, b, scale, zero_point: _Q.mul_relu(a, b, scale, zero_point),
    "quantized::cat": lambda *xs, dim, scale=None, zero_point=None: _Q.cat(list(xs), dim, scale, zero_point),
    "aten::cat": lambda *xs, dim: torch.cat(xs, dim),
    "quantized::hardswish": lambda x, output_scale, output_zero_point: _Q.hardswish(x, output_scale, output_zero_point),
    "quantized::sigmoid": lambda x, output_scale, output_zero_point: _Q.sigmoid(x, output_scale, output_zero_point),
    "quantized::relu6": lambda x: _Q.relu6(x, False),
    "aten::relu": torch.relu,
    "aten::relu6": _F.relu6,
    "aten::sigmoid": torch.sigmoid,
    "aten::hardsigmoid": _F.hardsigmoid,
    "aten::hardtanh": lambda x, min_val=-1.0, max_val=1.0: _F.hardtanh(x, min_val, max_val),
    "aten::max_pool2d": lambda x, **given: _F.max_pool2d(x, **_given(given)),
    "aten::avg_pool2d": lambda x, **given: _F.avg_pool2d(x, **_given(given)),
    "aten::adaptive_avg_pool2d": lambda x, output_size: _F.adaptive_avg_pool2d(x, output_size),
    "aten::flatten": lambda x, start_dim=0, end_dim=-1: x.flatten(start_dim, end_dim),
    "aten::reshape": lambda x, shape: x.reshape(shape),
    "aten::view": lambda x, size: x.reshape(size),
    "aten::permute": lambda x, dims: x.permute(dims),
}


def _given(attributes):
    return {key: value for key, value in attributes.items() if value is not None}


def _tensor(constant):
    data = torch.from_numpy(np.array(constant.data))
    if constant.dtype not in DTYPES:
        return data
    if constant.scales is None:
        return torch._make_per_tensor_quantized_tensor(data, constant.scale, constant.zero_point)
    scales, zero_points = (torch.from_numpy(np.array(a)) for a in (constant.scales, constant.zero_points))
    return torch._make_per_channel_quantized_tensor(data, scales, zero_points, constant.axis)


class Network(torch.nn.Module):
    """A `.octet` model as a module: weights packed by the engine that is set while it is made."""

    def __init__(self, model):
        super().__init__()
        self._model = model
        self._steps = []
        constants = {entry.name: entry for entry in model.constants}
        for index, node in enumerate(model.nodes):
            if node.op.startswith(("quantized::conv", "quantized::linear")):
                weight, bias = (None if name is None else _tensor(constants[name]) for name in node.inputs[1:])
                setattr(self, f"packed_{index}", _pack(node, weight, bias))
                self._steps.append((node.inputs[:1], node.outputs[0], _weighted(self, index, node)))
            elif node.op in OPERATORS:
                self._steps.append((node.inputs, node.outputs[0], _plain(OPERATORS[node.op], node.attributes)))
            else:
                raise NotImplementedError(f"node {node.name}: {node.op}")
        self._last_use = {}
        for index, (inputs, _, _) in enumerate(self._steps):
            self._last_use.update({name: index for name in inputs})

    def forward(self, *inputs):
        values = {entry.name: tensor for entry, tensor in zip(self._model.inputs, inputs)}
        shown = self._model.outputs[0].value
        for index, (names, output, step) in enumerate(self._steps):
            values[output] = step(*[values[name] for name in names])
            for name in names:
                if self._last_use[name] == index and name != shown:
                    values.pop(name, None)
        # No copy where the permutation behind a channels-last result has only renamed its dimensions.
        return values[shown].contiguous()


def _plain(function, attributes):
    return lambda *tensors: function(*tensors, **attributes)


def _pack(node, weight, bias):
    if "linear" in node.op:
        return _Q.linear_prepack(weight, bias)
    prepack = getattr(_Q, node.op.removesuffix("_relu").removeprefix("quantized::") + "_prepack")
    given, rank = node.attributes, weight.dim() - 2
    window = [
        _spread(given.get(key, default), rank) for key, default in (("stride", 1), ("padding", 0), ("dilation", 1))
    ]
    return prepack(weight, bias, *window, given.get("groups", 1))


def _spread(value, rank):
    return [value] * rank if isinstance(value, int) else list(value)


def _weighted(module, index, node):
    function = getattr(_Q, node.op.removeprefix("quantized::"))
    names = ("Y_scale_i", "Y_zero_point_i") if "linear" in node.op else ("output_scale", "output_zero_point")
    scale, zero_point = (node.attributes[name] for name in names)
    return lambda x: function(x, getattr(module, f"packed_{index}"), scale, zero_point)


class TorchPeer:
    name = "torch"

    def __init__(self, settings):
        warnings.filterwarnings("ignore", "torch.quantize_per_tensor, .* are deprecated")
        torch.set_num_threads(settings["threads"])
        torch.set_num_interop_threads(1)
        # For the life of the process: entering it at each call would be timed.
        self._inference = torch.inference_mode()
        self._inference.__enter__()

    def versions(self):
        return {"torch": torch.__version__, "torch capability": torch.backends.cpu.get_cpu_capability()}

    def candidates(self, job, only=None):
        model = fmt.load(job.path)
        with torch.inference_mode(False), torch.no_grad():
            inputs = [_input(entry, array) for entry, array in zip(model.inputs, job.inputs)]
            modules = []
            for engine in ENGINES:
                eager, traced = f"{engine}, eager", f"{engine}, traced"
                if engine in torch.backends.quantized.supported_engines and only in (None, eager, traced):
                    torch.backends.quantized.engine = engine
                    network = Network(model).eval()
                    if only != traced:
                        modules.append((eager, network))
                    if only != eager:
                        frozen = torch.jit.freeze(torch.jit.trace(network, inputs, check_trace=False))
                        modules.append((traced, frozen))
        for label, module in modules:
            yield _candidate(label, module, inputs)


def _input(entry, array):
    data = torch.from_numpy(np.array(array))
    if entry.dtype != "quint8":
        return data
    return torch._make_per_tensor_quantized_tensor(data, entry.scale, entry.zero_point)


def _candidate(label, module, inputs):
    for _ in range(3 if "traced" in label else 1):  # a traced module is specialized in its first runs
        module(*inputs)

    def read():
        result = module(*inputs)
        return (result.int_repr() if result.is_quantized else result).numpy()

    return Candidate(label, lambda: module(*inputs), read)
