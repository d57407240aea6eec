"""From a module to inlined, frozen TorchScript graphs, one per batch size, leaving the module as it was."""

import contextlib
import inspect
import warnings
from dataclasses import dataclass
from typing import List

import torch
from torch.overrides import TorchFunctionMode

from octet.exporter import location
from octet.exporter.errors import ExportError

#: Ways in which Python code takes a tensor's value into its own hands.
_LEAKS = {
    getattr(torch.Tensor, name)
    for name in ("__bool__", "__int__", "__float__", "__index__", "__complex__", "item", "tolist", "numpy")
}
#: Graph nodes that give a shape or an attribute of the module, whatever the data.
_DATA_FREE = {"aten::size", "aten::numel", "aten::dim", "prim::GetAttr", "prim::TracedAttr", "prim::Constant"}


@dataclass
class Capture:
    """Graphs of the two runs (one and the same for TorchScript modules) and what forward calls its parameters."""

    graph_a: torch.Graph
    graph_b: torch.Graph
    parameters: List[str]
    defaults: dict


def _depends_on_data(tensor):
    """Is the traced `tensor` computed from an input's elements, not only from its shape?"""
    try:
        pending = [torch._C._get_value_trace(tensor)]
    except RuntimeError:
        return False
    seen = set()
    while pending:
        value = pending.pop()
        if value is None or value.unique() in seen:
            continue
        seen.add(value.unique())
        node = value.node()
        if node.kind() == "prim::Param":
            return True
        if node.kind() not in _DATA_FREE:
            pending.extend(node.inputs())
    return False


class _NoDataDependence(TorchFunctionMode):
    """Refuses Python control flow on data while tracing, which would freeze one branch into the file unseen."""

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        if function in _LEAKS and arguments and _depends_on_data(arguments[0]):
            raise ExportError(
                f"Python code looks at the value of a tensor that depends on the input ({function.__name__}); "
                "such control flow cannot be exported",
                location=location.of_caller(),
            )
        return function(*arguments, **(keywords or {}))


@contextlib.contextmanager
def eval_mode(model):
    """The model in eval mode inside, every submodule's flag as before afterwards."""
    flags = [(module, module.training) for module in model.modules() if hasattr(module, "training")]
    changed = [(module, flag) for module, flag in flags if flag]
    for module, _ in changed:
        module.training = False
    try:
        yield
    finally:
        for module, flag in changed:
            module.training = flag


def _frozen_graph(module):
    """The graph of a ScriptModule, its attributes constants and its calls inlined. The module is not changed."""
    if hasattr(module, "training"):
        module = torch.jit.freeze(module, optimize_numerics=False)
    graph = module.graph.copy()
    torch._C._jit_pass_inline(graph)
    return graph


def _trace(model, examples):
    try:
        with _NoDataDependence():
            traced = torch.jit.trace(model, tuple(examples), check_trace=False, strict=False)
    except ExportError:
        raise
    except Exception as error:
        rows = examples[0].shape[0] if examples[0].dim() else 0
        raise ExportError(
            f"forward fails with a batch of {rows} made of the example's rows: {error}. "
            "(A model for one batch size only can be exported with fixed_batch=True.)"
        ) from error
    with eval_mode(traced):
        return _frozen_graph(traced)


def _signature(model):
    """(names, {name: default}) of forward's positional parameters; a lone name ending in `*` takes the rest."""
    names, defaults = [], {}
    for parameter in inspect.signature(model.forward).parameters.values():
        if parameter.kind == inspect.Parameter.VAR_POSITIONAL:
            names.append(parameter.name + "*")
        elif parameter.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
            if parameter.default is not inspect.Parameter.empty:
                defaults[parameter.name] = parameter.default
    return names, defaults


def parameters_of(model):
    """(names, {name: default}) of what the model's forward takes."""
    if isinstance(model, torch.jit.ScriptModule):
        arguments = model.forward.schema.arguments[1:]
        defaults = {a.name: a.default_value for a in arguments if a.has_default_value()}
        return [argument.name for argument in arguments], defaults
    return _signature(model)


def capture(model, names, defaults, examples_a, examples_b):
    """Graphs of `model` for two lists of example tensors, which belong to the parameters `names`."""
    with warnings.catch_warnings(), eval_mode(model), torch.no_grad():
        warnings.simplefilter("ignore")
        if isinstance(model, torch.jit.ScriptModule):
            graph_a = graph_b = _frozen_graph(model)
        else:
            graph_a = _trace(model, examples_a)
            graph_b = graph_a if examples_b is examples_a else _trace(model, examples_b)
    return Capture(graph_a, graph_b, names, defaults)
