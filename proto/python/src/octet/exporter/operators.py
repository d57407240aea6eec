"""Which torch operator becomes which node. One function per family; RULES is the list of what is supported."""

import re

import torch

from octet.exporter import location
from octet.exporter.errors import ExportError
from octet.exporter.values import Activation, Known, Sequence, concrete

RESULT_DTYPES = (torch.float32, torch.quint8, torch.qint8)
#: What freezing calls a layer's parameters: self.<layer>.weight, self.<layer>._packed_params...
_PARAMETER = re.compile(r"^self\.(.+?)(?:\.weight|\._packed_params.*|_packed_weight_\d+)(?:\.\d+)?$")
_QUANTIZED_DTYPES = {12: "qint8", 13: "quint8", 14: "qint32"}

#: torch operator -> function(Call) that emits nodes and returns the name of the resulting value.
RULES = {}
#: Operators that give their first argument's values unchanged. (quantized::dropout ignores the qparams it is given.)
IDENTITIES = {
    "aten::alias",
    "aten::alpha_dropout",
    "aten::clone",
    "aten::contiguous",
    "aten::detach",
    "aten::dropout",
    "aten::feature_alpha_dropout",
    "aten::feature_dropout",
    "aten::lift_fresh",
    "aten::to",
    "quantized::dropout",
}


class Call:
    """One operator about to be emitted: its arguments by the schema's names, and its results in the two runs."""

    def __init__(self, walker, node, kind, arguments, a, b):
        self.kind = kind
        self.arguments = arguments
        self.a = a
        self.b = b
        self._walker = walker
        self._node = node

    def error(self, message):
        return ExportError(f"{self.kind}: {message}", op=self.kind, location=location.of_node(self._node))

    def known(self, name, default=None):
        """A Python object (list, number, tensor, packed parameters, None) that neither data nor batch changes."""
        if name not in self.arguments:
            return default
        value = self.arguments[name]
        if isinstance(value, Known):
            if value.batch:
                raise self.error(f"`{name}` depends on the batch size")
            return value.a
        if isinstance(value, Sequence) and all(isinstance(item, Known) for item in value.items):
            if any(item.batch for item in value.items):
                raise self.error(f"`{name}` depends on the batch size")
            return concrete(value, "a")
        raise self.error(f"`{name}` must not depend on the input's data")

    def tensor(self, name):
        """The value name of a tensor argument, an activation or a constant; None when it is None."""
        return self.value(self.arguments[name], name)

    def value(self, value, name):
        if isinstance(value, Activation):
            return value.name
        if not isinstance(value, Known):
            raise self.error(f"`{name}` is not a tensor")
        if value.a is None:
            return None
        if value.batch:
            raise self.error(f"`{name}` is a tensor that depends on the batch size")
        return self.constant(value.a, name)

    def constant(self, tensor, name):
        """Stores a constant operand; a number becomes a tensor of one element."""
        if not isinstance(tensor, torch.Tensor):
            tensor = torch.tensor([float(tensor)], dtype=torch.float32)
        if not tensor.is_quantized:
            tensor = tensor.to(torch.float32)
        if tensor.dim() == 0:
            tensor = tensor.reshape(1)
        try:
            return self._walker.builder.constant(tensor, f"{self.hint()}.{name}")
        except ValueError as error:
            raise self.error(str(error)) from None

    def hint(self):
        """A name that a person knows from the model: the submodule's, else the operator's."""
        path = location.module_path(self._node)
        for value in self._node.inputs():
            found = _PARAMETER.match(value.debugName())
            if found and not path:
                path = found.group(1)
        return path or self.kind.split("::")[1].lstrip("_")

    def emit(self, op, inputs, **attributes):
        """Adds a node; returns the name of its output."""
        return self._walker.builder.node(op, inputs, attributes, self.hint())


def rule(*kinds):
    """Registers a function for the torch operators `kinds`."""

    def register(function):
        for kind in kinds:
            RULES[kind] = function
        return function

    return register


def check_identity(call):
    """Dropout must not be active."""
    if "dropout" in call.kind and (call.known("train", False) or call.known("training", False)):
        raise call.error("drops elements at random: only a model in eval mode can be exported")


def _extents(call, name, n, default=None):
    """A list of `n` integers; one stands for all; an empty one is absent."""
    value = call.known(name, default)
    if value is None or value == []:
        return None
    value = [value] if isinstance(value, int) else list(value)
    if len(value) == 1:
        value = value * n
    if len(value) != n:
        raise call.error(f"`{name}` has {len(value)} values, expected {n}")
    return [int(element) for element in value]


