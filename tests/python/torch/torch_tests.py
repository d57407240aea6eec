"""What the tests with torch share: the package on the path, torch or a clear skip, and a way to run a file with torch.

`run_model` executes an octet.format.Model node by node with PyTorch's own operators. It is written from FORMAT.md and
the operators' PyTorch names, not from the exporter, so that the two can be held against each other.
"""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "proto" / "python" / "src"))

try:
    import torch
    from torch import nn  # noqa: F401  (an empty folder named torch has no nn)
except ImportError as error:
    raise unittest.SkipTest("torch is not importable: see `sh tests/run.sh --with-torch`") from error
if "fbgemm" not in torch.backends.quantized.supported_engines:
    raise unittest.SkipTest("this torch has no fbgemm engine")

import numpy as np  # noqa: E402
import torch.ao.quantization as tq  # noqa: E402

torch.backends.quantized.engine = "fbgemm"
torch.set_num_threads(1)

DTYPES = {"quint8": torch.quint8, "qint8": torch.qint8, "qint32": torch.qint32}


def constant(entry):
    """A Constant as a torch tensor."""
    data = torch.from_numpy(np.array(entry.data))
    if entry.dtype not in DTYPES:
        return data
    if entry.scales is None:
        return torch._make_per_tensor_quantized_tensor(data, entry.scale, entry.zero_point)
    scales, zero_points = (torch.from_numpy(np.array(a)) for a in (entry.scales, entry.zero_points))
    return torch._make_per_channel_quantized_tensor(data, scales, zero_points, entry.axis)


def _conv(function, prepack):
    def run(x, weight, bias, stride=1, padding=0, dilation=1, groups=1, output_scale=None, output_zero_point=None):
        return function(x, prepack(weight, bias, stride, padding, dilation, groups), output_scale, output_zero_point)

    return run


def _linear(function):
    prepack = torch.ops.quantized.linear_prepack
    return lambda x, w, b, Y_scale_i, Y_zero_point_i: function(x, prepack(w, b), Y_scale_i, Y_zero_point_i)


def _hard_swish(x, output_scale, output_zero_point):
    return torch.ops.quantized.hardswish(x, output_scale, output_zero_point)


_F = torch.nn.functional
_Q = torch.ops.quantized
OPERATORS = {
    "aten::quantize_per_tensor": lambda x, scale, zero_point, dtype: torch.quantize_per_tensor(
        x, scale, zero_point, DTYPES[dtype]
    ),
    "aten::dequantize": lambda x: x.dequantize(),
    "quantized::linear": _linear(_Q.linear),
    "quantized::linear_relu": _linear(_Q.linear_relu),
    "quantized::conv1d": _conv(_Q.conv1d, _Q.conv1d_prepack),
    "quantized::conv1d_relu": _conv(_Q.conv1d_relu, _Q.conv1d_prepack),
    "quantized::conv2d": _conv(_Q.conv2d, _Q.conv2d_prepack),
    "quantized::conv2d_relu": _conv(_Q.conv2d_relu, _Q.conv2d_prepack),
    "quantized::conv3d": _conv(_Q.conv3d, _Q.conv3d_prepack),
    "quantized::conv3d_relu": _conv(_Q.conv3d_relu, _Q.conv3d_prepack),
    "quantized::add": lambda a, b, scale, zero_point: _Q.add(a, b, scale, zero_point),
    "quantized::add_relu": lambda a, b, scale, zero_point: _Q.add_relu(a, b, scale, zero_point),
    "quantized::mul": lambda a, b, scale, zero_point: _Q.mul(a, b, scale, zero_point),
    "quantized::mul_relu": lambda a, b, scale, zero_point: _Q.mul_relu(a, b, scale, zero_point),
    "quantized::cat": lambda *xs, dim, scale=None, zero_point=None: _Q.cat(list(xs), dim, scale, zero_point),
    "quantized::relu6": lambda x: _Q.relu6(x, False),
    "quantized::hardswish": _hard_swish,
    "quantized::sigmoid": lambda x, output_scale, output_zero_point: _Q.sigmoid(x, output_scale, output_zero_point),
    "aten::relu": torch.relu,
    "aten::relu6": _F.relu6,
    "aten::hardswish": _F.hardswish,
    "aten::hardsigmoid": _F.hardsigmoid,
    "aten::sigmoid": torch.sigmoid,
    "aten::hardtanh": lambda x, min_val=-1.0, max_val=1.0: _F.hardtanh(x, min_val, max_val),
    "aten::max_pool2d": lambda x, **a: _F.max_pool2d(x, **a),
    "aten::avg_pool2d": lambda x, **a: _F.avg_pool2d(x, **a),
    "aten::adaptive_avg_pool2d": lambda x, output_size: _F.adaptive_avg_pool2d(x, output_size),
    "aten::mean": lambda x, dim=None, keepdim=False: x.mean() if dim is None else x.mean(dim, keepdim),
    "aten::flatten": lambda x, start_dim=0, end_dim=-1: x.flatten(start_dim, end_dim),
    "aten::reshape": lambda x, shape: x.reshape(shape),
    "aten::view": lambda x, size: x.reshape(size),
    "aten::permute": lambda x, dims: x.permute(dims),
    "aten::transpose": lambda x, dim0, dim1: x.transpose(dim0, dim1),
    "aten::softmax": lambda x, dim: x.softmax(dim),
    "aten::add": lambda a, b, alpha=1: torch.add(a, b, alpha=alpha),
    "aten::mul": torch.mul,
    "aten::cat": lambda *xs, dim=0: torch.cat(xs, dim),
    "aten::linear": _F.linear,
    "aten::conv1d": _F.conv1d,
    "aten::conv2d": _F.conv2d,
    "aten::conv3d": _F.conv3d,
    "aten::batch_norm": lambda x, w, b, mean, var, eps=1e-5: _F.batch_norm(x, mean, var, w, b, False, 0.0, eps),
}


@torch.no_grad()
def run_model(model, *inputs, operators=OPERATORS):
    """The outputs, in order, of `model` for tensors in the order of its inputs."""
    values = {entry.name: constant(entry) for entry in model.constants}
    values[None] = None
    values.update({entry.name: tensor for entry, tensor in zip(model.inputs, inputs)})
    for node in model.nodes:
        arguments = [values[name] for name in node.inputs]
        values[node.outputs[0]] = operators[node.op](*arguments, **node.attributes)
    return [values[output.value] for output in model.outputs]


def calibrated(model, examples, fuse=()):
    """The module quantized in eager mode: fused, observed over `examples` (tuples), converted."""
    model.eval()
    for names in fuse:
        tq.fuse_modules(model, names, inplace=True)
    model.qconfig = reduced_range()
    tq.prepare(model, inplace=True)
    with torch.no_grad():
        for example in examples:
            model(*example)
    return tq.convert(model)


def reduced_range():
    """fbgemm's qconfig: seven-bit activations, which its kernels add up without saturation, weights per channel."""
    return tq.QConfig(
        activation=tq.HistogramObserver.with_args(reduce_range=True),
        weight=tq.default_per_channel_weight_observer,
    )
