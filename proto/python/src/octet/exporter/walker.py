"""Walks two TorchScript graphs of one model in step, folds what no data changes, and emits the rest."""

import weakref

import torch

from octet.exporter import folding, location, operators
from octet.exporter.errors import ExportError
from octet.exporter.values import (
    Activation,
    Known,
    Mapping,
    Sequence,
    activations,
    concrete,
    depends_on_batch,
    wrap,
)

_SIDES = ("a", "b")


def _storage(tensor):
    return tensor.untyped_storage().data_ptr()


def _return_node(block):
    """The node that ends a Graph or a Block; torch spells it in two ways."""
    return block.return_node() if isinstance(block, torch.Graph) else block.returnNode()


class Walker:
    def __init__(self, builder):
        self.builder = builder
        self._env = {"a": {}, "b": {}}
        self._uses = {"a": {}, "b": {}}
        self._live = weakref.WeakSet()

    # ------------------------------------------------------------------------------------------------- values

    def bind(self, value_a, value_b, value):
        """Gives the graphs' values `value_a` and `value_b` the meaning `value`."""
        self._set("a", value_a, value)
        self._set("b", value_b, value)

    def _set(self, side, graph_value, value):
        """Remembers `value` until its last use, so that examples' tensors do not pile up."""
        uses = len(list(graph_value.uses()))
        if uses:
            self._env[side][graph_value.unique()] = value
            self._uses[side][graph_value.unique()] = uses

    def _get(self, side, graph_value):
        key = graph_value.unique()
        value = self._env[side][key]
        self._uses[side][key] -= 1
        if self._uses[side][key] == 0:
            del self._env[side][key], self._uses[side][key]
        return value

    def activation(self, a, b, name):
        value = Activation(a, b, name)
        self._live.add(value)
        return value

    def _resolve(self, node, value_a, value_b):
        a, b = self._get("a", value_a), self._get("b", value_b)
        if a is b:
            found = a
        elif isinstance(a, Known) and isinstance(b, Known):
            found = Known(a.a, b.b, a.batch or b.batch)
        elif isinstance(a, Sequence) and isinstance(b, Sequence) and not any(activations([a, b])):
            found = wrap(concrete(a, "a"), concrete(b, "b"))
        else:
            raise self._structure(node)
        for part in activations([found]):
            if part.stale:
                raise self._error(node, f"reads memory that was changed in place at {part.stale}")
        return found

    def _error(self, node, message):
        kind = node.kind()
        return ExportError(f"{kind}: {message}", op=kind, location=location.of_node(node))

    def _structure(self, node):
        return self._error(node, "what the model computes changes with the batch size")

    # -------------------------------------------------------------------------------------------------- graph

    def walk(self, block_a, block_b):
        """Walks the nodes of two blocks (or graphs); returns the values they return."""
        nodes = {}
        for side, block in zip(_SIDES, (block_a, block_b)):
            nodes[side] = []
            for node in block.nodes():
                if node.kind() == "prim::Constant":
                    self._constant(side, node)
                else:
                    nodes[side].append(node)
        if len(nodes["a"]) != len(nodes["b"]):
            mine = nodes["a"] if len(nodes["a"]) > len(nodes["b"]) else nodes["b"]
            for node_a, node_b in zip(nodes["a"], nodes["b"]):
                if node_a.kind() != node_b.kind():
                    mine = [node_a]
                    break
            raise self._structure(mine[-1])
        for node_a, node_b in zip(nodes["a"], nodes["b"]):
            self._node(node_a, node_b)
        last_a, last_b = _return_node(block_a), _return_node(block_b)
        return [self._resolve(last_a, x, y) for x, y in zip(last_a.inputs(), last_b.inputs())]

    def _constant(self, side, node):
        output = node.output()
        found = output.toIValue()
        self._set(side, output, wrap(found, found))

    def _node(self, node_a, node_b):
        kind = node_a.kind()
        if kind != node_b.kind() or node_a.outputsSize() != node_b.outputsSize():
            raise self._structure(node_a)
        if kind == "prim::If":
            self._if(node_a, node_b)
            return
        if kind == "prim::GetAttr":
            name = node_a.s("name")
            raise self._error(node_a, f"attribute {name!r} is changed by forward, or was kept out of freezing")
        inputs = [self._resolve(node_a, x, y) for x, y in zip(node_a.inputs(), node_b.inputs())]
        results = self._evaluate(node_a, kind, inputs)
        outputs = list(zip(node_a.outputs(), node_b.outputs()))
        if len(outputs) != len(results):
            raise self._error(node_a, f"gives {len(results)} results where the graph has {len(outputs)}")
        for (value_a, value_b), result in zip(outputs, results):
            self.bind(value_a, value_b, result)

    def _if(self, node_a, node_b):
        condition = self._resolve(node_a, node_a.input(), node_b.input())
        if not isinstance(condition, Known):
            raise self._error(node_a, "a branch that depends on the data cannot be exported")
        if bool(condition.a) != bool(condition.b):
            raise self._structure(node_a)
        taken, other = (0, 1) if condition.a else (1, 0)
        blocks_a, blocks_b = list(node_a.blocks()), list(node_b.blocks())
        if condition.batch and not any(n.kind() == "prim::RaiseException" for n in blocks_a[other].nodes()):
            raise self._structure(node_a)
        results = self.walk(blocks_a[taken], blocks_b[taken])
        for value_a, value_b, result in zip(node_a.outputs(), node_b.outputs(), results):
            self.bind(value_a, value_b, result)

    # -------------------------------------------------------------------------------------------------- nodes

    def _evaluate(self, node, kind, inputs):
        """The node's results, one per output."""
        if kind == "prim::ListConstruct":
            return [Sequence(inputs, list)]
        if kind == "prim::TupleConstruct":
            return [Sequence(inputs, tuple)]
        if kind == "prim::DictConstruct":
            return [Mapping({self._fixed(node, key): value for key, value in zip(inputs[::2], inputs[1::2])})]
        if kind in ("prim::TupleUnpack", "prim::ListUnpack") and isinstance(inputs[0], Sequence):
            return inputs[0].items
        if kind in ("prim::TupleIndex", "aten::__getitem__") and isinstance(inputs[0], Sequence):
            return [self._item(node, inputs)]
        if kind == "aten::__getitem__" and isinstance(inputs[0], Mapping):
            return [inputs[0].items[self._fixed(node, inputs[1])]]
        if kind == "aten::append" and isinstance(inputs[0], Sequence):
            inputs[0].items.append(inputs[1])
            return [inputs[0]] * node.outputsSize()
        if kind == "aten::len" and isinstance(inputs[0], (Sequence, Mapping)):
            return [Known(len(inputs[0].items), len(inputs[0].items))]
        if kind == "prim::unchecked_cast":
            return [inputs[0]]
        if kind in ("aten::warn", "prim::Print"):
            return []
        if kind == "prim::Uninitialized":
            return [Known(None, None)]
        if kind == "prim::RaiseException":
            raise self._error(node, f"forward raises for the example: {concrete(inputs[0], 'a')}")
        if not any(activations(inputs)):
            return self._fold(node, kind, inputs)
        if kind in folding.QUESTIONS:
            return [self._question(node, kind, inputs)]
        return [self._operator(node, kind, inputs)]

    def _fixed(self, node, value):
        """A Python object that is the same in both runs."""
        if not isinstance(value, Known):
            raise self._error(node, "an argument depends on the data")
        if value.batch:
            raise self._error(node, "an argument depends on the batch size")
        return value.a

    def _item(self, node, inputs):
        index = self._fixed(node, inputs[1])
        try:
            return inputs[0].items[index]
        except IndexError:
            raise self._error(node, f"no item {index} in a list of {len(inputs[0].items)}") from None

    def _question(self, node, kind, inputs):
        if not isinstance(inputs[0], Activation):
            raise self._error(node, "asks about a list of tensors, which cannot be exported")
        answers = []
        for side in _SIDES:
            answers.append(folding.QUESTIONS[kind](*[concrete(value, side) for value in inputs]))
        return wrap(*answers, batch=depends_on_batch(inputs[1:]))

    def _fold(self, node, kind, inputs):
        """Computes a node without activations in both runs."""
        schema = folding.schema_of(node)
        found = []
        for side in _SIDES:
            arguments = [concrete(value, side) for value in inputs]
            has_tensor = any(isinstance(value, torch.Tensor) for value in arguments)
            try:
                if kind in folding.CONVERSIONS:
                    found.append(folding.CONVERSIONS[kind](*arguments))
                elif kind in folding.SCALARS and not has_tensor:
                    found.append(folding.SCALARS[kind](*arguments))
                elif kind == "aten::slice" and isinstance(arguments[0], list):
                    found.append(arguments[0][slice(*arguments[1:])])
                elif schema is not None:
                    found.append(folding.run(kind, schema, arguments))
                else:
                    raise self._unsupported(node, kind)
            except ExportError:
                raise
            except Exception as error:
                raise self._error(node, f"cannot be computed while exporting: {error}") from error
        if node.outputsSize() == 0:
            return []
        batch = depends_on_batch(inputs)
        if node.outputsSize() == 1:
            return [wrap(found[0], found[1], batch)]
        return [wrap(a, b, batch) for a, b in zip(*found)]

    def _unsupported(self, node, kind):
        if kind.startswith("prim::") and any(True for _ in node.blocks()):
            return self._error(node, "this control flow cannot be exported")
        names = ", ".join(sorted(operators.RULES))
        return self._error(node, f"operator not supported. Supported: {names}")

    # ---------------------------------------------------------------------------------------------- operators

    def _operator(self, node, kind, inputs):
        """An operator on activations: left out when it changes nothing, else emitted."""
        schema = folding.schema_of(node)
        plain = kind[:-1] if kind.endswith("_") and not kind.endswith("__") else kind
        rule = operators.RULES.get(plain)
        if schema is None or (rule is None and plain not in operators.IDENTITIES):
            raise self._unsupported(node, kind)
        names = [argument.name for argument in schema.arguments]
        arguments = dict(zip(names, inputs))
        results = [self._run(node, plain, kind, schema, inputs, side) for side in _SIDES]
        call = operators.Call(self, node, plain, arguments, *results)
        if plain in operators.IDENTITIES:
            return self._identity(call, inputs[0])
        if any(result.dtype not in operators.RESULT_DTYPES for result in results):
            raise self._error(node, f"gives {results[0].dtype}; Octet computes in float32, quint8 and qint8")
        name = rule(call)
        in_place = plain != kind or ("inplace" in arguments and self._fixed(node, arguments["inplace"]))
        if in_place and isinstance(inputs[0], Activation):
            return self._replace(node, inputs[0], results, name)
        return self.activation(*results, name)

    def _run(self, node, plain, kind, schema, inputs, side):
        arguments = [concrete(value, side) for value in inputs]
        for position, argument in enumerate(schema.arguments):
            if argument.name == "inplace":
                arguments[position] = False
        try:
            result = folding.run(plain if plain != kind else kind, schema, arguments)
        except Exception as error:
            raise self._error(node, f"fails when the batch differs from the example's: {error}") from error
        return result[0] if isinstance(result, (tuple, list)) else result

    def _identity(self, call, source):
        """The same values: the same tensor when torch shares its memory, else a copy under the same name."""
        operators.check_identity(call)
        if call.a.dtype != source.a.dtype:
            raise call.error(f"converts {source.a.dtype} to {call.a.dtype}, which is not supported")
        if call.a.data_ptr() == source.a.data_ptr() and call.a.shape == source.a.shape:
            return source
        return self.activation(call.a, call.b, source.name)

    def _replace(self, node, target, results, name):
        """`target` now is what the in-place operator made of it, under every name it has in the graph."""
        changed = _storage(target.a)
        for other in self._live:
            if other is not target and _storage(other.a) == changed:
                other.stale = location.of_node(node)
        target.a, target.b = results
        target.name = name
        return target