def _pair(call, name, default=None):
    """Height and width."""
    return _extents(call, name, 2, default)


def _weight(call, name):
    """A weight, which must be a constant tensor."""
    weight = call.known(name)
    if not isinstance(weight, torch.Tensor):
        raise call.error(f"`{name}` must be a constant tensor")
    return weight


def _float_only(call, name):
    """What the engine has in float only must not be asked of a quantized tensor."""
    if call.a.is_quantized:
        raise call.error(f"`{name}` is quantized; this operator is supported in float32 only")


def _default_dtype(call):
    """Reductions may ask for a result of another type."""
    dtype = call.known("dtype")
    if dtype is not None and dtype not in (6, torch.float32):
        raise call.error("`dtype` must be absent or float32")


# ------------------------------------------------------------------------------------------ same name, same arguments


@rule("aten::relu", "aten::relu6", "aten::hardsigmoid", "aten::sigmoid", "aten::dequantize")
def _unary(call):
    if "self" not in call.arguments:
        raise call.error("only the overload for one tensor is supported")
    return call.emit(call.kind, [call.tensor("self")])


@rule("aten::hardswish")
def _hardswish(call):
    _float_only(call, "self")
    return call.emit(call.kind, [call.tensor("self")])


@rule("quantized::relu6")
def _quantized_relu6(call):
    return call.emit(call.kind, [call.tensor("qx")])


@rule("quantized::hardswish", "quantized::sigmoid")
def _quantized_activation(call):
    source = "input" if "input" in call.arguments else "qx"
    return call.emit(
        call.kind,
        [call.tensor(source)],
        output_scale=float(call.known("output_scale")),
        output_zero_point=int(call.known("output_zero_point")),
    )


@rule("aten::hardtanh")
def _hardtanh(call):
    low, high = call.known("min_val", -1.0), call.known("max_val", 1.0)
    return call.emit("aten::hardtanh", [call.tensor("self")], min_val=float(low), max_val=float(high))


@rule("aten::clamp")
def _clamp(call):
    low, high = call.known("min"), call.known("max")
    if isinstance(low, torch.Tensor) or isinstance(high, torch.Tensor) or low is None or high is None:
        raise call.error("only numbers as both limits are supported")
    return call.emit("aten::hardtanh", [call.tensor("self")], min_val=float(low), max_val=float(high))


@rule("aten::quantize_per_tensor")
def _quantize(call):
    if "tensors" in call.arguments:
        raise call.error("only the overload for one tensor is supported")
    return call.emit(
        call.kind,
        [call.tensor("self")],
        scale=float(call.known("scale")),
        zero_point=int(call.known("zero_point")),
        dtype=_QUANTIZED_DTYPES[call.known("dtype")],
    )


@rule("aten::softmax")
def _softmax(call):
    _default_dtype(call)
    _float_only(call, "self")
    return call.emit(call.kind, [call.tensor("self")], dim=int(call.known("dim")))


@rule("aten::mean")
def _mean(call):
    _default_dtype(call)
    dim = call.known("dim")
    if isinstance(dim, int):
        dim = [dim]
    return call.emit(call.kind, [call.tensor("self")], dim=dim or None, keepdim=bool(call.known("keepdim", False)))


@rule("aten::permute")
def _permute(call):
    return call.emit(call.kind, [call.tensor("self")], dims=[int(dim) for dim in call.known("dims")])


@rule("aten::transpose", "aten::t")
def _transpose(call):
    dims = (0, 1) if call.kind == "aten::t" else (call.known("dim0"), call.known("dim1"))
    return call.emit("aten::transpose", [call.tensor("self")], dim0=int(dims[0]), dim1=int(dims[1]))


@rule("aten::flatten")
def _flatten(call):
    start, end = call.known("start_dim", 0), call.known("end_dim", -1)
    return call.emit(call.kind, [call.tensor("self")], start_dim=int(start), end_dim=int(end))


