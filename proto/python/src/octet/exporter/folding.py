"""What can be computed while exporting: shape arithmetic, guards, list handling, questions about a tensor."""

import math
import operator

import torch

#: torch.dtype -> the integer that stands for it in TorchScript (c10/core/ScalarType.h).
SCALAR_TYPES = {
    torch.uint8: 0,
    torch.int8: 1,
    torch.int16: 2,
    torch.int32: 3,
    torch.int64: 4,
    torch.float16: 5,
    torch.float32: 6,
    torch.float64: 7,
    torch.bool: 11,
    torch.qint8: 12,
    torch.quint8: 13,
    torch.qint32: 14,
    torch.bfloat16: 15,
}

#: Operators on plain Python values. TorchScript's list and scalar operators follow Python's.
SCALARS = {
    "aten::add": operator.add,
    "aten::sub": operator.sub,
    "aten::mul": operator.mul,
    "aten::div": operator.truediv,
    "aten::floordiv": operator.floordiv,
    "aten::remainder": operator.mod,
    "aten::pow": operator.pow,
    "aten::neg": operator.neg,
    "aten::abs": abs,
    "aten::eq": operator.eq,
    "aten::ne": operator.ne,
    "aten::lt": operator.lt,
    "aten::le": operator.le,
    "aten::gt": operator.gt,
    "aten::ge": operator.ge,
    "aten::__and__": operator.and_,
    "aten::__or__": operator.or_,
    "aten::__not__": operator.not_,
    "aten::__is__": lambda a, b: a is b,
    "aten::__isnot__": lambda a, b: a is not b,
    "aten::__contains__": operator.contains,
    "aten::len": len,
    "aten::list": list,
    "aten::ceil": math.ceil,
    "aten::floor": math.floor,
    "aten::sqrt": math.sqrt,
    "aten::format": lambda text, *values: text.format(*values),
    "prim::min": min,
    "prim::max": max,
}

#: Conversions that also take a tensor of one element.
CONVERSIONS = {
    "aten::Int": int,
    "aten::IntImplicit": int,
    "aten::Float": float,
    "aten::FloatImplicit": float,
    "aten::Bool": bool,
    "aten::ScalarImplicit": lambda tensor: tensor.item(),
    "aten::item": lambda tensor: tensor.item(),
    "prim::NumToTensor": torch.tensor,
}

#: Questions about a tensor whose answer does not depend on its elements.
QUESTIONS = {
    "aten::size": lambda tensor, *dim: tensor.size(*dim) if dim else list(tensor.size()),
    "aten::stride": lambda tensor, *dim: tensor.stride(*dim) if dim else list(tensor.stride()),
    "aten::dim": lambda tensor: tensor.dim(),
    "aten::len": len,
    "aten::numel": lambda tensor: tensor.numel(),
    "aten::is_floating_point": lambda tensor: tensor.is_floating_point(),
    "aten::is_complex": lambda tensor: tensor.is_complex(),
    "aten::is_contiguous": lambda tensor, *_: tensor.is_contiguous(),
    "aten::q_scale": lambda tensor: tensor.q_scale(),
    "aten::q_zero_point": lambda tensor: tensor.q_zero_point(),
    "aten::__is__": lambda a, b: a is b,
    "aten::__isnot__": lambda a, b: a is not b,
    "prim::dtype": lambda tensor: SCALAR_TYPES[tensor.dtype],
    "prim::device": lambda tensor: tensor.device,
    "prim::layout": lambda tensor: tensor.layout,
    "prim::is_quantized": lambda tensor: tensor.is_quantized,
    "prim::is_cuda": lambda tensor: tensor.is_cuda,
    "prim::requires_grad": lambda tensor: False,
}


def schema_of(node):
    """The node's FunctionSchema, or None (prim:: nodes have none)."""
    try:
        text = node.schema()
    except RuntimeError:
        return None
    for schema in torch._C._jit_get_schemas_for_operator(node.kind()):
        if str(schema) == text:
            return schema
    return None


def run(kind, schema, arguments):
    """Runs torch's operator `kind` on the arguments, which are in the schema's order."""
    function, _ = torch._C._jit_get_operation(kind)
    positional = [v for v, spec in zip(arguments, schema.arguments) if not spec.kwarg_only]
    named = {spec.name: v for v, spec in zip(arguments, schema.arguments) if spec.kwarg_only}
    with torch.no_grad():
        return function(*positional, **named)
