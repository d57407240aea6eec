"""octet.export, the part that needs torch: examples -> graphs -> walk -> file."""

import torch

from octet.exporter.builder import DTYPES, Builder
from octet.exporter.capture import capture, parameters_of
from octet.exporter.errors import ExportError
from octet.exporter.values import Activation, Known, Mapping, Sequence
from octet.exporter.walker import Walker
from octet.format import save
from octet.version import __version__

#: Batch sizes of the two runs. That they differ is what matters; neither is 1, which broadcasts and squeezes.
_BATCHES = (2, 5)


def _examples(example_inputs, parameters, defaults):
    """[(input name, example tensor)] in the order of forward's parameters."""
    if isinstance(example_inputs, torch.Tensor):
        example_inputs = (example_inputs,)
    if isinstance(example_inputs, dict):
        unknown = [name for name in example_inputs if name not in parameters]
        if unknown:
            raise ExportError(f"forward has no parameter {unknown[0]!r}; it has {', '.join(parameters)}")
        pairs = [(name, example_inputs[name]) for name in parameters if name in example_inputs]
        given = [name for name, _ in pairs]
        if given != parameters[: len(given)]:
            missing = next(name for name in parameters if name not in given)
            raise ExportError(f"no example for forward's parameter {missing!r}, which precedes one that has")
    else:
        values = list(example_inputs)
        names = list(parameters)
        if names and names[-1].endswith("*"):
            rest, first = names.pop()[:-1], len(names)
            names += [f"{rest}_{index}" for index in range(len(values) - first)]
        if len(values) > len(names):
            raise ExportError(f"{len(values)} example inputs, but forward takes {len(names)}")
        pairs = list(zip(names, values))
    for name in parameters[len(pairs) :]:
        if name not in defaults and not name.endswith("*"):
            raise ExportError(f"no example for forward's parameter {name!r}")
    for name, value in pairs:
        if not isinstance(value, torch.Tensor):
            raise ExportError(f"the example for {name!r} is {type(value).__name__}, not a tensor")
        if value.dtype not in DTYPES:
            raise ExportError(f"the example for {name!r} has dtype {value.dtype}, which is not supported")
    if not pairs:
        raise ExportError("a model needs at least one input")
    return pairs


def _rows(tensor, count):
    """`count` rows made of the tensor's rows in turn."""
    return tensor.detach()[torch.arange(count) % tensor.shape[0]].contiguous()


def _batches(pairs, fixed_batch):
    """The examples of the two runs; one and the same list when the batch size is fixed."""
    tensors = [tensor.detach().clone() for _, tensor in pairs]
    if fixed_batch:
        return tensors, tensors
    sizes = {tensor.shape[0] if tensor.dim() else 0 for tensor in tensors}
    if len(sizes) != 1 or 0 in sizes:
        shapes = ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in pairs)
        raise ExportError(f"dimension 0 of every input must be the batch, of one size and not empty: {shapes}")
    return tuple([_rows(tensor, size) for tensor in tensors] for size in _BATCHES)


def _outputs(value, name="output"):
    """[(public name, value)] of what forward returned."""
    if isinstance(value, Mapping):
        return [pair for key, item in value.items.items() for pair in _outputs(item, str(key))]
    if isinstance(value, Sequence):
        return [pair for index, item in enumerate(value.items) for pair in _outputs(item, f"{name}_{index}")]
    if isinstance(value, Known) and not isinstance(value.a, torch.Tensor):
        raise ExportError(f"output {name!r} is {type(value.a).__name__}, not a tensor")
    if isinstance(value, Known) and value.batch:
        raise ExportError(f"output {name!r} depends on the batch size but on no input's data")
    if isinstance(value, Activation) and value.stale:
        raise ExportError(f"output {name!r} shares memory that was changed in place at {value.stale}")
    return [(name, value)]


def _bind_inputs(walker, captured, names, examples_a, examples_b, fixed_batch):
    """Gives the graphs' inputs, after the module itself, their meaning: the examples, then forward's defaults."""
    inputs_a, inputs_b = list(captured.graph_a.inputs()), list(captured.graph_b.inputs())
    for index, (value_a, value_b) in enumerate(zip(inputs_a[1:], inputs_b[1:])):
        if index >= len(examples_a):
            default = captured.defaults[captured.parameters[index]]
            walker.bind(value_a, value_b, Known(default, default))
            continue
        tensor, other = examples_a[index], examples_b[index]
        shape = list(tensor.shape) if fixed_batch else ["N"] + list(tensor.shape[1:])
        name = walker.builder.input(names[index], tensor, shape)
        walker.bind(value_a, value_b, walker.activation(tensor, other, name))


def export_model(model, example_inputs, path, labels, input_names, output_names, fixed_batch):
    """See octet.export."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"expected a torch.nn.Module or a ScriptModule, not {type(model).__name__}")
    parameters, defaults = parameters_of(model)
    pairs = _examples(example_inputs, parameters, defaults)
    names = list(input_names) if input_names is not None else [name for name, _ in pairs]
    if len(names) != len(pairs):
        raise ExportError(f"{len(names)} input names for {len(pairs)} inputs")

    examples_a, examples_b = _batches(pairs, fixed_batch)
    captured = capture(model, parameters, defaults, examples_a, examples_b)
    builder = Builder()
    walker = Walker(builder)
    with torch.no_grad():
        _bind_inputs(walker, captured, names, examples_a, examples_b, fixed_batch)
        (returned,) = walker.walk(captured.graph_a, captured.graph_b)
    outputs = _outputs(returned)
    public = list(output_names) if output_names is not None else [name for name, _ in outputs]
    if len(public) != len(outputs):
        raise ExportError(f"{len(public)} output names for {len(outputs)} outputs")
    shown = []
    for name, (_, value) in zip(public, outputs):
        shown.append((name, value.name if isinstance(value, Activation) else builder.constant(value.a, name)))
    result = builder.model(shown, labels, f"octet {__version__}, torch {torch.__version__}")
    if path is not None:
        save(result, path)
    return result