@rule("aten::reshape", "aten::view", "aten::_unsafe_view", "aten::squeeze", "aten::unsqueeze", "aten::unflatten")
def _reshape(call):
    """The shape torch arrived at, with -1 where it depends on the batch."""
    if call.kind == "aten::view" and "size" not in call.arguments:
        raise call.error("only a change of shape is supported")
    shape = [a if a == b else -1 for a, b in zip(call.a.shape, call.b.shape)]
    if call.a.dim() != call.b.dim() or shape.count(-1) > 1:
        raise call.error(f"more than one dimension of the result {list(call.a.shape)} depends on the batch size")
    source = call.arguments.get("self", call.arguments.get("input"))
    if shape and shape[0] != -1 and source.a.shape[:1] != source.b.shape[:1]:
        raise call.error(
            f"dimension 0 is the batch before, and {shape[0]} whatever the batch after: a batch size that is baked in "
            "(the example's, in a traced module?), or rows that are mixed. Write x.size(0) or -1, "
            "or export with fixed_batch=True"
        )
    if call.kind == "aten::view":
        return call.emit("aten::view", [call.tensor("self")], size=shape)
    return call.emit("aten::reshape", [call.tensor("self")], shape=shape)


# ------------------------------------------------------------------------------------------------------------ pooling


@rule("aten::max_pool2d", "aten::quantized_max_pool2d", "quantized::max_pool2d")
def _max_pool2d(call):
    return call.emit(
        "aten::max_pool2d",
        [call.tensor("qx" if "qx" in call.arguments else "self")],
        kernel_size=_pair(call, "kernel_size"),
        stride=_pair(call, "stride"),
        padding=_pair(call, "padding", 0),
        dilation=_pair(call, "dilation", 1),
        ceil_mode=bool(call.known("ceil_mode", False)),
    )


@rule("aten::avg_pool2d")
def _avg_pool2d(call):
    return call.emit(
        call.kind,
        [call.tensor("self")],
        kernel_size=_pair(call, "kernel_size"),
        stride=_pair(call, "stride"),
        padding=_pair(call, "padding", 0),
        ceil_mode=bool(call.known("ceil_mode", False)),
        count_include_pad=bool(call.known("count_include_pad", True)),
        divisor_override=call.known("divisor_override"),
    )


@rule("aten::adaptive_avg_pool2d")
def _adaptive_avg_pool2d(call):
    return call.emit(call.kind, [call.tensor("self")], output_size=_pair(call, "output_size"))


# --------------------------------------------------------------------------------------------------------- arithmetic


@rule("quantized::add", "quantized::add_relu", "quantized::mul", "quantized::mul_relu")
def _quantized_binary(call):
    if "scale" not in call.arguments:
        raise call.error("only the overload for two tensors is supported")
    return call.emit(
        call.kind,
        [call.tensor("qa"), call.tensor("qb")],
        scale=float(call.known("scale")),
        zero_point=int(call.known("zero_point")),
    )


@rule("aten::add", "aten::sub")
def _add(call):
    alpha = float(call.known("alpha", 1))
    if call.kind == "aten::sub":
        alpha = -alpha
    return call.emit("aten::add", [call.tensor("self"), call.tensor("other")], alpha=alpha)


@rule("aten::mul")
def _mul(call):
    return call.emit("aten::mul", [call.tensor("self"), call.tensor("other")])


def _tensors(call, name):
    value = call.arguments[name]
    if not isinstance(value, Sequence):
        raise call.error(f"`{name}` is not a list of tensors")
    return [call.value(item, name) for item in value.items]


@rule("aten::cat", "aten::concat")
def _cat(call):
    return call.emit("aten::cat", _tensors(call, "tensors"), dim=int(call.known("dim", 0)))


@rule("quantized::cat")
def _quantized_cat(call):
    scale, zero_point = call.known("scale"), call.known("zero_point")
    return call.emit(
        call.kind,
        _tensors(call, "qx"),
        dim=int(call.known("dim")),
        scale=None if scale is None else float(scale),
        zero_point=None if zero_point is None else int(zero_point),
    )


# ------------------------------------------------------------------------------------------------ linear, convolution


def _emit_linear(call, x, weight, bias):
    name = call.constant(weight.contiguous(), "weight")
    return call.emit("aten::linear", [x, name, None if bias is None else call.constant(bias, "bias")])


@rule("aten::linear")
def _linear(call):
    return _emit_linear(call, call.tensor("input"), _weight(call, "weight"), call.known("bias"))


@rule("aten::addmm")
def _addmm(call):
    if call.known("alpha", 1) != 1 or call.known("beta", 1) != 1:
        raise call.error("only alpha = beta = 1 is supported")
    bias, weight = _weight(call, "self"), _weight(call, "mat2")
    if bias.dim() != 1 or bias.shape[0] != weight.shape[1]:
        raise call.error(f"a bias of shape {list(bias.shape)} is not supported; expected [{weight.shape[1]}]")
    return _emit_linear(call, call.tensor("mat1"), weight.t(), bias)


@rule("aten::matmul", "aten::mm")
def _matmul(call):
    weight = _weight(call, "mat2" if call.kind == "aten::mm" else "other")
    if weight.dim() != 2:
        raise call.error(f"a second operand of rank {weight.dim()} is not supported; expected a matrix")
    return _emit_linear(call, call.tensor("self"), weight.t(), None)


@rule("quantized::linear", "quantized::linear_relu")
def _quantized_linear(call):
    weight, bias = torch.ops.quantized.linear_unpack(call.known("W_prepack"))
    return call.emit(
        call.kind,
        [
            call.tensor("X"),
            call.constant(weight, "weight"),
            None if bias is None else call.constant(bias, "bias"),
        ],
        Y_scale_i=float(call.known("Y_scale_i")),
        Y_zero_point_i=int(call.known("Y_zero_point_i")),
    )


def _same_padding(call, kernel, stride, dilation):
    """Padding that keeps the size, as Conv2d(padding="same") means it."""
    if any(step != 1 for step in stride):
        raise call.error('padding "same" with a stride is not supported')
    totals = [d * (k - 1) for d, k in zip(dilation, kernel)]
    if any(total % 2 for total in totals):
        raise call.error(f'padding "same" for a kernel of {kernel} is not symmetric, which is not supported')
    return [total // 2 for total in totals]


@rule(
    "aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::_convolution", "aten::_convolution_mode", "aten::convolution"
)
def _conv(call):
    weight, bias = _weight(call, "weight"), call.known("bias")
    if call.known("transposed", False):
        raise call.error("transposed convolution is not supported")
    dims = weight.dim() - 2
    if dims not in (1, 2, 3) or call.a.dim() != weight.dim():
        raise call.error("only convolution of a batch [N, C, ...] in one to three dimensions is supported")
    stride, dilation = _extents(call, "stride", dims, 1), _extents(call, "dilation", dims, 1)
    padding = call.known("padding", 0)
    if padding == "valid":
        padding = [0] * dims
    elif padding == "same":
        padding = _same_padding(call, list(weight.shape[2:]), stride, dilation)
    else:
        padding = _extents(call, "padding", dims, 0)
    return call.emit(
        f"aten::conv{dims}d",
        [
            call.tensor("input"),
            call.constant(weight, "weight"),
            None if bias is None else call.constant(bias, "bias"),
        ],
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=int(call.known("groups", 1)),
    )


@rule(
    "quantized::conv1d",
    "quantized::conv1d_relu",
    "quantized::conv2d",
    "quantized::conv2d_relu",
    "quantized::conv3d",
    "quantized::conv3d_relu",
)
def _quantized_conv(call):
    quantized = torch.ops.quantized
    dims = int(call.kind.removeprefix("quantized::conv")[0])
    packed = call.known("packed_weight")
    weight, bias = getattr(quantized, f"conv{dims}d_unpack")(packed)
    # One-dimensional layers are packed as images of height 1: the last of each list is theirs.
    packing = f"conv{max(dims, 2)}d"

    def extents(name):
        return [int(value) for value in getattr(quantized, f"{packing}_{name}")(packed)][-dims:]

    return call.emit(
        call.kind,
        [
            call.tensor("qx"),
            call.constant(weight, "weight"),
            None if bias is None else call.constant(bias, "bias"),
        ],
        stride=extents("stride"),
        padding=extents("padding"),
        dilation=extents("dilation"),
        groups=int(getattr(quantized, f"{packing}_groups")(packed)),
        output_scale=float(call.known("output_scale")),
        output_zero_point=int(call.known("output_zero_point")),
    )


@rule("aten::batch_norm")
def _batch_norm(call):
    if call.known("training"):
        raise call.error("normalizes by the batch's own statistics: only a model in eval mode can be exported")
    mean, variance = call.known("running_mean"), call.known("running_var")
    if mean is None or variance is None:
        raise call.error("running statistics are needed")
    operands = [call.tensor("input")]
    for name in ("weight", "bias", "running_mean", "running_var"):
        value = call.known(name)
        operands.append(None if value is None else call.constant(value, name))
    return call.emit(call.kind, operands, eps=float(call.known("eps")))
